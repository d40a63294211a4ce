package org.reverie.bench;

import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/** Single numbers of results, computed in binary64 by plain loops from f32 inputs. */
final class Exact {
    private static final Map<Tensor, HostTensor> COPIES = new IdentityHashMap<>();

    private Exact() {}

    private static HostTensor host(Tensor t) {
        return COPIES.computeIfAbsent(t, Tensor::toHost);
    }

    /** Drops the copies of inputs. */
    static void forget() {
        COPIES.clear();
    }

    /** Element i in row-major order. */
    static double at(Tensor t, long i) {
        MemorySegment data = host(t).data();
        return data.get(HostTensor.FLOAT, 4 * i);
    }

    /** Σ f(0) … f(n − 1). */
    static double sum(int n, IntToDoubleFunction f) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += f.applyAsDouble(i);
        }
        return sum;
    }

    /** (a · b)[row, column] of matrices, with b transposed if asked for. */
    static double product(Tensor a, Tensor b, int row, int column, boolean transposed) {
        int k = a.dim(1);
        int n = b.dim(1);
        return sum(k, p -> at(a, row * k + p) * at(b, transposed ? column * k + p : p * n + column));
    }

    /** Element i of conv(x[N, H, W, C], weight[O, KH, KW, C]) + bias[O]. */
    static double conv(Tensor x, Tensor weight, Tensor bias, ConvSpec spec, int i) {
        int channels = x.dim(3);
        int kernel = weight.dim(1);
        int o = i % weight.dim(0);
        return at(bias, o)
                + taps(
                        x,
                        kernel,
                        spec,
                        i / weight.dim(0),
                        (pixel, tap) -> sum(channels, c -> {
                            return at(x, pixel * channels + c)
                                    * at(weight, ((long) o * kernel * kernel + tap) * channels + c);
                        }));
    }

    /** Element i of a depthwise convolution of x[N, H, W, C] with weight[KH, KW, C], plus bias[C]. */
    static double depthwise(Tensor x, Tensor weight, Tensor bias, ConvSpec spec, int i) {
        int channels = x.dim(3);
        int c = i % channels;
        return at(bias, c)
                + taps(x, weight.dim(0), spec, i / channels, (pixel, tap) -> {
                    return at(x, pixel * channels + c) * at(weight, (long) tap * channels + c);
                });
    }

    /** What a tap adds: the index of its pixel over all images, and its own index in the kernel. */
    private interface Tap {
        double value(long pixel, int tap);
    }

    private static double taps(Tensor x, int kernel, ConvSpec spec, int outPixel, Tap f) {
        int height = x.dim(1);
        int width = x.dim(2);
        int outWidth = spec.outputWidth(width, kernel);
        int outHeight = spec.outputHeight(height, kernel);
        int top = outPixel / outWidth % outHeight * spec.strideH() - spec.padTop();
        int left = outPixel % outWidth * spec.strideW() - spec.padLeft();
        long image = (long) (outPixel / outWidth / outHeight) * height;
        double sum = 0;
        for (int h = Math.max(0, -top); h < kernel && top + h < height; h++) {
            for (int w = Math.max(0, -left); w < kernel && left + w < width; w++) {
                sum += f.value((image + top + h) * width + left + w, h * kernel + w);
            }
        }
        return sum;
    }
}
