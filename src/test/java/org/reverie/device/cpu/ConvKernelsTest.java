package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.device.spec.Activation;

class ConvKernelsTest {
    /** batch, h, w, in, oh, ow, out, kh, kw, strides, dilations, pads top and left, groups. */
    private static final List<ConvGeometry> GEOMETRIES = List.of(
            new ConvGeometry(2, 9, 7, 5, 9, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new ConvGeometry(1, 11, 13, 3, 6, 7, 24, 3, 3, 2, 2, 1, 1, 1, 1, 1),
            new ConvGeometry(2, 10, 10, 3, 5, 5, 32, 3, 3, 2, 2, 1, 1, 0, 0, 1),
            new ConvGeometry(3, 5, 6, 40, 5, 6, 33, 1, 1, 1, 1, 1, 1, 0, 0, 1),
            new ConvGeometry(2, 7, 7, 18, 4, 4, 17, 1, 1, 2, 2, 1, 1, 0, 0, 1),
            new ConvGeometry(1, 12, 9, 8, 9, 10, 12, 3, 2, 1, 1, 2, 1, 1, 1, 2),
            new ConvGeometry(1, 6, 6, 70, 6, 6, 19, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new ConvGeometry(1, 8, 8, 6, 3, 7, 4, 5, 4, 3, 1, 1, 2, 2, 3, 1),
            new ConvGeometry(2, 3, 3, 20, 6, 6, 20, 2, 2, 1, 1, 1, 1, 2, 2, 4));

    /** Images of which a task holds only some rows, or several; channels whose pixels are spread; a negative pad. */
    private static final List<ConvGeometry> WINDOWS = List.of(
            new ConvGeometry(5, 40, 40, 32, 40, 40, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new ConvGeometry(2, 90, 70, 48, 45, 35, 20, 3, 3, 2, 2, 1, 1, 0, 0, 1),
            new ConvGeometry(2, 5, 5, 512, 5, 5, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new ConvGeometry(60, 3, 2, 600, 3, 2, 65, 1, 1, 1, 1, 1, 1, 0, 0, 1),
            new ConvGeometry(2, 9, 9, 6, 4, 5, 7, 2, 1, 1, 2, 1, 1, -2, -1, 1));

    @Test
    void forwardHasTheBitsOfTheContract() {
        forward(new Random(3), GEOMETRIES);
    }

    @Test
    void forwardHasTheBitsOfTheContractWhateverAWindowHolds() {
        forward(new Random(7), WINDOWS);
    }

    private static void forward(Random random, List<ConvGeometry> geometries) {
        int turn = 0;
        for (ConvGeometry g : geometries) {
            Data d = new Data(random, g);
            Activation activation =
                    List.of(Activation.NONE, Activation.RELU, Activation.RELU6).get(turn++ % 3);
            float[] bias = KernelCheck.random(random, g.outChannels());
            float[] residual = KernelCheck.random(random, d.dy.length);
            float[] plain = forward(g, d);
            float[] rich = new float[plain.length];
            for (int i = 0; i < rich.length; i++) {
                float v = plain[i] + bias[i % g.outChannels()] + residual[i];
                v = activation == Activation.NONE ? v : Math.max(v, 0f);
                rich[i] = activation == Activation.RELU6 ? Math.min(v, 6f) : v;
            }
            try (Arena arena = Arena.ofConfined()) {
                long x = KernelCheck.address(arena, d.x), w = KernelCheck.address(arena, d.w);
                Epilogue epilogue = new Epilogue(
                        KernelCheck.address(arena, bias),
                        KernelCheck.address(arena, residual),
                        g.outChannels(),
                        activation);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    ConvKernels kernels = named.kernels().conv();
                    long y = KernelCheck.address(arena, plain.length);
                    kernels.forward(g, x, w, y, Epilogue.NONE);
                    KernelCheck.same(g + ", " + named.name(), plain, KernelCheck.read(y, plain.length));
                    kernels.forward(g, x, w, y, epilogue);
                    KernelCheck.same(g + " epilogue, " + named.name(), rich, KernelCheck.read(y, plain.length));
                    long z = KernelCheck.address(arena, plain.length);
                    kernels.forwardPacked(g, x, kernels.pack(g, w), z, epilogue);
                    KernelCheck.same(g + " packed, " + named.name(), rich, KernelCheck.read(z, plain.length));
                }
            }
        }
    }

    @Test
    void inputGradientHasTheBitsOfTheContract() {
        Random random = new Random(4);
        for (ConvGeometry g : GEOMETRIES) {
            Data d = new Data(random, g);
            float[] expected = inputGradient(g, d);
            try (Arena arena = Arena.ofConfined()) {
                long dy = KernelCheck.address(arena, d.dy), w = KernelCheck.address(arena, d.w);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long dx = KernelCheck.address(arena, expected.length);
                    named.kernels().conv().inputGradient(g, dy, w, dx, Epilogue.NONE);
                    KernelCheck.same(g + ", " + named.name(), expected, KernelCheck.read(dx, expected.length));
                }
            }
        }
    }

    @Test
    void weightGradientHasTheBitsOfTheContract() {
        Random random = new Random(5);
        for (ConvGeometry g : GEOMETRIES) {
            Data d = new Data(random, g);
            float[] expected = weightGradient(g, d);
            try (Arena arena = Arena.ofConfined()) {
                long dy = KernelCheck.address(arena, d.dy), x = KernelCheck.address(arena, d.x);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long dw = KernelCheck.address(arena, expected.length);
                    named.kernels().conv().weightGradient(g, dy, x, dw);
                    KernelCheck.same(g + ", " + named.name(), expected, KernelCheck.read(dw, expected.length));
                }
            }
        }
    }

    @Test
    void longWeightGradientsSpanManyChunks() {
        ConvGeometry g = new ConvGeometry(3, 26, 25, 4, 26, 25, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Data d = new Data(new Random(6), g);
        float[] expected = weightGradient(g, d);
        try (Arena arena = Arena.ofConfined()) {
            long dy = KernelCheck.address(arena, d.dy), x = KernelCheck.address(arena, d.x);
            for (KernelCheck.Named named : KernelCheck.ALL) {
                long dw = KernelCheck.address(arena, expected.length);
                named.kernels().conv().weightGradient(g, dy, x, dw);
                KernelCheck.same(named.name(), expected, KernelCheck.read(dw, expected.length));
            }
        }
    }

    /** The padding is multiplied: an infinite weight there gives NaN, as padding the image first would. */
    @Test
    void paddingIsMultiplied() {
        ConvGeometry g = new ConvGeometry(1, 3, 3, 1, 3, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        float[] w = new float[9];
        w[0] = Float.POSITIVE_INFINITY;
        float[] x = new float[9];
        Arrays.fill(x, 1f);
        float inf = Float.POSITIVE_INFINITY, nan = Float.NaN;
        try (Arena arena = Arena.ofConfined()) {
            for (KernelCheck.Named named : KernelCheck.ALL) {
                long y = KernelCheck.address(arena, 9);
                named.kernels()
                        .conv()
                        .forward(g, KernelCheck.address(arena, x), KernelCheck.address(arena, w), y, Epilogue.NONE);
                KernelCheck.same(
                        named.name(),
                        new float[] {nan, nan, nan, nan, inf, inf, nan, inf, inf},
                        KernelCheck.read(y, 9));
            }
        }
    }

    @Test
    void packedWeightsOfAnotherConvolutionAreRefused() {
        ConvKernels kernels = KernelCheck.ALL.getFirst().kernels().conv();
        assertThrows(
                IllegalArgumentException.class,
                () -> kernels.forwardPacked(GEOMETRIES.getFirst(), 0, new float[3], 0, Epilogue.NONE));
    }

    private static final class Data {
        final float[] x, w, dy;

        Data(Random random, ConvGeometry g) {
            x = KernelCheck.random(random, g.batch() * g.height() * g.width() * g.inChannels());
            w = KernelCheck.random(random, g.outChannels() * g.terms());
            dy = KernelCheck.random(random, g.batch() * g.outHeight() * g.outWidth() * g.outChannels());
        }
    }

    /** x at a kernel tap of an output position, +0 outside. */
    private static float tap(ConvGeometry g, float[] x, int n, int oh, int ow, int kh, int kw, int c) {
        int h = oh * g.strideH() - g.padTop() + kh * g.dilationH();
        int w = ow * g.strideW() - g.padLeft() + kw * g.dilationW();
        boolean inside = h >= 0 && h < g.height() && w >= 0 && w < g.width();
        return inside ? x[((n * g.height() + h) * g.width() + w) * g.inChannels() + c] : 0f;
    }

    private static float[] forward(ConvGeometry g, Data d) {
        float[] y = new float[d.dy.length];
        for (int i = 0; i < y.length; i++) {
            int o = i % g.outChannels(), ow = i / g.outChannels() % g.outWidth();
            int oh = i / g.outChannels() / g.outWidth() % g.outHeight();
            int n = i / g.outChannels() / g.outWidth() / g.outHeight();
            int group = o / g.groupOut(), ci = g.groupIn(), kw = g.kernelW();
            y[i] = KernelCheck.contract(
                    g.terms(),
                    k -> tap(g, d.x, n, oh, ow, k / ci / kw, k / ci % kw, group * ci + k % ci),
                    k -> d.w[o * g.terms() + k]);
        }
        return y;
    }

    private static float[] inputGradient(ConvGeometry g, Data d) {
        float[] dx = new float[d.x.length];
        int co = g.groupOut(), kw = g.kernelW();
        for (int i = 0; i < dx.length; i++) {
            int c = i % g.inChannels(), w = i / g.inChannels() % g.width();
            int h = i / g.inChannels() / g.width() % g.height();
            int n = i / g.inChannels() / g.width() / g.height();
            int group = c / g.groupIn(), ci = c % g.groupIn();
            dx[i] = KernelCheck.contract(
                    g.kernelH() * kw * co,
                    k -> {
                        int oh = h + g.padTop() - k / co / kw * g.dilationH();
                        int ow = w + g.padLeft() - k / co % kw * g.dilationW();
                        if (oh < 0 || ow < 0 || oh % g.strideH() != 0 || ow % g.strideW() != 0) {
                            return 0f;
                        }
                        oh /= g.strideH();
                        ow /= g.strideW();
                        return oh < g.outHeight() && ow < g.outWidth()
                                ? d.dy[
                                        ((n * g.outHeight() + oh) * g.outWidth() + ow) * g.outChannels()
                                                + group * co
                                                + k % co]
                                : 0f;
                    },
                    k -> d.w[((group * co + k % co) * g.kernelH() * kw + k / co) * g.groupIn() + ci]);
        }
        return dx;
    }

    private static float[] weightGradient(ConvGeometry g, Data d) {
        float[] dw = new float[d.w.length];
        int ow = g.outWidth(), oh = g.outHeight(), ci = g.groupIn();
        for (int i = 0; i < dw.length; i++) {
            int o = i / g.terms(), t = i % g.terms();
            int kh = t / ci / g.kernelW(), kw = t / ci % g.kernelW(), c = o / g.groupOut() * ci + t % ci;
            dw[i] = KernelCheck.contract(
                    g.batch() * oh * ow,
                    k -> d.dy[k * g.outChannels() + o],
                    k -> tap(g, d.x, k / ow / oh, k / ow % oh, k % ow, kh, kw, c));
        }
        return dw;
    }
}
