package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.numerics.Elementary;

class ReduceKernelsTest {
    private static final int[] LENGTHS = {0, 1, 5, 31, 32, 33, 64, 100, 1000, 4096, 4097, 9000, 140_000};

    @Test
    void rows() {
        Random random = new Random(14);
        for (int cols : LENGTHS) {
            int rows = cols > 5000 ? 3 : 37;
            int stride = cols + 3;
            float[] x = KernelCheck.random(random, rows * stride);
            float[] sums = new float[rows], means = new float[rows], squares = new float[rows];
            for (int i = 0; i < rows; i++) {
                float[] row = java.util.Arrays.copyOfRange(x, i * stride, i * stride + cols);
                sums[i] = KernelCheck.reduce(row);
                means[i] = cols == 0 ? 0f : sums[i] / cols;
                squares[i] = KernelCheck.reduce(squared(row, means[i]));
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), ma = KernelCheck.address(arena, means);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long y = KernelCheck.address(arena, rows);
                    named.kernels().reduce().sumRows(rows, cols, xa, stride, y);
                    KernelCheck.same(cols + " sums, " + named.name(), sums, KernelCheck.read(y, rows));
                    named.kernels().reduce().squaresRows(rows, cols, xa, stride, ma, y);
                    KernelCheck.same(cols + " squares, " + named.name(), squares, KernelCheck.read(y, rows));
                }
            }
        }
    }

    private static float[] squared(float[] x, float mean) {
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = (x[i] - mean) * (x[i] - mean);
        }
        return y;
    }

    @Test
    void columns() {
        Random random = new Random(15);
        int[][] shapes = {
            {1, 1, 5},
            {2, 31, 7},
            {1, 33, 16},
            {3, 49, 40},
            {1, 700, 300},
            {1, 5000, 33},
            {2, 9000, 3},
            {1, 64, 1},
            {1, 140_000, 2},
            {1, 0, 4}
        };
        for (int[] s : shapes) {
            int batch = s[0], rows = s[1], cols = s[2];
            float[] x = KernelCheck.random(random, batch * rows * cols);
            float[] sums = new float[batch * cols], means = new float[batch * cols], squares = new float[batch * cols];
            for (int o = 0; o < sums.length; o++) {
                float[] column = new float[rows];
                for (int i = 0; i < rows; i++) {
                    column[i] = x[(o / cols * rows + i) * cols + o % cols];
                }
                sums[o] = KernelCheck.reduce(column);
                means[o] = sums[o] / Math.max(1, rows);
                squares[o] = KernelCheck.reduce(squared(column, means[o]));
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), ma = KernelCheck.address(arena, means);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    String what = java.util.Arrays.toString(s) + ", " + named.name();
                    long y = KernelCheck.address(arena, sums.length);
                    named.kernels().reduce().sumColumns(batch, rows, cols, xa, y);
                    KernelCheck.same("sums " + what, sums, KernelCheck.read(y, sums.length));
                    named.kernels().reduce().squaresColumns(batch, rows, cols, xa, ma, y);
                    KernelCheck.same("squares " + what, squares, KernelCheck.read(y, sums.length));
                }
            }
        }
    }

    @Test
    void softmaxAndMaxima() {
        Random random = new Random(16);
        for (int cols : new int[] {1, 10, 16, 33, 1000, 5000}) {
            int rows = 29;
            float[] x = KernelCheck.random(random, rows * cols);
            for (int i = 0; i < x.length; i += 97) {
                x[i] = i % 2 == 0 ? -0f : Float.POSITIVE_INFINITY;
            }
            x[x.length - 1] = Float.NaN;
            float[] softmax = new float[x.length], max = new float[rows];
            int[] place = new int[rows];
            for (int i = 0; i < rows; i++) {
                float m = x[i * cols];
                for (int j = 1; j < cols; j++) {
                    float v = x[i * cols + j], best = x[i * cols + place[i]];
                    m = Math.max(m, v);
                    place[i] = v > best || Float.isNaN(v) && !Float.isNaN(best) ? j : place[i];
                }
                max[i] = m;
                float[] e = new float[cols];
                for (int j = 0; j < cols; j++) {
                    e[j] = Elementary.exp(x[i * cols + j] - m);
                }
                float sum = KernelCheck.reduce(e);
                for (int j = 0; j < cols; j++) {
                    softmax[i * cols + j] = e[j] / sum;
                }
            }
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    String what = cols + ", " + named.name();
                    long y = KernelCheck.address(arena, x.length);
                    named.kernels().reduce().maxRows(rows, cols, xa, y);
                    KernelCheck.same("max " + what, max, KernelCheck.read(y, rows));
                    named.kernels().reduce().argmaxRows(rows, cols, xa, y);
                    for (int i = 0; i < rows; i++) {
                        int at = MemorySegment.ofAddress(y + 4L * i)
                                .reinterpret(4)
                                .get(ValueLayout.JAVA_INT, 0);
                        assertEquals(place[i], at, "place in row " + i + " of " + what);
                    }
                    named.kernels().reduce().softmaxRows(rows, cols, xa, y);
                    KernelCheck.same("softmax " + what, softmax, KernelCheck.read(y, x.length));
                    long z = KernelCheck.address(arena, x);
                    named.kernels().reduce().softmaxRows(rows, cols, z, z);
                    KernelCheck.same("softmax in place " + what, softmax, KernelCheck.read(z, x.length));
                }
            }
        }
    }
}
