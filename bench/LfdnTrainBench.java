package org.reverie.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.autograd.Tape;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.device.spec.TimestepSpec;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.Schedules;
import org.reverie.ood.dlsr.TrainConfig;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Ema;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * One step of LFDN training on a batch that is on the device already: noise, forward, gradients, AdamW, moving average.
 */
public class LfdnTrainBench extends CpuBench {
    public static class Training extends Contest.Duel {
        private static final TrainConfig CONFIG = TrainConfig.paper(1);

        /** After so many steps the check compares loss, gradients and averages, so that it sees what the optimiser did. */
        private static final int STEPS_BEFORE_CHECK = 2;

        private static final List<String> CHECKED = List.of("out.2.weight", "res_blocks.1.in_layers.2.weight");

        @Param("128")
        public int batch;

        /** Features × width × time width × blocks: the paper's size, and a small one. */
        @Param({"720x1440x720x16", "480x512x256x6"})
        public String size;

        private LfdnConfig config;
        private Lfdn network;
        private AdamW optimizer;
        private Ema average;
        private Tensor features;
        private Tensor noise;
        private Tensor times;
        private Tensor sqrtAlphaBar;
        private Tensor sqrtOneMinusAlphaBar;

        @Override
        protected void prepare() {
            int[] s = sizes(size);
            config = new LfdnConfig(s[0], s[1], s[2], s[3]);
            network = new Lfdn(new Initializer(device, CONFIG.seed()), config);
            Map<String, Shape> shapes = new LinkedHashMap<>();
            network.stateDict().forEach((name, t) -> shapes.put(name, t.shape()));
            network.load("random weights", RandomWeights.of(shapes), n -> false);
            optimizer = new AdamW(
                    network.parameters(), AdamWConfig.of(CONFIG.learningRate()).withWeightDecay(CONFIG.weightDecay()));
            average = new Ema(network.parameters(), CONFIG.emaDecay(), false);
            features = normal(batch, s[0]);
            noise = normal(batch, s[0]);
            long[] t = LongStream.range(0, batch).map(i -> i % Schedules.STEPS).toArray();
            times = Tensor.from(device, HostTensor.of(Shape.of(batch), t));
            sqrtAlphaBar = Schedules.dlsr().sqrtAlphaBar(device);
            sqrtOneMinusAlphaBar = Schedules.dlsr().sqrtOneMinusAlphaBar(device);
        }

        @Override
        protected Tensor[] work() {
            Tensor noisy = DiffusionOps.qSample(features, noise, times, sqrtAlphaBar, sqrtOneMinusAlphaBar);
            List<Tensor> parameters = network.parameters();
            List<String> names = names();
            try (Tape tape = Tape.watch(parameters)) {
                Tensor loss = Losses.mse(network.apply(noisy, times), features);
                List<Tensor> gradients = tape.gradients(loss, parameters);
                optimizer.step(gradients);
                average.update();
                List<Tensor> results = new ArrayList<>();
                results.add(Tape.paused(() -> Pointwise.scale(loss, 1))); // the tape frees the loss itself
                for (String name : CHECKED) {
                    int i = names.indexOf(name);
                    results.add(gradients.get(i));
                    results.add(average.averages().get(i));
                }
                return results.toArray(Tensor[]::new);
            }
        }

        private static AdamWConfig adam() {
            return AdamWConfig.of(CONFIG.learningRate()).withWeightDecay(CONFIG.weightDecay());
        }

        private List<String> names() {
            return new ArrayList<>(network.named().keySet());
        }

        @Override
        protected int runsBeforeCheck() {
            return STEPS_BEFORE_CHECK;
        }

        @Override
        protected double tolerance() {
            return 1e-3;
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            List<HostTensor> in = new ArrayList<>();
            for (Tensor t : List.of(features, noise, times, sqrtAlphaBar, sqrtOneMinusAlphaBar)) {
                in.add(t.toHost());
            }
            int t = config.timeWidth();
            float[] frequencies = new TimestepSpec(2 * t, 10000, true, DType.F32).frequencies();
            in.add(HostTensor.of(Shape.of(1, t), frequencies));
            String noisy = """
                a = torch.reshape(torch.index_select(x[3], 0, x[2]), [-1, 1])
                b = torch.reshape(torch.index_select(x[4], 0, x[2]), [-1, 1])
                noisy = torch.addcmul(torch.mul(x[0], a), x[1], b)
                """;
            String script = new TorchLfdn(config, names(), "p").statements("noisy", "x[2]", "x[5]", "y");
            AdamWConfig adam = adam();
            return new TorchTraining(
                    engine,
                    in,
                    network.parameters().stream().map(Tensor::toHost).toList(),
                    noisy + script + "loss = torch.mse_loss(y, x[0])\n",
                    new AdamWSpec(adam.lr(), adam.beta1(), adam.beta2(), adam.eps(), adam.weightDecay(), 1),
                    1 - CONFIG.emaDecay(),
                    CHECKED.stream().mapToInt(names()::indexOf).toArray());
        }

        /** AdamW reads four arrays and writes three, the average two and one; 12 and 3 operations a parameter. */
        @Override
        protected Cost cost() {
            long n = network.parameterCount();
            return super.cost().plus(15 * n, 40 * n);
        }

        @Override
        protected void release() {
            average.close();
            optimizer.close();
        }
    }

    @Benchmark
    public void step(Training s, Work work) {
        s.run(work);
    }
}
