package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.NormGeometry;
import org.reverie.device.cpu.NormKernels;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;

/**
 * Normalisations over rows of parameters; those of spatial extent 1 by {@link RowNorms}. What belongs to a row's elements
 * (mean, reciprocal deviation, scale, shift) is laid out once per task in arrays of the row's length, or of several rows',
 * so that every layout runs through the same loops.
 */
final class Normalizations implements NormKernels {
    /** Elements in a task. */
    private static final int RUN = 1 << 15;

    /** Elements for which parameters are laid out, at least. */
    private static final int PERIOD = 1 << 9;

    private final Workers workers;
    private final GroupSums sums;
    private final ColumnSums columns;
    private final RowNorms rowNorms;

    Normalizations(Workers workers) {
        this.workers = workers;
        sums = new GroupSums(workers);
        columns = new ColumnSums(workers);
        rowNorms = new RowNorms(workers, columns);
    }

    @Override
    public void statistics(NormGeometry g, long x, long means, long variances) {
        sums.statistics(g, x, means, variances);
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
            boolean own,
            long x,
            long means,
            long variances,
            long weight,
            long bias,
            float epsilon,
            Activation activation,
            long y) {
        if (g.spatial() == 1) {
            rowNorms.normalize(
                    new RowNorms.Operands(g, x, means, variances, weight, bias, epsilon, own), activation, y);
            return;
        }
        if (own) {
            statistics(g, x, means, variances);
        }
        int p = g.parameters();
        int copies = copies(p);
        int period = copies * p;
        rows(g, (outer, at, rows, worker) -> {
            long stats = workers.memory(worker, 0, 8L * period);
            expand(g, outer, means, variances, epsilon, copies, stats);
            long affine = workers.memory(worker, 1, 8L * period);
            repeat(weight, 1f, p, copies, affine);
            repeat(bias, 0f, p, copies, affine + 4L * period);
            for (int i = 0; i < rows; i += copies) {
                int n = Math.min(copies, rows - i) * p;
                long from = at + 4L * i * p;
                NormLoops.affine(x + from, stats, stats + 4L * period, affine, affine + 4L * period, n, y + from);
                if (activation != Activation.NONE) {
                    Elements.apply(Unary.valueOf(activation.name()), n, y + from, y + from, workers, worker);
                }
            }
        });
    }

    /** How many rows of parameters are laid out one after the other: whole vectors, and not too few. */
    private static int copies(int parameters) {
        int whole = N / Math.min(N, Integer.lowestOneBit(parameters));
        return whole * Math.max(1, Math.ceilDiv(PERIOD, whole * parameters));
    }

    /** Means of every element of {@code copies} rows, then their reciprocal deviations. */
    private static void expand(
            NormGeometry g, int outer, long means, long variances, float epsilon, int copies, long to) {
        long half = 4L * copies * g.parameters();
        for (int s = 0; s < g.groups(); s++) {
            long at = 4L * (outer * g.groups() + s);
            float mean = Lanes.get(means + at);
            float reciprocal = 1f / (float) Math.sqrt(Lanes.get(variances + at) + epsilon);
            for (int c = s * g.channels(); c < (s + 1) * g.channels(); c++) {
                Lanes.set(to + 4L * c, mean);
                Lanes.set(to + half + 4L * c, reciprocal);
            }
        }
        repeat(to, 0f, g.parameters(), copies, to);
        repeat(to + half, 0f, g.parameters(), copies, to + half);
    }

    /** {@code copies} times the {@code n} numbers, which may stand at {@code to}; if there are none, {@code value}. */
    private static void repeat(long numbers, float value, int n, int copies, long to) {
        for (int i = 0; i < n && numbers == 0; i++) {
            Lanes.set(to + 4L * i, value);
        }
        if (numbers != 0 && numbers != to) {
            MemorySegment.copy(Lanes.MEMORY, numbers, Lanes.MEMORY, to, 4L * n);
        }
        for (int i = 1; i < copies; i++) {
            MemorySegment.copy(Lanes.MEMORY, to, Lanes.MEMORY, to + 4L * i * n, 4L * n);
        }
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
            boolean own,
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
        if (g.spatial() == 1) {
            RowNorms.Operands o = new RowNorms.Operands(g, x, means, variances, weight, bias, epsilon, own);
            rowNorms.gradient(o, gradient, activation, dx, dWeight, dBias, workspace);
            return;
        }
        if (own) {
            statistics(g, x, means, variances);
        }
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
