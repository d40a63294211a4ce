package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Linear;
import org.reverie.tensor.Tensor;

/** Matrix products in f32: square ones, and the layers of the LFDN at batch 128 with what their gradients need. */
public class GemmBench extends CpuBench {
    public static class Square extends CpuState {
        @Param({"256", "512", "1024", "2048"})
        public int n;

        private Tensor a;
        private Tensor b;

        @Override
        protected void prepare() {
            a = normal(n, n);
            b = normal(n, n);
        }

        @Override
        protected void work() {
            Linear.matmul(a, b);
        }
    }

    /** m rows through a layer of k inputs and n outputs. */
    public abstract static class Layer extends CpuState {
        @Param({"128x720x1440", "128x1440x1440"})
        public String mkn;

        protected Tensor x;
        protected Tensor weight;
        protected Tensor bias;
        protected Tensor gradient;

        @Override
        protected void prepare() {
            int[] s = sizes(mkn);
            x = normal(s[0], s[1]);
            weight = normal(s[2], s[1]);
            bias = normal(s[2]);
            gradient = normal(s[0], s[2]);
        }
    }

    public static class Forward extends Layer {
        @Override
        protected void work() {
            Linear.linear(x, weight, bias);
        }
    }

    public static class InputGradient extends Layer {
        @Override
        protected void work() {
            Linear.matmul(gradient, weight);
        }
    }

    public static class WeightGradient extends Layer {
        @Override
        protected void work() {
            Linear.matmul(gradient, x, true, false);
        }
    }

    @Benchmark
    public void sgemm(Square s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void linear(Forward s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void linearInputGradient(InputGradient s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void linearWeightGradient(WeightGradient s, Work work) {
        s.run(work);
    }
}
