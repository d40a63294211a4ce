package org.reverie.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.tensor.Tensor;

/** Depthwise convolutions of MobileNetV2 (3×3) and EfficientNet-B4 (5×5) at 224 pixels. */
public class DepthwiseBench extends CpuBench {
    public static class Layer extends CpuState {
        /** Kernel, stride, then the image N×H×W×C. */
        @Param({
            "3x3 s2 8x112x112x96",
            "3x3 s1 8x56x56x144",
            "3x3 s1 8x14x14x576",
            "5x5 s2 8x56x56x192",
            "5x5 s1 8x28x28x336",
            "5x5 s1 8x14x14x960"
        })
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
            x = normal(s);
            weight = normal(kernel, kernel, s[3]);
            bias = normal(s[3]);
        }

        @Override
        protected void work() {
            Convolution.depthwiseConv2d(x, weight, bias, spec);
        }
    }

    @Benchmark
    public void depthwise(Layer s, Work work) {
        s.run(work);
    }
}
