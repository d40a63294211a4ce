package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.Activation;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Softmax;
import org.reverie.tensor.Tensor;

/** Normalisations and softmax: the LFDN's norm with its SiLU, a U-Net's group norm, a transformer's norm and scores. */
public class NormBench extends CpuBench {
    private static final double EPS = 1e-5;

    public static class Group extends Contest.Duel {
        /** Groups, then the tensor with its channels last. */
        @Param({"g1 128x1440", "g32 1x64x64x320", "g32 8x32x32x640"})
        @Short({"g1 128x1440", "g32 1x64x64x320"})
        public String groups;

        private int count;
        private Tensor x;
        private Tensor weight;
        private Tensor bias;

        @Override
        protected void prepare() {
            String[] words = groups.split(" ");
            int[] s = sizes(words[1]);
            count = Integer.parseInt(words[0].substring(1));
            x = normal(s);
            weight = normal(s[s.length - 1]);
            bias = normal(s[s.length - 1]);
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Norms.groupNorm(x, count, weight, bias, EPS, Activation.SILU)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            String run = "return [torch.silu_(torch.group_norm(x[0], " + count + ", x[1], x[2], " + EPS + "))]";
            if (x.shape().rank() == 2) {
                return LibTorch.fastest(
                        engine.job(x, weight, bias).run(run),
                        engine.job(x, weight, bias)
                                .run("return [torch.silu_(torch.layer_norm(x[0], [" + x.dim(1) + "], x[1], x[2], " + EPS
                                        + "))]"));
            }
            String prepare = "return [x[0].permute([0, 3, 1, 2])%s, x[1], x[2]]";
            String finish = "return [x[0].permute([0, 2, 3, 1]).contiguous()]";
            return LibTorch.fastest(
                    engine.job(x, weight, bias)
                            .prepare(prepare.formatted(".contiguous()"))
                            .finish(finish)
                            .run(run),
                    engine.job(x, weight, bias)
                            .form(LibTorch.Form.CHANNELS_LAST)
                            .prepare(prepare.formatted(""))
                            .finish(finish)
                            .run(run));
        }
    }

    public static class Layer extends Contest.OpenContest {
        /** Tokens × width. */
        @Param({"4096x320", "77x768"})
        public String rows;

        private Tensor x;
        private Tensor weight;
        private Tensor bias;

        @Override
        protected void prepare() {
            int[] s = sizes(rows);
            x = normal(s);
            weight = normal(s[1]);
            bias = normal(s[1]);
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Norms.layerNorm(x, weight, bias, 1, EPS)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x, weight, bias)
                    .run("return [torch.layer_norm(x[0], [" + x.dim(1) + "], x[1], x[2], " + EPS + ")]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            OnnxModel g = new OnnxModel();
            List<String> in = List.of(g.input(x.shape()), g.constant(weight.toHost()), g.constant(bias.toHost()));
            g.output(g.node("LayerNormalization", in, OnnxModel.Attribute.of("epsilon", EPS)));
            return engine.run(g, false, x.toHost());
        }

        @Override
        protected double exact(int i) {
            int n = x.dim(1);
            long row = (long) (i / n) * n;
            double mean = Exact.sum(n, c -> Exact.at(x, row + c)) / n;
            double variance = Exact.sum(n, c -> (Exact.at(x, row + c) - mean) * (Exact.at(x, row + c) - mean)) / n;
            double normal = (Exact.at(x, i) - mean) / Math.sqrt(variance + EPS);
            return normal * Exact.at(weight, i % n) + Exact.at(bias, i % n);
        }
    }

    /** Batch norm with given statistics. */
    public static class Batch extends Contest.Duel {
        @Param("8x56x56x64")
        public String image;

        private Tensor x;
        private Tensor weight;
        private Tensor bias;
        private Tensor mean;
        private Tensor variance;

        @Override
        protected void prepare() {
            int[] s = sizes(image);
            x = normal(s);
            weight = normal(s[3]);
            bias = normal(s[3]);
            mean = normal(s[3]);
            variance = Pointwise.exp(normal(s[3]));
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Norms.batchNorm(x, weight, bias, mean, variance, EPS)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            String prepare = "return [x[0].permute([0, 3, 1, 2])%s, x[1], x[2], x[3], x[4]]";
            String run = "return [torch.batch_norm(x[0], x[1], x[2], x[3], x[4], False, 0., " + EPS + ", False)]";
            String finish = "return [x[0].permute([0, 2, 3, 1]).contiguous()]";
            return LibTorch.fastest(
                    engine.job(x, weight, bias, mean, variance)
                            .prepare(prepare.formatted(".contiguous()"))
                            .finish(finish)
                            .run(run),
                    engine.job(x, weight, bias, mean, variance)
                            .form(LibTorch.Form.CHANNELS_LAST)
                            .prepare(prepare.formatted(""))
                            .finish(finish)
                            .run(run));
        }
    }

    public static class Scores extends Contest.OpenContest {
        /** Heads × queries × keys. */
        @Param({"8x1024x1024", "8x1024x77"})
        public String rows;

        private Tensor x;

        @Override
        protected void prepare() {
            x = normal(sizes(rows));
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Softmax.softmax(x)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            return engine.job(x).run("return [torch.softmax(x[0], -1)]");
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            OnnxModel g = new OnnxModel();
            g.output(g.node("Softmax", List.of(g.input(x.shape())), OnnxModel.Attribute.of("axis", -1)));
            return engine.run(g, false, x.toHost());
        }

        @Override
        protected double exact(int i) {
            int n = x.dim(2);
            long row = (long) (i / n) * n;
            return Math.exp(Exact.at(x, i)) / Exact.sum(n, c -> Math.exp(Exact.at(x, row + c)));
        }
    }

    @Benchmark
    public void groupNormSilu(Group s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void layerNorm(Layer s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void batchNorm(Batch s, Work work) {
        s.run(work);
    }

    @Benchmark
    public void softmax(Scores s, Work work) {
        s.run(work);
    }
}
