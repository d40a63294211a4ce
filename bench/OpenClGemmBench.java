package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Linear;
import org.reverie.tensor.Tensor;

/** Square matrix products in f32: on the CPU by the Vector API, through OpenCL, and by CLBlast on the same OpenCL device. */
public class OpenClGemmBench extends CpuBench {
    public static class Square extends Contest {
        @Param({REVERIE, OPENCL, CLBLAST})
        public String engine;

        @Param({"256", "512", "1024", "2048"})
        @Short({"512", "1024"})
        public int n;

        private Tensor a;
        private Tensor b;

        @Override
        final String engine() {
            return engine;
        }

        @Override
        protected void prepare() {
            a = normal(n, n);
            b = normal(n, n);
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Linear.matmul(a, b)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            throw new IllegalStateException("GemmBench compares with LibTorch");
        }

        @Override
        protected Rival clblast() {
            return new ClBlast(a, b, threads);
        }

        @Override
        protected double exact(int i) {
            return Exact.product(a, b, i / n, i % n, false);
        }
    }

    @Benchmark
    public void product(Square s, Work work) {
        s.run(work);
    }
}
