package org.reverie.bench;

import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/** The convolutions of a ResNet-50 at 224 pixels: 3×3, 1×1 (widening and narrowing), and the 7×7 stem with stride 2. */
public class ConvBench extends CpuBench {
    public static class Layer extends Contest.OpenContest {
        @Param({"1", "8"})
        public int batch;

        /** Kernel, stride, then the image H×W×C and the output channels. */
        @Param({
            "3x3 s1 56x56x64x64",
            "3x3 s1 28x28x128x128",
            "3x3 s1 14x14x256x256",
            "3x3 s1 7x7x512x512",
            "3x3 s2 56x56x128x128",
            "1x1 s1 56x56x64x256",
            "1x1 s1 56x56x256x64",
            "1x1 s1 28x28x512x128",
            "1x1 s1 14x14x256x1024",
            "1x1 s1 7x7x2048x512",
            "7x7 s2 224x224x3x64"
        })
        @Short({"3x3 s1 56x56x64x64", "3x3 s1 14x14x256x256", "1x1 s1 14x14x256x1024", "7x7 s2 224x224x3x64"})
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
            weight = normal(s[3], kernel, kernel, s[2]);
            bias = normal(s[3]);
            weight.buffer().freeze(); // as a loaded network's, so that it is packed once, as the rivals' are
        }

        @Override
        protected Tensor[] work() {
            return new Tensor[] {Convolution.conv2d(x, weight, bias, spec)};
        }

        @Override
        protected Rival libtorch(LibTorch engine) {
            List<HostTensor> in =
                    List.of(OnnxRuntime.nchw(x.toHost()), OnnxRuntime.nchw(weight.toHost()), bias.toHost());
            return TorchConv.fastest(engine, in, spec);
        }

        @Override
        protected Rival onnxruntime(OnnxRuntime engine) {
            return engine.conv(x, OnnxRuntime.nchw(weight.toHost()), bias.toHost(), spec);
        }

        @Override
        protected double exact(int i) {
            return Exact.conv(x, weight, bias, spec, i);
        }
    }

    @Benchmark
    public void conv2d(Layer s, Work work) {
        s.run(work);
    }
}
