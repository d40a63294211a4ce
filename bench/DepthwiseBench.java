package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.WeightLayout;
import org.reverie.op.Convolution;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/** Depthwise convolutions of MobileNetV2 (3×3) and EfficientNet-B4 (both kernels) at 224 pixels. */
public class DepthwiseBench extends CpuBench {
    public static class Layer extends Contest.OpenContest {
        @Param({"1", "8"})
        public int batch;

        /** Kernel, stride, then the image H×W×C. */
        @Param({
            "3x3 s1 112x112x48",
            "3x3 s2 112x112x96",
            "3x3 s1 56x56x144",
            "3x3 s1 56x56x192",
            "3x3 s1 14x14x576",
            "3x3 s1 7x7x960",
            "5x5 s2 56x56x192",
            "5x5 s1 28x28x336",
            "5x5 s1 14x14x960",
            "5x5 s1 7x7x1632"
        })
        @Short({"3x3 s2 112x112x96", "3x3 s1 56x56x144", "5x5 s1 28x28x336"})
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
            x = normal(batch, s[0], s[1], s[2]);
            weight = normal(kernel, kernel, s[2]);
            bias = normal(s[2]);
            weight.buffer().freeze(); // as a loaded network's, so that it is packed once, as the rivals' are
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Convolution.depthwiseConv2d(x, weight, bias, spec)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            List<HostTensor> in = List.of(OnnxRuntime.nchw(x.toHost()), kernels(), bias.toHost());
            return TorchConv.fastest(engine, in, grouped());
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            return engine.conv(x, kernels(), bias.toHost(), grouped());
        }

        /** A depthwise convolution elsewhere: one with as many groups as channels, weight [C, 1, KH, KW]. */
        private ConvSpec grouped() {
            return spec.groups(bias.dim(0));
        }

        private HostTensor kernels() {
            return WeightLayout.DEPTHWISE.toFile(weight.toHost());
        }

        @Override
        protected double exact(int i) {
            return Exact.depthwise(x, weight, bias, spec, i);
        }
    }

    @Benchmark
    public void depthwise(Layer s, Work work) {
        s.run(work);
    }
}
