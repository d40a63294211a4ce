package org.reverie.bench;

import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Param;
import org.reverie.bench.Plan.Value;
import org.reverie.device.spec.DdimSpec;
import org.reverie.diffusion.Denoiser;
import org.reverie.diffusion.Guidance;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.diffusion.Scheduler;
import org.reverie.diffusion.Steps;
import org.reverie.diffusion.TimeGrid;
import org.reverie.models.clip.ClipTextConfig;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.models.stablediffusion.Autoencoder;
import org.reverie.models.stablediffusion.AutoencoderConfig;
import org.reverie.models.stablediffusion.DiffusionUNet;
import org.reverie.models.stablediffusion.TextToImage;
import org.reverie.models.stablediffusion.UNetConfig;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The parts of Stable Diffusion 1 and a whole picture. Text encoder and autoencoder have their real size; the U-Net's width 320
 * is the real one, whose weights take 3.4 GB, and beside LibTorch up to three times that. Java's own memory is held small: weights
 * pass through it one by one.
 */
@Fork(value = 1, jvmArgsAppend = "-Xmx3g")
public class StableDiffusionBench extends CpuBench {
    private static final int TOKENS = ClipTextConfig.VIT_L_14.positions();
    private static final int FACTOR = AutoencoderConfig.STABLE_DIFFUSION_1.factor();

    private static ClipTextEncoder text(Device device) {
        return RandomWeights.into(new ClipTextEncoder(Initializer.undefined(device), ClipTextConfig.VIT_L_14));
    }

    private static Tensor words(Device device) {
        int[] ids = new int[TOKENS];
        Arrays.setAll(ids, i -> Philox.below(1, 1, i, ClipTextConfig.VIT_L_14.vocabulary()));
        return Tensor.from(device, HostTensor.of(Shape.of(1, TOKENS), ids));
    }

    private static Autoencoder autoencoder(Device device) {
        return RandomWeights.into(new Autoencoder(Initializer.undefined(device), AutoencoderConfig.STABLE_DIFFUSION_1));
    }

    private static UNetConfig unet(int width) {
        return UNetConfig.ofWidth(width, ClipTextConfig.VIT_L_14.width());
    }

    /** The states of one prompt. */
    public static class Text extends DiffusionContest {
        private ClipTextEncoder network;
        private Tensor words;

        @Override
        protected void prepare() {
            network = text(device);
            words = words(device);
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {network.apply(words)};
        }

        @Override
        protected Rival torch(TorchCode code) {
            return code.returning(new TorchDiffusion(code).encoder(network).states(code.input(words)));
        }
    }

    /** The noise in one image at one time step. A step with guidance asks for two. */
    public static class Noise extends DiffusionContest.Predicting {
        /** Side of the picture. */
        @Param({"64", "512"})
        @Short("64")
        public int pixels;

        /** Of the U-Net. */
        @Param({"64", "320"})
        @Short("64")
        public int width;

        @Override
        protected void prepare() {
            make(unet(width), 1, pixels / FACTOR, TOKENS);
        }
    }

    /** From one latent image to the picture. */
    public static class Decoding extends DiffusionContest {
        /** Side of the picture. */
        @Param({"64", "512"})
        @Short("64")
        public int pixels;

        private Autoencoder network;
        private Tensor latents;

        @Override
        protected void prepare() {
            network = autoencoder(device);
            latents =
                    normal(1, pixels / FACTOR, pixels / FACTOR, network.config().latentChannels());
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {network.decode(latents)};
        }

        @Override
        protected Rival torch(TorchCode code) {
            return code.returning(new TorchDiffusion(code).decoded(network, code.images(latents)));
        }
    }

    /** From the ids of a prompt to the picture, by DDIM with guidance. */
    public static class Picture extends DiffusionContest {
        private static final double GUIDANCE = 7.5;

        /** Side of the picture. */
        @Param({"64", "512"})
        @Short("64")
        public int pixels;

        /** Of the U-Net. */
        @Param({"64", "320"})
        @Short("64")
        public int width;

        /** The time of more steps follows from that of a prediction. */
        @Param("2")
        public int steps;

        private ClipTextEncoder text;
        private DiffusionUNet unet;
        private Autoencoder autoencoder;
        private TimeGrid grid;
        private Tensor words;
        private Tensor latents;
        private Tensor[] waves;

        @Override
        protected void prepare() {
            text = text(device);
            unet = RandomWeights.into(new DiffusionUNet(Initializer.undefined(device), unet(width)));
            autoencoder = autoencoder(device);
            grid = TimeGrid.leading(TextToImage.SCHEDULE, steps);
            words = words(device);
            latents = sampler(null)
                    .start(
                            device,
                            Shape.of(
                                    1,
                                    pixels / FACTOR,
                                    pixels / FACTOR,
                                    unet.config().channels()));
            waves = new Tensor[steps];
            Arrays.setAll(waves, i -> DiffusionOps.timestepEmbedding(times(2, grid.at(i)), width, true));
        }

        private static Sampler sampler(Denoiser network) {
            return new Sampler(TextToImage.SCHEDULE, network, Prediction.EPSILON, 1);
        }

        /** What to stay away from is the prompt too, so that a rival's rounding is not blown up by the guidance. */
        @Override
        protected Tensor[] work() {
            Denoiser guided = Guidance.of(unet::apply, text.apply(words), text.apply(words), GUIDANCE);
            Tensor z = sampler(guided).sample(latents, Scheduler.ddim(0), grid);
            return new Tensor[] {autoencoder.decode(z)};
        }

        @Override
        protected Rival torch(TorchCode code) {
            TorchDiffusion networks = new TorchDiffusion(code);
            TorchDiffusion.Predictor predictor = networks.predictor(unet);
            String ids = code.input(words);
            TorchDiffusion.Encoder encoder = networks.encoder(text);
            String both = code.let("torch.cat([%s, %s])", encoder.states(ids), encoder.states(ids));
            Value z = code.images(latents);
            for (int i = 0; i < steps; i++) {
                String twice = code.let("torch.cat([%1$s, %1$s])", z.name());
                Value two = new Value(twice, 2, z.channels(), z.height(), z.width());
                String noise = predictor.noise(two, code.input(waves[i]), both).name();
                String u = code.let("torch.slice(%s, 0, 0, 1)", noise);
                String c = code.let("torch.slice(%s, 0, 1, 2)", noise);
                String epsilon = code.let("torch.add(%1$s, torch.sub(%2$s, %1$s), alpha=%3$s)", u, c, GUIDANCE);
                DdimSpec step = Steps.ddim(TextToImage.SCHEDULE, Prediction.EPSILON, grid.at(i), grid.at(i + 1), 0);
                z = code.like(
                        z,
                        "torch.add(torch.mul(%s, %s), %s, alpha=%s)",
                        z.name(),
                        step.signal(),
                        epsilon,
                        step.prediction());
            }
            return code.returning(networks.decoded(autoencoder, z));
        }

        /** Part by part, for while it is counted nothing is freed. */
        @Override
        protected Cost cost() {
            try (Scope scope = Scope.open()) {
                return counted();
            }
        }

        private Cost counted() {
            Tensor two = Shaping.concat(0, latents, latents);
            Tensor states = text.apply(words);
            Tensor both = Shaping.concat(0, states, states);
            Cost prompt = Cost.of(() -> text.apply(words));
            Cost step = Cost.of(() -> unet.apply(two, times(2, grid.at(0)), both));
            Cost end = Cost.of(() -> autoencoder.decode(latents));
            return end.plus(2 * prompt.flop() + steps * step.flop(), 2 * prompt.bytes() + steps * step.bytes());
        }
    }

    @Benchmark
    public void text(Text s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void noise(Noise s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void decode(Decoding s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void picture(Picture s, Work work) {
        s.run(work);
    }
}
