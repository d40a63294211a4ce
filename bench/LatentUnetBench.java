package org.reverie.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.bench.LibTorch.Form;
import org.reverie.models.latent.LatentConfig;
import org.reverie.models.stablediffusion.DiffusionUNet;
import org.reverie.models.stablediffusion.UNetConfig;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The noise predictor of a latent diffusion model, for one batch at one time step. */
public class LatentUnetBench extends CpuBench {
    /** Sizes of the network and its work. */
    public abstract static class Network extends Contest.Duel {
        private static final int TIME = 500;

        protected DiffusionUNet network;
        protected Tensor latents;
        protected Tensor times;
        protected Tensor context;
        protected Tensor waves;

        /** @param tokens of the text */
        protected final void make(UNetConfig config, int batch, int side, int tokens) {
            network = new DiffusionUNet(new Initializer(device, 1), config);
            Map<String, Shape> shapes = new LinkedHashMap<>();
            network.stateDict().forEach((name, t) -> shapes.put(name, t.shape()));
            network.load("random weights", RandomWeights.of(shapes), name -> false);
            latents = normal(batch, side, side, config.channels());
            long[] t = new long[batch];
            Arrays.fill(t, TIME);
            times = Tensor.from(device, HostTensor.of(Shape.of(batch), t));
            context = normal(batch, tokens, config.contextWidth());
            waves = DiffusionOps.timestepEmbedding(times, config.width(), true);
        }
    }

    public static class Prediction extends Network {
        /** The reduced setting's network on 64 latents, and Stable Diffusion's at a fifth of its width for 64² and 512² pixels. */
        @Param({"reduced", "fifth 8", "fifth 64"})
        @Short({"reduced", "fifth 8"})
        public String size;

        @Override
        protected void prepare() {
            if (size.equals("reduced")) {
                LatentConfig c = LatentConfig.of("mnist");
                make(c.unet(), 64, c.latentSide(), 5);
            } else {
                make(UNetConfig.ofWidth(64, 768), 1, Integer.parseInt(size.substring("fifth ".length())), 77);
            }
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {network.apply(latents, times, context)};
        }

        @Override
        protected double tolerance() {
            return 1e-3;
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return LibTorch.fastest(torch(engine, Form.PLAIN), torch(engine, Form.CHANNELS_LAST));
        }

        /** The embedding of time is the same for all steps and goes in ready. */
        private Rival torch(LibTorch engine, Form form) {
            String layout = form == Form.PLAIN ? ".contiguous()" : ".contiguous(memory_format=2)";
            List<HostTensor> in = new ArrayList<>(List.of(latents.toHost(), waves.toHost(), context.toHost()));
            List<String> prepared = new ArrayList<>();
            prepared.add("x[0].permute([0, 3, 1, 2])" + layout);
            prepared.add("x[1]");
            prepared.add("x[2]");
            Map<String, String> names = new LinkedHashMap<>();
            network.stateDict().forEach((name, t) -> {
                String argument = "x[" + in.size() + "]";
                names.put(name, argument);
                prepared.add(argument + (t.shape().rank() == 4 ? layout : ""));
                in.add(t);
            });
            return engine.job(in)
                    .form(form)
                    .prepare("return [" + String.join(",\n  ", prepared) + "]")
                    .finish("return [x[0].permute([0, 2, 3, 1]).contiguous()]")
                    .run(new TorchLatentUnet(network.config(), names).noise("x[0]", "x[1]", "x[2]", latents.dim(1)));
        }
    }

    @Benchmark
    public void noise(Prediction s, Work work) {
        s.run(work);
    }
}
