package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Activations;
import org.reverie.op.Pointwise;
import org.reverie.tensor.Tensor;

/** Element by element: an activation of the LFDN, which stays in the caches, and 64 MiB tensors, which do not. */
public class PointwiseBench extends CpuBench {
    public abstract static class Elements extends CpuState {
        @Param({"128x1440", "4096x4096"})
        public String x;

        protected Tensor a;

        @Override
        protected void prepare() {
            a = normal(sizes(x));
        }
    }

    public static class Add extends Elements {
        private Tensor b;

        @Override
        protected void prepare() {
            super.prepare();
            b = normal(sizes(x));
        }

        @Override
        protected void work() {
            Pointwise.add(a, b);
        }
    }

    public static class Silu extends Elements {
        @Override
        protected void work() {
            Activations.silu(a);
        }
    }

    public static class Gelu extends Elements {
        @Override
        protected void work() {
            Activations.gelu(a);
        }
    }

    @Benchmark
    public void add(Add s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void silu(Silu s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void gelu(Gelu s, Work work) {
        s.run(work);
    }
}
