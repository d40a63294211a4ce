package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.reverie.device.cpu.PoolKernels.Count;
import org.reverie.device.cpu.PoolKernels.Windows;

class PoolKernelsTest {
    private static final List<Windows> WINDOWS = List.of(
            new Windows(2, 4, 6, 19, 2, 3, 2, 2, 2, 2, 0, 0),
            new Windows(1, 7, 8, 33, 4, 4, 3, 3, 2, 2, 1, 1),
            new Windows(3, 6, 9, 5, 3, 3, 3, 2, 2, 3, 1, 0),
            new Windows(1, 17, 17, 3, 1, 1, 17, 17, 1, 1, 0, 0),
            new Windows(2, 9, 9, 40, 7, 7, 3, 3, 1, 1, 0, 0));

    private static float[] values(Random random, int n) {
        float[] x = KernelCheck.random(random, n);
        for (int i = 0; i < n; i += 11) {
            x[i] = List.of(0f, -0f, Float.NaN, Float.NEGATIVE_INFINITY, 2f).get(random.nextInt(5));
        }
        return x;
    }

    /** Visits the elements of the window of output o that lie in the image, row by row; −1 for those that do not. */
    private static void window(Windows w, int o, IntConsumer visit) {
        int c = o % w.channels(), j = o / w.channels() % w.outWidth();
        int i = o / w.channels() / w.outWidth() % w.outHeight();
        int n = o / w.channels() / w.outWidth() / w.outHeight();
        for (int k = 0; k < w.kernelH() * w.kernelW(); k++) {
            int h = i * w.strideH() - w.padTop() + k / w.kernelW();
            int v = j * w.strideW() - w.padLeft() + k % w.kernelW();
            boolean inside = h >= 0 && h < w.height() && v >= 0 && v < w.width();
            visit.accept(inside ? ((n * w.height() + h) * w.width() + v) * w.channels() + c : -1);
        }
    }

    private static int best(Windows w, int o, float[] x) {
        int[] best = {-1};
        window(w, o, at -> {
            if (at >= 0) {
                boolean first = best[0] < 0;
                boolean nan = !first && Float.isNaN(x[at]) && !Float.isNaN(x[best[0]]);
                best[0] = first || nan || x[at] > x[best[0]] ? at : best[0];
            }
        });
        return best[0];
    }

    @Test
    void maxima() {
        Random random = new Random(18);
        for (Windows w : WINDOWS) {
            float[] x = values(random, w.batch() * w.height() * w.width() * w.channels());
            int outputs = w.batch() * w.outHeight() * w.outWidth() * w.channels();
            float[] g = values(random, outputs), y = new float[outputs], dx = new float[x.length];
            for (int o = 0; o < outputs; o++) {
                int at = best(w, o, x);
                y[o] = x[at];
                dx[at] += g[o];
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), ga = KernelCheck.address(arena, g);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    String what = w + ", " + named.name();
                    long ya = KernelCheck.address(arena, outputs), da = KernelCheck.address(arena, x.length);
                    named.kernels().pool().max(w, xa, ya);
                    KernelCheck.same("max " + what, y, KernelCheck.read(ya, outputs));
                    named.kernels().pool().maxGradient(w, xa, ga, da);
                    KernelCheck.same("gradient " + what, dx, KernelCheck.read(da, x.length));
                }
            }
        }
    }

    @Test
    void averages() {
        Random random = new Random(19);
        Count count = (i, j) -> 3 + i + 2 * j;
        for (Windows w : WINDOWS) {
            float[] x = KernelCheck.random(random, w.batch() * w.height() * w.width() * w.channels());
            int outputs = w.batch() * w.outHeight() * w.outWidth() * w.channels();
            float[] g = KernelCheck.random(random, outputs), y = new float[outputs], dx = new float[x.length];
            for (int o = 0; o < outputs; o++) {
                int j = o / w.channels() % w.outWidth(), i = o / w.channels() / w.outWidth() % w.outHeight();
                float share = g[o] / count.at(i, j);
                float[] taps = new float[w.kernelH() * w.kernelW()];
                int[] tap = {0};
                window(w, o, at -> {
                    taps[tap[0]++] = at < 0 ? 0f : x[at];
                    if (at >= 0) {
                        dx[at] += share;
                    }
                });
                y[o] = KernelCheck.contract(taps.length, k -> taps[k], k -> 1f) / count.at(i, j);
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), ga = KernelCheck.address(arena, g);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    String what = w + ", " + named.name();
                    long ya = KernelCheck.address(arena, outputs), da = KernelCheck.address(arena, x.length);
                    named.kernels().pool().average(w, count, xa, ya);
                    KernelCheck.same("average " + what, y, KernelCheck.read(ya, outputs));
                    named.kernels().pool().averageGradient(w, count, ga, da);
                    KernelCheck.same("gradient " + what, dx, KernelCheck.read(da, x.length));
                }
            }
        }
    }

    @Test
    void wholeImages() {
        Random random = new Random(20);
        for (int[] s : new int[][] {{2, 49, 37}, {1, 5000, 3}, {3, 196, 64}, {2, 600, 5}}) {
            int batch = s[0], pixels = s[1], channels = s[2];
            float[] x = KernelCheck.random(random, batch * pixels * channels), w = KernelCheck.random(random, pixels);
            float[] mean = new float[batch * channels], weighted = new float[batch * channels];
            for (int o = 0; o < mean.length; o++) {
                int first = o / channels * pixels * channels + o % channels;
                float[] column = new float[pixels];
                for (int i = 0; i < pixels; i++) {
                    column[i] = x[first + i * channels];
                }
                mean[o] = KernelCheck.reduce(column) / pixels;
                weighted[o] = KernelCheck.contract(pixels, k -> column[k], k -> w[k]);
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), wa = KernelCheck.address(arena, w);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long y = KernelCheck.address(arena, mean.length);
                    named.kernels().pool().globalAverage(batch, pixels, channels, xa, y);
                    KernelCheck.same("mean, " + named.name(), mean, KernelCheck.read(y, mean.length));
                    named.kernels().pool().weighted(batch, pixels, channels, xa, wa, y);
                    KernelCheck.same("weighted, " + named.name(), weighted, KernelCheck.read(y, mean.length));
                }
            }
        }
    }
}
