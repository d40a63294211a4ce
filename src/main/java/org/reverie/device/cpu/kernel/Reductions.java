package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.reverie.device.cpu.ReduceKernels;
import org.reverie.device.cpu.Workers;

/** Reductions of rows and of columns. */
final class Reductions implements ReduceKernels {
    private static final long V = 4L * N;

    /** Elements in a task of rows. */
    private static final int RUN = 1 << 14;

    /** Tasks to a thread in large matrices: memory is read faster in long runs. */
    private static final int TASKS = 16;

    private final Workers workers;
    private final ColumnSums columns;

    Reductions(Workers workers) {
        this.workers = workers;
        columns = new ColumnSums(workers);
    }

    private interface Row {
        void run(int row, int worker);
    }

    private void rows(int rows, int cols, Row body) {
        int each = Math.max(Math.max(1, RUN / Math.max(1, cols)), rows / (TASKS * workers.threads()));
        workers.parallelFor(Math.ceilDiv(rows, each), (task, worker) -> {
            int end = Math.min(rows, (task + 1) * each);
            for (int i = task * each; i < end; i++) {
                body.run(i, worker);
            }
        });
    }

    @Override
    public void sumRows(int rows, int cols, long x, long row, long y) {
        rows(rows, cols, (i, worker) -> Lanes.set(y + 4L * i, RowSums.sum(x + 4 * i * row, cols)));
    }

    @Override
    public void squaresRows(int rows, int cols, long x, long row, long means, long y) {
        rows(rows, cols, (i, worker) -> {
            Lanes.set(y + 4L * i, RowSums.squares(x + 4 * i * row, cols, Lanes.get(means + 4L * i)));
        });
    }

    @Override
    public void sumColumns(int batch, int rows, int cols, long x, long y) {
        columns.run(batch, rows, cols, x, 0, y);
    }

    @Override
    public void squaresColumns(int batch, int rows, int cols, long x, long means, long y) {
        columns.run(batch, rows, cols, x, means, y);
    }

    @Override
    public void softmaxRows(int rows, int cols, long x, long y) {
        if (cols <= 0) {
            return;
        }
        int each = Math.max(1, RUN / cols);
        int together = Math.min(each, SoftmaxRows.together(4L * cols));
        long end = x + 4L * rows * cols;
        workers.parallelFor(Math.ceilDiv(rows, each), (task, worker) -> {
            long e = workers.memory(worker, 1, together * (SoftmaxRows.stride(cols) + 8));
            int last = Math.min(rows, (task + 1) * each);
            for (int i = task * each; i < last; i += together) {
                long at = 4L * i * cols;
                SoftmaxRows.run(x + at, Math.min(together, last - i), cols, end, e, y + at);
            }
        });
    }

    /** The largest of {@code n} floats, at least one. */
    static float max(long x, int n) {
        float best = Lanes.get(x);
        int i = 0;
        if (n >= N) {
            FloatVector m = load(x);
            for (i = N; i <= n - N; i += N) {
                m = m.max(load(x + 4L * i));
            }
            best = m.reduceLanes(VectorOperators.MAX);
        }
        for (; i < n; i++) {
            best = Math.max(best, Lanes.get(x + 4L * i));
        }
        return best;
    }

    @Override
    public void maxRows(int rows, int cols, long x, long y) {
        rows(rows, cols, (i, worker) -> Lanes.set(y + 4L * i, largest(x + 4L * i * cols, cols)));
    }

    /**
     * {@link #max} in one pass that compares and chooses, which is cheaper than a maximum by Java's rules. They matter where
     * zeros meet or a NaN occurs, which shows in the sum: then the row is read again.
     */
    private static float largest(long x, int n) {
        if (n < 2 * N) {
            return max(x, n);
        }
        FloatVector a = load(x);
        FloatVector b = a;
        FloatVector s = FloatVector.zero(F);
        FloatVector t = s;
        long end = x + 4L * n;
        for (long i = x; i < end; i += 2 * V) {
            long at = Math.min(i, end - 2 * V); // the last pair overlaps
            FloatVector p = load(at);
            FloatVector q = load(at + V);
            a = a.blend(p, p.compare(VectorOperators.GT, a));
            b = b.blend(q, q.compare(VectorOperators.GT, b));
            s = s.add(p);
            t = t.add(q);
        }
        float top = a.max(b).reduceLanes(VectorOperators.MAX);
        boolean plain = top != 0 && !Float.isNaN(s.add(t).reduceLanes(VectorOperators.ADD));
        return plain ? top : max(x, n);
    }

    @Override
    public void argmaxRows(int rows, int cols, long x, long y) {
        rows(rows, cols, (i, worker) -> {
            long row = x + 4L * i * cols;
            float max = largest(row, cols);
            Lanes.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, y + 4L * i, first(row, cols, max));
        });
    }

    /** The first index that holds {@code value}, by value: +0 is −0, and NaN is NaN. */
    private static int first(long x, int n, float value) {
        for (int i = 0; i < n; i++) {
            float v = Lanes.get(x + 4L * i);
            if (v == value || v != v) {
                return i;
            }
        }
        return 0;
    }
}
