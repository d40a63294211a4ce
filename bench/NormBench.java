package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.Activation;
import org.reverie.op.Norms;
import org.reverie.op.Softmax;
import org.reverie.tensor.Tensor;

/** Normalisations and softmax: the LFDN's norm with its SiLU, a U-Net's group norm, a transformer's norm and scores. */
public class NormBench extends CpuBench {
    private static final double EPS = 1e-5;

    public static class Group extends CpuState {
        /** Groups, then the tensor with its channels last. */
        @Param({"g1 128x1440", "g32 1x64x64x320"})
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
        protected void work() {
            Norms.groupNorm(x, count, weight, bias, EPS, Activation.SILU);
        }
    }

    public static class Layer extends CpuState {
        /** Tokens × width. */
        @Param({"4096x320", "77x768"})
        public String x;

        private Tensor input;
        private Tensor weight;
        private Tensor bias;

        @Override
        protected void prepare() {
            int[] s = sizes(x);
            input = normal(s);
            weight = normal(s[1]);
            bias = normal(s[1]);
        }

        @Override
        protected void work() {
            Norms.layerNorm(input, weight, bias, 1, EPS);
        }
    }

    public static class Scores extends CpuState {
        /** Heads × queries × keys. */
        @Param({"8x1024x1024", "8x1024x77"})
        public String x;

        private Tensor input;

        @Override
        protected void prepare() {
            input = normal(sizes(x));
        }

        @Override
        protected void work() {
            Softmax.softmax(input);
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
    public void softmax(Scores s, Work work) {
        s.run(work);
    }
}
