package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.store;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import org.reverie.device.cpu.FusedKernels;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.cpu.Workers;

/**
 * Fused formulas: work is cut into runs, one task each; a run's whole vectors go through the loop of the formula, and the
 * rest through the same loop by way of a vector of scratch for each operand.
 */
final class Formulas implements FusedKernels {
    private static final long V = 4L * N;

    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    private final Workers workers;

    Formulas(Workers workers) {
        this.workers = workers;
    }

    /** A loop of {@link FormulaLoops} with its numbers bound; bytes are a multiple of the vector's. */
    private interface Loop {
        void run(long a, long b, long y, long bytes);
    }

    /** Runs a loop over {@code n} elements; b may be 0 if the loop does not read it. */
    private void apply(int n, long a, long b, long y, int worker, Loop loop) {
        int rest = n % N;
        long bytes = 4L * (n - rest);
        loop.run(a, b, y, bytes);
        if (rest > 0) {
            long spare = workers.memory(worker, 2, 3 * V);
            store(loadFirst(a + bytes, rest), spare);
            if (b != 0) {
                store(loadFirst(b + bytes, rest), spare + V);
            }
            store(loadFirst(y + bytes, rest), spare + 2 * V);
            loop.run(spare, spare + V, spare + 2 * V, V);
            storeFirst(load(spare + 2 * V), y + bytes, rest);
        }
    }

    private void each(long n, long a, long b, long y, Loop loop) {
        workers.parallelFor(Math.toIntExact(Math.ceilDiv(n, RUN)), (task, worker) -> {
            long at = 4L * task * RUN;
            int count = (int) Math.min(RUN, n - (long) task * RUN);
            apply(count, a + at, b == 0 ? 0 : b + at, y + at, worker, loop);
        });
    }

    /** A loop that keeps what it knows on the way in {@code spare}, as many bytes. */
    private interface SpareLoop {
        void run(long a, long b, long y, long bytes, long spare);
    }

    private void tiled(long n, long a, long b, long y, SpareLoop loop) {
        workers.parallelFor(Math.toIntExact(Math.ceilDiv(n, RUN)), (task, worker) -> {
            long spare = workers.memory(worker, 4, 4L * Elements.TILE);
            long end = Math.min(n, (task + 1L) * RUN);
            for (long i = (long) task * RUN; i < end; i += Elements.TILE) {
                int count = (int) Math.min(Elements.TILE, end - i);
                apply(count, a + 4 * i, b + 4 * i, y + 4 * i, worker, (l, r, to, bytes) -> {
                    loop.run(l, r, to, bytes, spare);
                });
            }
        });
    }

    /** A formula on row {@code row}. */
    private interface Row {
        void of(int row, int worker);
    }

    private void rows(int rows, int cols, Row body) {
        int each = Math.max(1, RUN / Math.max(1, cols));
        workers.parallelFor(Math.ceilDiv(rows, each), (task, worker) -> {
            for (int r = task * each; r < Math.min(rows, (task + 1) * each); r++) {
                body.of(r, worker);
            }
        });
    }

    @Override
    public void fill(long n, float value, long y) {
        each(n, y, 0, y, (a, b, to, bytes) -> FormulaLoops.fill(value, to, bytes));
    }

    @Override
    public void clamp(long n, float low, float high, long x, long y) {
        each(n, x, 0, y, (a, b, to, bytes) -> FormulaLoops.clamp(low, high, a, to, bytes));
    }

    @Override
    public void clampGradient(long n, float low, float high, long x, long g, long y) {
        each(n, x, g, y, (a, b, to, bytes) -> FormulaLoops.clampGradient(low, high, a, b, to, bytes));
    }

    @Override
    public void combine(float[] a, float[] b, int cols, long x, long z, long y) {
        if (a.length == 1) {
            each(cols, x, z, y, (l, r, to, bytes) -> FormulaLoops.combine(a[0], l, b[0], r, to, bytes));
            return;
        }
        rows(a.length, cols, (row, worker) -> {
            long at = 4L * row * cols;
            apply(cols, x + at, z + at, y + at, worker, (l, r, to, bytes) -> {
                FormulaLoops.combine(a[row], l, b[row], r, to, bytes);
            });
        });
    }

    @Override
    public void denoise(long n, float scale, float noise, long x, long e, long y) {
        each(n, x, e, y, (a, b, to, bytes) -> FormulaLoops.denoise(scale, -noise, a, b, to, bytes));
    }

    @Override
    public void sgd(long n, long p, long v, long g, float lr, float momentum, boolean nesterov, float decay) {
        workers.parallelFor(Math.toIntExact(Math.ceilDiv(n, RUN)), (task, worker) -> {
            long at = 4L * task * RUN;
            int count = (int) Math.min(RUN, n - (long) task * RUN);
            long d = g + at;
            long scratch = workers.memory(worker, 1, 4L * RUN);
            if (decay != 0) {
                apply(count, p + at, d, scratch, worker, (a, b, to, bytes) -> {
                    FormulaLoops.axpz(decay, a, b, to, bytes);
                });
                d = scratch;
            }
            if (v != 0) {
                apply(count, v + at, d, v + at, worker, (a, b, to, bytes) -> {
                    FormulaLoops.axpz(momentum, a, b, to, bytes);
                });
                if (nesterov) {
                    apply(count, v + at, d, scratch, worker, (a, b, to, bytes) -> {
                        FormulaLoops.axpz(momentum, a, b, to, bytes);
                    });
                    d = scratch;
                } else {
                    d = v + at;
                }
            }
            apply(count, d, 0, p + at, worker, (a, b, to, bytes) -> FormulaLoops.axpy(-lr, a, to, bytes));
        });
    }

    @Override
    public void geglu(int rows, int cols, long x, long y) {
        rows(rows, cols, (row, worker) -> {
            long a = x + 8L * row * cols;
            long to = y + 4L * row * cols;
            gate(cols, a, a + 4L * cols, to, worker);
        });
    }

    /** {@code y = a · gelu(b)}. */
    private void gate(int n, long a, long b, long y, int worker) {
        Elements.apply(Unary.GELU, n, b, y, workers, worker);
        Elements.apply(Binary.MUL, n, a, y, y, workers, worker);
    }

    @Override
    public void gegluGradient(int rows, int cols, long x, long g, long dx) {
        rows(rows, cols, (row, worker) -> {
            long a = x + 8L * row * cols;
            long b = a + 4L * cols;
            long arrived = g + 4L * row * cols;
            long da = dx + 8L * row * cols;
            long db = da + 4L * cols;
            gate(cols, arrived, b, da, worker);
            Elements.apply(Binary.MUL, cols, arrived, a, db, workers, worker);
            Elements.apply(Binary.GELU_GRADIENT, cols, b, db, db, workers, worker);
        });
    }

    @Override
    public void squaredDifference(long n, long a, long b, long y) {
        each(n, a, b, y, FormulaLoops::squaredDifference);
    }

    @Override
    public void weightedDifference(long n, float weight, long a, long b, long y) {
        each(n, a, b, y, (l, r, to, bytes) -> FormulaLoops.weightedDifference(weight, l, r, to, bytes));
    }

    @Override
    public void logisticLoss(long n, long x, long z, long y) {
        tiled(n, x, z, y, FormulaLoops::logisticLoss);
    }

    @Override
    public void logisticGradient(long n, float weight, long x, long z, long y) {
        tiled(n, x, z, y, (l, r, to, bytes, spare) -> {
            FormulaLoops.logisticGradient(weight, l, r, to, bytes, spare);
        });
    }
}
