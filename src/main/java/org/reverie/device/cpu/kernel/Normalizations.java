package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import java.lang.foreign.Arena;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.NormGeometry;
import org.reverie.device.cpu.NormKernels;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;

/**
 * Normalisations over rows of parameters. What belongs to a row's elements (mean, reciprocal deviation, scale, shift)
 * is laid out once per outer index as arrays of the row's length, so that every layout runs through the same loops.
 */
final class Normalizations implements NormKernels {
    private static final int RUN = 1 << 14;

    private final Workers workers;
    private final GroupSums sums;
    private final ColumnSums columns;

    Normalizations(Workers workers) {
        this.workers = workers;
        sums = new GroupSums(workers);
        columns = new ColumnSums(workers);
    }

    @Override
    public void statistics(NormGeometry g, long x, long means, long variances) {
        sums.means(g, x, 0, means);
        sums.means(g, x, means, variances);
    }

    /** A run of rows with the same statistics. */
    private interface Rows {
        /** @param at bytes from the tensor's start to the first row */
        void run(int outer, long at, int rows, int worker);
    }

    private void rows(NormGeometry g, Rows body) {
        if (g.rows() == 0 || g.parameters() == 0) {
            return;
        }
        long row = 4L * g.parameters();
        int each = Math.max(1, RUN / g.parameters());
        if (g.spatial() == 1) {
            workers.parallelFor(Math.ceilDiv(g.outer(), each), (task, worker) -> {
                int end = Math.min(g.outer(), (task + 1) * each);
                for (int o = task * each; o < end; o++) {
                    body.run(o, o * row, 1, worker);
                }
            });
            return;
        }
        int cuts = Math.ceilDiv(g.spatial(), each);
        workers.parallelFor(Math.multiplyExact(g.outer(), cuts), (task, worker) -> {
            int outer = task / cuts;
            int begin = task % cuts * each;
            int count = Math.min(each, g.spatial() - begin);
            body.run(outer, ((long) outer * g.spatial() + begin) * row, count, worker);
        });
    }

    @Override
    public void normalize(
            NormGeometry g,
            long x,
            long means,
            long variances,
            long weight,
            long bias,
            float epsilon,
            Activation activation,
            long y) {
        Statistics statistics = new Statistics(g, means, variances, epsilon);
        int p = g.parameters();
        rows(g, (outer, at, rows, worker) -> {
            float[] stats = statistics.expand(outer, workers, worker);
            float[] affine = affine(g, weight, bias, worker);
            for (int i = 0; i < rows; i++) {
                long row = at + 4L * i * p;
                normal(x + row, stats, p, y + row);
                shift(y + row, affine, p, y + row);
            }
            if (activation != Activation.NONE) {
                Elements.apply(Unary.valueOf(activation.name()), rows * p, y + at, y + at, workers, worker);
            }
        });
    }

    /** Mean and reciprocal deviation of every element of a row. */
    private record Statistics(NormGeometry g, long means, long variances, float epsilon) {
        /** Means, then from {@link #half} on the reciprocals. */
        float[] expand(int outer, Workers workers, int worker) {
            int half = half(g);
            float[] stats = workers.floats(worker, 0, 2 * half);
            for (int s = 0; s < g.groups(); s++) {
                long at = 4L * (outer * g.groups() + s);
                int from = s * g.channels();
                Arrays.fill(stats, from, from + g.channels(), Lanes.get(means + at));
                float r = 1f / (float) Math.sqrt(Lanes.get(variances + at) + epsilon);
                Arrays.fill(stats, half + from, half + from + g.channels(), r);
            }
            return stats;
        }
    }

    private static int half(NormGeometry g) {
        return Math.ceilDiv(g.parameters(), N) * N;
    }

    /** Scales, then from {@link #half} on the shifts. */
    private float[] affine(NormGeometry g, long weight, long bias, int worker) {
        int half = half(g);
        float[] affine = workers.floats(worker, 1, 2 * half);
        if (weight == 0) {
            Arrays.fill(affine, 0, half, 1f);
        } else {
            Packing.copyExactly(weight, g.parameters(), affine, 0);
        }
        if (bias == 0) {
            Arrays.fill(affine, half, 2 * half, 0f);
        } else {
            Packing.copyExactly(bias, g.parameters(), affine, half);
        }
        return affine;
    }

    /** {@code y = (x − mean) · reciprocal} along one row. */
    private static void normal(long x, float[] stats, int n, long y) {
        int half = Math.ceilDiv(n, N) * N;
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector d = Lanes.load(x + 4L * i).sub(FloatVector.fromArray(F, stats, i));
            Lanes.store(d.mul(FloatVector.fromArray(F, stats, half + i)), y + 4L * i);
        }
        if (i < n) {
            FloatVector d = loadFirst(x + 4L * i, n - i).sub(FloatVector.fromArray(F, stats, i));
            storeFirst(d.mul(FloatVector.fromArray(F, stats, half + i)), y + 4L * i, n - i);
        }
    }

    /** {@code y = fma(x, weight, bias)} along one row. */
    private static void shift(long x, float[] affine, int n, long y) {
        int half = Math.ceilDiv(n, N) * N;
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector w = FloatVector.fromArray(F, affine, i);
            Lanes.store(Lanes.load(x + 4L * i).fma(w, FloatVector.fromArray(F, affine, half + i)), y + 4L * i);
        }
        if (i < n) {
            FloatVector w = FloatVector.fromArray(F, affine, i);
            FloatVector b = FloatVector.fromArray(F, affine, half + i);
            storeFirst(loadFirst(x + 4L * i, n - i).fma(w, b), y + 4L * i, n - i);
        }
    }

    @Override
    public void gradient(
            NormGeometry g,
            long x,
            long means,
            long variances,
            long weight,
            long bias,
            long gradient,
            float epsilon,
            Activation activation,
            long dx,
            long dWeight,
            long dBias,
            long workspace) {
        Statistics statistics = new Statistics(g, means, variances, epsilon);
        int p = g.parameters();
        long bytes = 4L * g.rows() * p;
        long normal = workspace;
        long u = workspace + bytes;
        long product = u + bytes;
        rows(g, (outer, at, rows, worker) -> {
            float[] stats = statistics.expand(outer, workers, worker);
            float[] affine = affine(g, weight, bias, worker);
            for (int i = 0; i < rows; i++) {
                long row = at + 4L * i * p;
                normal(x + row, stats, p, normal + row);
                shift(normal + row, affine, p, u + row);
            }
            int n = rows * p;
            if (activation == Activation.NONE) {
                Lanes.MEMORY.asSlice(u + at, 4L * n).copyFrom(Lanes.MEMORY.asSlice(gradient + at, 4L * n));
            } else {
                Binary slope = Binary.valueOf(activation.name() + "_GRADIENT");
                Elements.apply(slope, n, u + at, gradient + at, u + at, workers, worker);
            }
            Elements.apply(Binary.MUL, n, u + at, normal + at, product + at, workers, worker);
        });
        columns.run(1, g.rows(), p, u, 0, dBias);
        columns.run(1, g.rows(), p, product, 0, dWeight);
        rows(g, (outer, at, rows, worker) -> {
            float[] affine = affine(g, weight, 0, worker);
            for (int i = 0; i < rows && weight != 0; i++) {
                scale(u + at + 4L * i * p, affine, p);
            }
            Elements.apply(Binary.MUL, rows * p, u + at, normal + at, product + at, workers, worker);
        });
        float[] meanH = means(g, u);
        float[] meanHn = means(g, product);
        rows(g, (outer, at, rows, worker) -> {
            float[] stats = statistics.expand(outer, workers, worker);
            float[] inner = workers.floats(worker, 1, 2 * half(g));
            for (int s = 0; s < g.groups(); s++) {
                int from = s * g.channels();
                Arrays.fill(inner, from, from + g.channels(), meanH[outer * g.groups() + s]);
                Arrays.fill(inner, half(g) + from, half(g) + from + g.channels(), meanHn[outer * g.groups() + s]);
            }
            for (int i = 0; i < rows; i++) {
                long row = at + 4L * i * p;
                input(u + row, normal + row, inner, stats, p, dx + row);
            }
        });
    }

    private float[] means(NormGeometry g, long x) {
        float[] means = new float[g.statistics()];
        try (Arena arena = Arena.ofConfined()) {
            long y = arena.allocate(Math.max(4L, 4L * means.length), 64).address();
            sums.means(g, x, 0, y);
            for (int s = 0; s < means.length; s++) {
                means[s] = Lanes.get(y + 4L * s);
            }
        }
        return means;
    }

    private static void scale(long u, float[] affine, int n) {
        int i = 0;
        for (; i <= n - N; i += N) {
            Lanes.store(Lanes.load(u + 4L * i).mul(FloatVector.fromArray(F, affine, i)), u + 4L * i);
        }
        if (i < n) {
            FloatVector h = loadFirst(u + 4L * i, n - i).mul(FloatVector.fromArray(F, affine, i));
            storeFirst(h, u + 4L * i, n - i);
        }
    }

    /** {@code dx = ((h − meanH) − normal · meanHn) · reciprocal} along one row. */
    private static void input(long h, long normal, float[] inner, float[] stats, int n, long dx) {
        int half = Math.ceilDiv(n, N) * N;
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector along = Lanes.load(normal + 4L * i).mul(FloatVector.fromArray(F, inner, half + i));
            FloatVector centred = Lanes.load(h + 4L * i)
                    .sub(FloatVector.fromArray(F, inner, i))
                    .sub(along);
            Lanes.store(centred.mul(FloatVector.fromArray(F, stats, half + i)), dx + 4L * i);
        }
        if (i < n) {
            FloatVector along = loadFirst(normal + 4L * i, n - i).mul(FloatVector.fromArray(F, inner, half + i));
            FloatVector centred = loadFirst(h + 4L * i, n - i)
                    .sub(FloatVector.fromArray(F, inner, i))
                    .sub(along);
            storeFirst(centred.mul(FloatVector.fromArray(F, stats, half + i)), dx + 4L * i, n - i);
        }
    }
}
