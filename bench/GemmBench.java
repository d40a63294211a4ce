package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.op.Linear;
import org.reverie.tensor.Tensor;

/** Matrix products in f32: square ones, and the layers of the LFDN with what their gradients need. */
public class GemmBench extends CpuBench {
    public static class Square extends Contest.OpenContest {
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
        protected Tensor[] work() {
            return new Tensor[] {Linear.matmul(a, b)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(a, b).run("return [torch.matmul(x[0], x[1])]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            OnnxModel g = new OnnxModel();
            g.output(g.node("MatMul", List.of(g.input(a.shape()), g.input(b.shape()))));
            return engine.run(g, false, a.toHost(), b.toHost());
        }

        @Override
        protected double exact(int i) {
            return Exact.product(a, b, i / n, i % n, false);
        }
    }

    /** m rows through a layer of k inputs and n outputs. */
    public static class Forward extends Contest.OpenContest {
        @Param({"1x720x1440", "1x1440x1440", "64x1440x1440", "128x720x1440", "128x1440x1440", "256x1440x1440"})
        @Short({"1x1440x1440", "128x720x1440", "128x1440x1440"})
        public String mkn;

        private Tensor x;
        private Tensor weight;
        private Tensor bias;

        @Override
        protected void prepare() {
            int[] s = sizes(mkn);
            x = normal(s[0], s[1]);
            weight = normal(s[2], s[1]);
            bias = normal(s[2]);
            weight.buffer().freeze(); // as a loaded network's, so that it is packed once, as the rivals' are
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Linear.linear(x, weight, bias)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            String m = Integer.toString(x.dim(0));
            String oneDnn = "return [x[0], ops.mkldnn._reorder_linear_weight(x[1], M), x[2]]";
            String mkl = "return [x[0], ops.mkl._mkl_reorder_linear_weight(x[1], M), x[2], x[1]]";
            return LibTorch.fastest(
                    engine.job(x, weight, bias).run("return [torch.linear(x[0], x[1], x[2])]"),
                    engine.job(x, weight, bias)
                            .form(LibTorch.Form.PACKED)
                            .prepare(oneDnn.replace("M", m))
                            .run("return [ops.mkldnn._linear_pointwise(x[0], x[1], x[2], \"none\", "
                                    + TorchConv.NO_SCALARS + ", \"\")]"),
                    engine.job(x, weight, bias)
                            .form(LibTorch.Form.PACKED)
                            .prepare(mkl.replace("M", m))
                            .run("return [ops.mkl._mkl_linear(x[0], x[1], x[3], x[2], " + m + ")]"));
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            OnnxModel g = new OnnxModel();
            List<String> in = List.of(g.input(x.shape()), g.constant(weight.toHost()), g.constant(bias.toHost()));
            g.output(g.node("Gemm", in, OnnxModel.Attribute.of("transB", 1)));
            return engine.run(g, false, x.toHost());
        }

        @Override
        protected double exact(int i) {
            int n = weight.dim(0);
            return Exact.product(x, weight, i / n, i % n, true) + Exact.at(bias, i % n);
        }
    }

    /** What backpropagation through such a layer computes, from the gradient that arrives at its outputs. */
    public abstract static class Gradient extends Contest.Duel {
        @Param({"128x720x1440", "128x1440x1440"})
        @Short("128x1440x1440")
        public String mkn;

        protected Tensor x;
        protected Tensor weight;
        protected Tensor gradient;

        @Override
        protected void prepare() {
            int[] s = sizes(mkn);
            x = normal(s[0], s[1]);
            weight = normal(s[2], s[1]);
            gradient = normal(s[0], s[2]);
        }
    }

    public static class InputGradient extends Gradient {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Linear.matmul(gradient, weight)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(gradient, weight).run("return [torch.matmul(x[0], x[1])]");
        }

        @Override
        protected double exact(int i) {
            return Exact.product(gradient, weight, i / weight.dim(1), i % weight.dim(1), false);
        }
    }

    public static class WeightGradient extends Gradient {
        @Override
        protected Tensor[] work() {
            return new Tensor[] {Linear.matmul(gradient, x, true, false)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(gradient, x).run("return [torch.matmul(torch.t(x[0]), x[1])]");
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
