package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.device.spec.Activation;
import org.reverie.numerics.Elementary;

class NormKernelsTest {
    private static final float EPSILON = 1e-5f;
    private static final List<NormGeometry> GEOMETRIES = List.of(
            new NormGeometry(1, 70, 19, 1),
            new NormGeometry(1, 5000, 3, 1),
            new NormGeometry(21, 1, 1, 37),
            new NormGeometry(3, 1, 1, 5000),
            new NormGeometry(2, 49, 4, 3),
            new NormGeometry(2, 9, 3, 40),
            new NormGeometry(3, 25, 1, 10),
            new NormGeometry(2, 700, 2, 8),
            new NormGeometry(2, 900, 3, 10),
            new NormGeometry(1, 51, 2, 17),
            new NormGeometry(3, 33, 5, 7),
            new NormGeometry(1, 900, 2, 5),
            new NormGeometry(2, 10, 3, 130),
            new NormGeometry(4, 1, 5, 6),
            new NormGeometry(2, 30, 18, 1));

    /** Which statistics element i has. */
    private static int group(NormGeometry g, int i) {
        return i / (g.parameters() * g.spatial()) * g.groups() + i / g.channels() % g.groups();
    }

    private interface Value {
        float at(int i);
    }

    private static float[] means(NormGeometry g, Value x) {
        float[] means = new float[g.statistics()];
        for (int s = 0; s < means.length; s++) {
            float[] values = new float[g.size()];
            for (int j = 0; j < values.length; j++) {
                int row = s / g.groups() * g.spatial() + j / g.channels();
                values[j] = x.at((row * g.groups() + s % g.groups()) * g.channels() + j % g.channels());
            }
            means[s] = KernelCheck.reduce(values) / g.size();
        }
        return means;
    }

    private static float[] columns(NormGeometry g, Value x) {
        int p = g.parameters();
        float[] sums = new float[p];
        for (int j = 0; j < p; j++) {
            float[] values = new float[g.rows()];
            for (int i = 0; i < values.length; i++) {
                values[i] = x.at(i * p + j);
            }
            sums[j] = KernelCheck.reduce(values);
        }
        return sums;
    }

    private static float reciprocal(float variance) {
        return 1f / (float) Math.sqrt(variance + EPSILON);
    }

    @Test
    void forwardAndGradientHaveTheBitsOfTheContract() {
        Random random = new Random(17);
        for (int turn = 0; turn < 2 * GEOMETRIES.size(); turn++) {
            NormGeometry g = GEOMETRIES.get(turn / 2);
            boolean rich = turn % 2 == 0;
            int p = g.parameters(), n = g.rows() * p;
            float[] x = KernelCheck.random(random, n), dy = KernelCheck.random(random, n);
            float[] w = KernelCheck.random(random, p), b = KernelCheck.random(random, p);
            float[] means = means(g, i -> x[i]);
            float[] variances = means(g, i -> (x[i] - means[group(g, i)]) * (x[i] - means[group(g, i)]));
            float[] normal = new float[n], y = new float[n], u = new float[n], h = new float[n], dx = new float[n];
            for (int i = 0; i < n; i++) {
                int s = group(g, i);
                normal[i] = (x[i] - means[s]) * reciprocal(variances[s]);
                float v = Math.fma(normal[i], rich ? w[i % p] : 1f, rich ? b[i % p] : 0f);
                float sigmoid = Elementary.sigmoid(v);
                y[i] = rich ? v * sigmoid : v;
                u[i] = rich ? dy[i] * (sigmoid * Math.fma(v, 1f - sigmoid, 1f)) : dy[i];
                h[i] = rich ? u[i] * w[i % p] : u[i];
            }
            float[] meanH = means(g, i -> h[i]), meanHn = means(g, i -> h[i] * normal[i]);
            for (int i = 0; i < n; i++) {
                int s = group(g, i);
                dx[i] = (h[i] - meanH[s] - normal[i] * meanHn[s]) * reciprocal(variances[s]);
            }
            float[] dw = columns(g, i -> u[i] * normal[i]), db = columns(g, i -> u[i]);
            Activation activation = rich ? Activation.SILU : Activation.NONE;
            try (Arena arena = Arena.ofConfined()) {
                long xa = KernelCheck.address(arena, x), ga = KernelCheck.address(arena, dy);
                long wa = rich ? KernelCheck.address(arena, w) : 0, ba = rich ? KernelCheck.address(arena, b) : 0;
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    String what = g + (rich ? " silu, " : ", ") + named.name();
                    NormKernels kernels = named.kernels().norm();
                    long ma = KernelCheck.address(arena, means.length), va = KernelCheck.address(arena, means.length);
                    kernels.statistics(g, xa, ma, va);
                    KernelCheck.same("means " + what, means, KernelCheck.read(ma, means.length));
                    KernelCheck.same("variances " + what, variances, KernelCheck.read(va, means.length));
                    for (boolean own : new boolean[] {false, true}) {
                        long own1 = own ? KernelCheck.address(arena, means.length) : ma;
                        long own2 = own ? KernelCheck.address(arena, means.length) : va;
                        long ya = KernelCheck.address(arena, n);
                        kernels.normalize(g, own, xa, own1, own2, wa, ba, EPSILON, activation, ya);
                        KernelCheck.same("y " + what, y, KernelCheck.read(ya, n));
                        KernelCheck.same("means " + what, means, KernelCheck.read(own1, means.length));
                        KernelCheck.same("variances " + what, variances, KernelCheck.read(own2, means.length));
                        long dxa = KernelCheck.address(arena, n), dwa = KernelCheck.address(arena, p);
                        long dba = KernelCheck.address(arena, p), space = KernelCheck.address(arena, 3 * n);
                        kernels.gradient(g, own, xa, own1, own2, wa, ba, ga, EPSILON, activation, dxa, dwa, dba, space);
                        KernelCheck.same("dx " + what, dx, KernelCheck.read(dxa, n));
                        KernelCheck.same("dw " + what, dw, KernelCheck.read(dwa, p));
                        KernelCheck.same("db " + what, db, KernelCheck.read(dba, p));
                    }
                }
            }
        }
    }
}
