package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.DdpmSpec;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.op.DiffusionOps;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What diffusion does beside its network: noising a batch, and a step of ancestral sampling. */
public class DiffusionBench extends CpuBench {
    private static final int STEPS = 1000;

    public abstract static class Images extends Contest.Duel {
        /** Latents of a batch, and feature vectors of the LFDN. */
        @Param({"16x64x64x4", "128x720"})
        @Short("16x64x64x4")
        public String shape;

        protected Tensor x;
        protected Tensor noise;

        @Override
        protected void prepare() {
            x = normal(sizes(shape));
            noise = normal(sizes(shape));
        }
    }

    public static class Noising extends Images {
        private Tensor times;
        private Tensor signal;
        private Tensor spread;

        @Override
        protected void prepare() {
            super.prepare();
            NoiseSchedule schedule = NoiseSchedule.linear(STEPS, 1e-4, 0.02);
            long[] t = new long[x.dim(0)];
            for (int i = 0; i < t.length; i++) {
                t[i] = (i * 37) % STEPS;
            }
            times = Tensor.from(device, HostTensor.of(Shape.of(t.length), t));
            signal = schedule.sqrtAlphaBar(device);
            spread = schedule.sqrtOneMinusAlphaBar(device);
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {DiffusionOps.qSample(x, noise, times, signal, spread)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            String column = "-1" + ", 1".repeat(x.shape().rank() - 1);
            return engine.job(x, noise, times, signal, spread).run("""
                a = torch.reshape(torch.index_select(x[3], 0, x[2]), [COLUMN])
                b = torch.reshape(torch.index_select(x[4], 0, x[2]), [COLUMN])
                return [torch.addcmul(torch.mul(x[0], a), x[1], b)]
                """.replace("COLUMN", column));
        }
    }

    public static class Step extends Images {
        private static final DdpmSpec C = new DdpmSpec(1.01, 0.02, 0.1);

        private Tensor predicted;

        @Override
        protected void prepare() {
            super.prepare();
            predicted = normal(sizes(shape));
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {DiffusionOps.ddpmStep(x, predicted, noise, C)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x, predicted, noise)
                    .run("y = torch.mul_(torch.sub(x[0], x[1], alpha=%s), %s)\nreturn [torch.add_(y, x[2], alpha=%s)]"
                            .formatted(C.noise(), C.scale(), C.sigma()));
        }

        @Override
        protected double exact(int i) {
            return C.scale() * (Exact.at(x, i) - C.noise() * Exact.at(predicted, i)) + C.sigma() * Exact.at(noise, i);
        }
    }

    @Benchmark
    public void noising(Noising s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void ancestralStep(Step s, Work work) {
        s.run(work);
    }
}
