package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Activations;
import org.reverie.op.Pointwise;
import org.reverie.tensor.Tensor;

/** Element by element: an activation of the LFDN, which stays in the caches, and 64 MiB tensors, which do not. */
public class PointwiseBench extends CpuBench {
    public abstract static class Elements extends Contest.OpenContest {
        @Param({"128x1440", "4096x4096"})
        public String shape;

        protected Tensor x;

        @Override
        protected void prepare() {
            x = normal(sizes(shape));
        }

        /** A graph of one operator on x. */
        protected Rival onnx(OnnxRuntime engine, String operator) {
            OnnxModel g = new OnnxModel();
            g.output(g.node(operator, List.of(g.input(x.shape()))));
            return engine.run(g, false, x.toHost());
        }
    }

    public static class Add extends Elements {
        private Tensor y;

        @Override
        protected void prepare() {
            super.prepare();
            y = normal(sizes(shape));
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Pointwise.add(x, y)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x, y).run("return [torch.add(x[0], x[1])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            OnnxModel g = new OnnxModel();
            g.output(g.node("Add", List.of(g.input(x.shape()), g.input(y.shape()))));
            return engine.run(g, false, x.toHost(), y.toHost());
        }

        @Override
        protected double exact(int i) {
            return Exact.at(x, i) + Exact.at(y, i);
        }
    }

    public static class Silu extends Elements {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Activations.silu(x)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x).run("return [torch.silu(x[0])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            OnnxModel g = new OnnxModel();
            String in = g.input(x.shape());
            g.output(g.node("Mul", List.of(in, g.node("Sigmoid", List.of(in)))));
            return engine.run(g, false, x.toHost());
        }

        @Override
        protected double exact(int i) {
            double v = Exact.at(x, i);
            return v / (1 + Math.exp(-v));
        }
    }

    public static class Gelu extends Elements {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Activations.gelu(x)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x).run("return [torch.gelu(x[0])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            return onnx(engine, "Gelu");
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
