package org.reverie.bench;

import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.autograd.Tape;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.Schedules;
import org.reverie.ood.dlsr.TrainConfig;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Losses;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.optim.Ema;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * One step of LFDN training on a batch that is on the device already: noise, forward, gradients, AdamW, moving average.
 * The operations of the last two, which work in place, are not in the count.
 */
public class LfdnTrainBench extends CpuBench {
    public static class Training extends CpuState {
        @Param("128")
        public int batch;

        /** Features × width × time width × blocks: the paper's size, and a small one. */
        @Param({"720x1440x720x16", "480x512x256x6"})
        public String size;

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
            TrainConfig c = TrainConfig.paper(1);
            network = new Lfdn(new Initializer(device, c.seed()), new LfdnConfig(s[0], s[1], s[2], s[3]));
            optimizer = new AdamW(
                    network.parameters(), AdamWConfig.of(c.learningRate()).withWeightDecay(c.weightDecay()));
            average = new Ema(network.parameters(), c.emaDecay(), true);
            features = normal(batch, s[0]);
            noise = normal(batch, s[0]);
            int[] t = IntStream.range(0, batch).map(i -> i % Schedules.STEPS).toArray();
            times = Tensor.from(device, HostTensor.of(Shape.of(batch), t));
            sqrtAlphaBar = Schedules.dlsr().sqrtAlphaBar(device);
            sqrtOneMinusAlphaBar = Schedules.dlsr().sqrtOneMinusAlphaBar(device);
        }

        @Override
        protected void work() {
            Tensor noisy = DiffusionOps.qSample(features, noise, times, sqrtAlphaBar, sqrtOneMinusAlphaBar);
            try (Tape tape = Tape.watch(network.parameters())) {
                Tensor loss = Losses.mse(network.apply(noisy, times), features);
                optimizer.step(tape.gradients(loss, network.parameters()));
                average.update();
            }
        }

        @Override
        public void close() {
            average.close();
            optimizer.close();
            super.close();
        }
    }

    @Benchmark
    public void step(Training s, Work work) {
        s.run(work);
    }
}
