package org.reverie.bench;

import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.reverie.bench.LibTorch.Form;
import org.reverie.models.stablediffusion.DiffusionUNet;
import org.reverie.models.stablediffusion.UNetConfig;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Works of latent diffusion models, with random weights: time does not depend on them. */
public abstract class DiffusionContest extends Contest.Duel {
    /** Writes the work down for LibTorch. */
    protected abstract Rival torch(TorchCode code);

    @Override
    protected final Rival libtorch(LibTorch engine) {
        return LibTorch.fastest(Stream.of(Form.values())
                .map(form -> (Supplier<Rival>) () -> torch(new TorchCode(engine, form)))
                .toList());
    }

    @Override
    protected double tolerance() {
        return 1e-3;
    }

    /** The same time for all images of a batch, I32. */
    protected final Tensor times(int batch, int time) {
        int[] t = new int[batch];
        Arrays.fill(t, time);
        return Tensor.from(device, HostTensor.of(Shape.of(batch), t));
    }

    /** The noise that a U-Net predicts, for one batch at one time step. */
    public abstract static class Predicting extends DiffusionContest {
        private static final int TIME = 500;

        private DiffusionUNet network;
        private Tensor latents;
        private Tensor times;
        private Tensor context;
        private Tensor waves;

        /**
         * @param side of the latent images
         * @param tokens of the text
         * @return the network
         */
        protected final DiffusionUNet make(UNetConfig config, int batch, int side, int tokens) {
            network = RandomWeights.into(new DiffusionUNet(Initializer.undefined(device), config));
            latents = normal(batch, side, side, config.channels());
            times = times(batch, TIME);
            context = normal(batch, tokens, config.contextWidth());
            waves = DiffusionOps.timestepEmbedding(times, config.width(), true);
            return network;
        }

        @Override
        protected final Tensor[] work() {
            return new Tensor[] {network.apply(latents, times, context)};
        }

        /** The embedding of time is the same for all steps and goes in ready. */
        @Override
        protected final Rival torch(TorchCode code) {
            return code.returning(new TorchDiffusion(code)
                    .predictor(network)
                    .noise(code.images(latents), code.input(waves), code.input(context)));
        }
    }
}
