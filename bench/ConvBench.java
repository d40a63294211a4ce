package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.tensor.Tensor;

/** Convolutions of a ResNet: the 3×3 of its first stage, the 1×1 that widens it, the 7×7 stem with stride 2. */
public class ConvBench extends CpuBench {
    public static class Layer extends CpuState {
        /** Kernel, stride, then the image N×H×W×C and the output channels. */
        @Param({"3x3 s1 8x56x56x64x64", "1x1 s1 8x56x56x64x256", "7x7 s2 8x224x224x3x64"})
        public String conv;

        private ConvSpec spec;
        private Tensor x;
        private Tensor weight;
        private Tensor bias;

        @Override
        protected void prepare() {
            String[] words = conv.split(" ");
            int kernel = sizes(words[0])[0];
            int[] s = sizes(words[2]);
            spec = ConvSpec.of(Integer.parseInt(words[1].substring(1))).pad(kernel / 2);
            x = normal(s[0], s[1], s[2], s[3]);
            weight = normal(s[4], kernel, kernel, s[3]);
            bias = normal(s[4]);
        }

        @Override
        protected void work() {
            Convolution.conv2d(x, weight, bias, spec);
        }
    }

    @Benchmark
    public void conv2d(Layer s, Work work) {
        s.run(work);
    }
}
