package org.reverie.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.diffusion.Guidance;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.diffusion.Scheduler;
import org.reverie.diffusion.TimeGrid;
import org.reverie.models.clip.ClipTextConfig;
import org.reverie.models.clip.ClipTextEncoder;
import org.reverie.models.stablediffusion.Autoencoder;
import org.reverie.models.stablediffusion.AutoencoderConfig;
import org.reverie.models.stablediffusion.DiffusionUNet;
import org.reverie.models.stablediffusion.TextToImage;
import org.reverie.models.stablediffusion.UNetConfig;
import org.reverie.nn.Initializer;
import org.reverie.nn.Module;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The parts of Stable Diffusion 1 and a whole picture, on any device. Every call ends with the result on the host, so that
 * devices that work behind the caller's back are timed to the end. Weights are random: time does not depend on them.
 */
public class StableDiffusionBench extends CpuBench {
    @State(org.openjdk.jmh.annotations.Scope.Benchmark)
    public static class Model {
        /** As on the command line; {@code -p device=cuda:0}, for example. */
        @Param("cpu")
        public String device;

        /** Threads of the device cpu. */
        @Param({"1", "2"})
        public int threads;

        /** Side of the picture in pixels. */
        @Param({"64", "512"})
        @Short("64")
        public int pixels;

        /** Part of Stable Diffusion's width: 1 is the real one, which needs 8 GB. */
        @Param("5")
        public int narrower;

        /** Of a picture; the time of a longer way follows from the network's. */
        @Param("2")
        public int steps;

        private Backend backend;
        private Scope scope;
        private DiffusionUNet unet;
        private Autoencoder autoencoder;
        private ClipTextEncoder text;
        private Tensor latents;
        private Tensor times;
        private Tensor context;
        private Tensor words;
        private final Map<Object, Cost> costs = new LinkedHashMap<>();

        @Setup(Level.Trial)
        public void open() {
            backend = Devices.open(device, new BackendOptions(0, device.equals("cpu") ? threads : 0));
            scope = Scope.detached();
            scope.within(() -> {
                make();
                return null;
            });
        }

        private void make() {
            ClipTextConfig full = ClipTextConfig.VIT_L_14;
            int width = narrower == 1 ? full.width() : 64 * Math.ceilDiv(full.width(), 64 * narrower);
            Initializer init = Initializer.undefined(backend);
            text = filled(new ClipTextEncoder(
                    init, new ClipTextConfig(full.vocabulary(), full.positions(), width, full.layers(), 4 * width)));
            unet = filled(new DiffusionUNet(init, UNetConfig.ofWidth(320 / narrower, width)));
            int vae = 32 * Math.max(1, 4 / narrower);
            autoencoder = filled(new Autoencoder(init, AutoencoderConfig.ofWidth(vae)));
            latents = new Sampler(TextToImage.SCHEDULE, null, Prediction.EPSILON, 1)
                    .start(backend, Shape.of(1, pixels / 8, pixels / 8, 4));
            times = Tensor.from(backend, HostTensor.of(Shape.of(1), new int[] {500}));
            int[] ids = new int[full.positions()];
            Arrays.setAll(ids, i -> Philox.below(1, 1, i, full.vocabulary()));
            words = Tensor.from(backend, HostTensor.of(Shape.of(1, ids.length), ids));
            context = text.apply(words);
        }

        private static <M extends Module> M filled(M module) {
            Map<String, Shape> shapes = new LinkedHashMap<>();
            module.named()
                    .forEach((name, p) ->
                            shapes.put(name, p.layout().toFile(p.value().shape())));
            module.load("random weights", RandomWeights.of(shapes), name -> false);
            return module;
        }

        private void run(Object which, Supplier<Tensor> body, Work work) {
            Cost cost = costs.computeIfAbsent(which, w -> Cost.of(body::get));
            try (Scope local = Scope.open()) {
                body.get().toHost();
            }
            work.add(cost);
        }

        private Tensor picture() {
            Tensor states = text.apply(words);
            Sampler sampler = new Sampler(
                    TextToImage.SCHEDULE, Guidance.of(unet::apply, states, states, 7.5), Prediction.EPSILON, 1);
            TimeGrid grid = TimeGrid.leading(TextToImage.SCHEDULE, steps);
            return autoencoder.decode(sampler.sample(latents, Scheduler.ddim(0), grid));
        }

        @TearDown(Level.Trial)
        public void close() {
            scope.close();
            backend.close();
        }
    }

    @Benchmark
    public void noise(Model m, Work work) {
        m.run("noise", () -> m.unet.apply(m.latents, m.times, m.context), work);
    }

    @Benchmark
    public void decode(Model m, Work work) {
        m.run("decode", () -> m.autoencoder.decode(m.latents), work);
    }

    @Benchmark
    public void text(Model m, Work work) {
        m.run("text", () -> m.text.apply(m.words), work);
    }

    @Benchmark
    public void picture(Model m, Work work) {
        m.run("picture", m::picture, work);
    }
}
