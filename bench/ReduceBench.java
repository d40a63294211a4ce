package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Reductions;
import org.reverie.tensor.Tensor;

/** Reductions of a matrix along either axis, in the caches and in memory. */
public class ReduceBench extends CpuBench {
    public abstract static class Matrix extends Contest.OpenContest {
        /** Rows × columns. */
        @Param({"128x1440", "4096x4096"})
        @Short("4096x4096")
        public String shape;

        protected Tensor x;

        @Override
        protected void prepare() {
            x = normal(sizes(shape));
        }

        protected Rival onnx(OnnxRuntime engine, String operator, int axis) {
            OnnxModel g = new OnnxModel();
            List<String> in = List.of(g.input(x.shape()), g.integers(axis));
            g.output(g.node(operator, in, OnnxModel.Attribute.of("keepdims", 0L)));
            return engine.run(g, false, x.toHost());
        }
    }

    public static class RowSums extends Matrix {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Reductions.sum(x, 1)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x).run("return [torch.sum(x[0], [1])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            return onnx(engine, "ReduceSum", 1);
        }

        @Override
        protected double exact(int i) {
            int n = x.dim(1);
            return Exact.sum(n, c -> Exact.at(x, (long) i * n + c));
        }
    }

    public static class ColumnSums extends Matrix {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Reductions.sum(x, 0)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x).run("return [torch.sum(x[0], [0])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            return onnx(engine, "ReduceSum", 0);
        }

        @Override
        protected double exact(int i) {
            int n = x.dim(1);
            return Exact.sum(x.dim(0), r -> Exact.at(x, (long) r * n + i));
        }
    }

    public static class RowMaxima extends Matrix {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Reductions.max(x, 1)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x).run("return [torch.amax(x[0], [1])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            return onnx(engine, "ReduceMax", 1);
        }
    }

    @Benchmark
    public void rowSums(RowSums s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void columnSums(ColumnSums s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void rowMaxima(RowMaxima s, Work work) {
        s.run(work);
    }
}
