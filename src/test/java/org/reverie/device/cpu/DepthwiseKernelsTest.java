package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.reverie.device.spec.Activation;
import org.reverie.numerics.Elementary;

class DepthwiseKernelsTest {
    private static final List<Activation> ACTIVATIONS =
            List.of(Activation.NONE, Activation.RELU, Activation.RELU6, Activation.SILU);

    private static final List<ConvGeometry> GEOMETRIES = List.of(
            geometry(2, 9, 7, 5, 3, 3, 1, 1, 1),
            geometry(1, 20, 13, 24, 3, 3, 2, 1, 1),
            geometry(2, 14, 15, 33, 5, 5, 1, 1, 2),
            geometry(1, 17, 12, 16, 5, 5, 2, 1, 0),
            geometry(1, 11, 11, 7, 3, 3, 1, 2, 2),
            geometry(3, 8, 8, 40, 3, 3, 3, 2, 3),
            geometry(2, 6, 6, 3, 7, 2, 1, 1, 3),
            geometry(1, 5, 40, 18, 1, 1, 2, 1, 0),
            geometry(1, 20, 19, 4, 17, 17, 1, 1, 8));

    /** What is read straight from the image: tiles that fit and that overlap, rims of every width, ragged channels. */
    private static final List<ConvGeometry> DIRECT = List.of(
            direct(2, 7, 7, 16, 7, 7, 3, 1, 1, 1),
            direct(1, 9, 8, 21, 9, 8, 3, 1, 1, 1),
            direct(1, 4, 13, 24, 2, 11, 3, 1, 0, 0),
            direct(3, 5, 20, 37, 6, 20, 3, 1, 2, 1),
            direct(1, 1, 9, 32, 3, 9, 3, 1, 1, 1),
            direct(1, 15, 14, 147, 15, 14, 3, 1, 1, 1),
            direct(2, 13, 14, 19, 7, 7, 3, 2, 1, 1),
            direct(1, 16, 16, 48, 8, 8, 3, 2, 0, 0),
            direct(1, 9, 17, 33, 5, 9, 3, 2, 1, 1),
            direct(1, 7, 7, 40, 7, 7, 5, 1, 2, 2),
            direct(2, 3, 10, 17, 4, 9, 5, 1, 3, 1),
            direct(1, 11, 12, 16, 7, 8, 5, 1, 0, 0),
            direct(1, 14, 14, 18, 7, 7, 5, 2, 2, 2),
            direct(1, 2, 29, 65, 1, 15, 5, 2, 1, 2),
            direct(1, 17, 16, 160, 8, 8, 5, 2, 1, 1));

    private static ConvGeometry direct(
            int n, int h, int w, int c, int oh, int ow, int kernel, int stride, int padTop, int padLeft) {
        return new ConvGeometry(n, h, w, c, oh, ow, c, kernel, kernel, stride, stride, 1, 1, padTop, padLeft, c);
    }

    private static ConvGeometry geometry(
            int n, int h, int w, int c, int kh, int kw, int stride, int dilation, int pad) {
        // The right and lower pads are one more than the others where that fits: they follow from the output's extents.
        int oh = (h + 2 * pad - dilation * (kh - 1) - 1 + 1) / stride + 1;
        int ow = (w + 2 * pad - dilation * (kw - 1) - 1) / stride + 1;
        return new ConvGeometry(n, h, w, c, oh, ow, c, kh, kw, stride, stride, dilation, dilation, pad, pad, c);
    }

    @Test
    void forwardHasTheBitsOfTheContract() {
        Random random = new Random(7);
        int turn = 0;
        for (ConvGeometry g :
                Stream.concat(GEOMETRIES.stream(), DIRECT.stream()).toList()) {
            Activation activation = ACTIVATIONS.get(turn++ % ACTIVATIONS.size());
            int c = g.inChannels(), kw = g.kernelW();
            float[] x = KernelCheck.random(random, g.batch() * g.height() * g.width() * c);
            float[] w = KernelCheck.random(random, g.kernelH() * kw * c);
            spoil(x, w, c);
            float[] bias = KernelCheck.random(random, c);
            float[] residual = KernelCheck.random(random, g.batch() * g.outHeight() * g.outWidth() * c);
            float[] plain = new float[residual.length], biased = new float[residual.length];
            float[] rich = new float[residual.length];
            for (int i = 0; i < plain.length; i++) {
                Position o = Position.of(i, c, g.outWidth(), g.outHeight());
                plain[i] =
                        KernelCheck.contract(g.kernelH() * kw, k -> tap(g, x, o, k / kw, k % kw), k -> w[k * c + o.c]);
                biased[i] = apply(activation, plain[i] + bias[o.c]);
                rich[i] = apply(activation, plain[i] + bias[o.c] + residual[i]);
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), wa = KernelCheck.address(arena, w);
                long ba = KernelCheck.address(arena, bias);
                Epilogue full = new Epilogue(ba, KernelCheck.address(arena, residual), c, activation);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    DepthwiseKernels kernels = named.kernels().depthwise();
                    String what = g + ", " + activation + ", " + named.name();
                    long y = KernelCheck.address(arena, plain.length);
                    kernels.forward(g, xa, wa, y, Epilogue.NONE);
                    KernelCheck.same("plain " + what, plain, KernelCheck.read(y, plain.length));
                    kernels.forward(g, xa, wa, y, Epilogue.of(ba, activation));
                    KernelCheck.same("bias " + what, biased, KernelCheck.read(y, plain.length));
                    kernels.forward(g, xa, wa, y, full);
                    KernelCheck.same("residual " + what, rich, KernelCheck.read(y, plain.length));
                }
            }
        }
    }

    /** Infinite weights, which make NaN of the padding, and a channel whose sums are −0 away from the padding. */
    private static void spoil(float[] x, float[] w, int channels) {
        w[0] = Float.POSITIVE_INFINITY;
        w[w.length - 1] = Float.NEGATIVE_INFINITY;
        for (int i = 1; i < x.length; i += channels) {
            x[i] = -Float.MIN_VALUE;
        }
        for (int i = 1; i < w.length; i += channels) {
            w[i] = Float.MIN_VALUE;
        }
    }

    private static float apply(Activation activation, float v) {
        return switch (activation) {
            case NONE -> v;
            case RELU -> Math.max(v, 0f);
            case RELU6 -> Math.min(Math.max(v, 0f), 6f);
            default -> v * Elementary.sigmoid(v);
        };
    }

    @Test
    void inputGradientHasTheBitsOfTheContract() {
        Random random = new Random(8);
        for (ConvGeometry g : GEOMETRIES) {
            int c = g.inChannels(), kw = g.kernelW();
            float[] dy = KernelCheck.random(random, g.batch() * g.outHeight() * g.outWidth() * c);
            float[] w = KernelCheck.random(random, g.kernelH() * kw * c);
            float[] expected = new float[g.batch() * g.height() * g.width() * c];
            for (int i = 0; i < expected.length; i++) {
                Position p = Position.of(i, c, g.width(), g.height());
                expected[i] = KernelCheck.contract(
                        g.kernelH() * kw, k -> back(g, dy, p, k / kw, k % kw), k -> w[k * c + p.c]);
            }
            try (Arena arena = Arena.ofConfined()) {
                long da = KernelCheck.address(arena, dy), wa = KernelCheck.address(arena, w);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long dx = KernelCheck.address(arena, expected.length);
                    named.kernels().depthwise().inputGradient(g, da, wa, dx);
                    KernelCheck.same(g + ", " + named.name(), expected, KernelCheck.read(dx, expected.length));
                }
            }
        }
    }

    @Test
    void weightGradientHasTheBitsOfTheContract() {
        Random random = new Random(9);
        for (ConvGeometry g : GEOMETRIES) {
            int c = g.inChannels(), kw = g.kernelW();
            float[] dy = KernelCheck.random(random, g.batch() * g.outHeight() * g.outWidth() * c);
            float[] x = KernelCheck.random(random, g.batch() * g.height() * g.width() * c);
            float[] expected = new float[g.kernelH() * kw * c];
            for (int i = 0; i < expected.length; i++) {
                int tap = i / c, ch = i % c;
                expected[i] = KernelCheck.contract(
                        dy.length / c,
                        k -> dy[k * c + ch],
                        k -> tap(g, x, Position.of(k * c + ch, c, g.outWidth(), g.outHeight()), tap / kw, tap % kw));
            }
            try (Arena arena = Arena.ofConfined()) {
                long da = KernelCheck.address(arena, dy), xa = KernelCheck.address(arena, x);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long dw = KernelCheck.address(arena, expected.length);
                    named.kernels().depthwise().weightGradient(g, da, xa, dw);
                    KernelCheck.same(g + ", " + named.name(), expected, KernelCheck.read(dw, expected.length));
                }
            }
        }
    }

    private record Position(int n, int h, int w, int c) {
        static Position of(int i, int channels, int width, int height) {
            int pixel = i / channels;
            return new Position(pixel / width / height, pixel / width % height, pixel % width, i % channels);
        }
    }

    private static float tap(ConvGeometry g, float[] x, Position o, int kh, int kw) {
        int h = o.h * g.strideH() - g.padTop() + kh * g.dilationH();
        int w = o.w * g.strideW() - g.padLeft() + kw * g.dilationW();
        boolean inside = h >= 0 && h < g.height() && w >= 0 && w < g.width();
        return inside ? x[((o.n * g.height() + h) * g.width() + w) * g.inChannels() + o.c] : 0f;
    }

    private static float back(ConvGeometry g, float[] dy, Position p, int kh, int kw) {
        int h = p.h + g.padTop() - kh * g.dilationH(), w = p.w + g.padLeft() - kw * g.dilationW();
        if (h < 0 || w < 0 || h % g.strideH() != 0 || w % g.strideW() != 0) {
            return 0f;
        }
        h /= g.strideH();
        w /= g.strideW();
        boolean inside = h < g.outHeight() && w < g.outWidth();
        return inside ? dy[((p.n * g.outHeight() + h) * g.outWidth() + w) * g.inChannels() + p.c] : 0f;
    }
}
