package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
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
        int each = Math.max(1, RUN / Math.max(1, cols));
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
        int padded = Math.ceilDiv(cols, N) * N;
        long whole = 4L * Math.max(0, (long) rows * cols - padded); // up to here a row may be read a vector too far
        rows(rows, cols, (i, worker) -> {
            long at = 4L * i * cols;
            long e = workers.memory(worker, 1, 4L * padded);
            exponentials(x + at, cols, at <= whole && x != y ? padded : cols, e);
            quotients(e, cols, RowSums.sum(e, cols), y + at);
        });
    }

    /** {@code exp(x − the row's largest)}; where that many floats may be read, and what follows the row spoilt. */
    private static void exponentials(long x, int n, int readable, long e) {
        float top = top(x, n);
        int whole = readable / N * N;
        ElementaryLoops.expBelow(top, x, e, 4L * whole);
        if (whole < n) {
            long last = e + 4L * whole;
            Lanes.store(Lanes.loadFirst(x + 4L * whole, n - whole), last);
            ElementaryLoops.expBelow(top, last, last, V);
        }
    }

    /**
     * The largest of {@code n} floats, at least one, for a softmax: which zero it is does not matter there, nor does a
     * NaN that is passed over, because its exponential spoils the sum. Comparing and choosing is cheaper than a maximum
     * with the rules of Java's.
     */
    private static float top(long x, int n) {
        if (n < N) {
            return max(x, n);
        }
        FloatVector a = load(x);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        long end = 4L * n;
        long i = 0;
        for (; i + 4 * V <= end; i += 4 * V) {
            FloatVector p = load(x + i);
            FloatVector q = load(x + i + V);
            FloatVector r = load(x + i + 2 * V);
            FloatVector s = load(x + i + 3 * V);
            a = a.blend(p, p.compare(GT, a));
            b = b.blend(q, q.compare(GT, b));
            c = c.blend(r, r.compare(GT, c));
            d = d.blend(s, s.compare(GT, d));
        }
        for (; i < end; i += V) {
            FloatVector p = load(x + Math.min(i, end - V)); // the last one overlaps the one before
            a = a.blend(p, p.compare(GT, a));
        }
        a = a.blend(b, b.compare(GT, a));
        c = c.blend(d, d.compare(GT, c));
        return a.max(c).reduceLanes(VectorOperators.MAX);
    }

    private static void quotients(long e, int n, float sum, long y) {
        FloatVector divisor = FloatVector.broadcast(F, sum);
        long end = n / N * V;
        for (long i = 0; i < end; i += V) {
            Lanes.store(load(e + i).div(divisor), y + i);
        }
        if (n % N > 0) {
            Lanes.storeFirst(load(e + end).div(divisor), y + end, n % N);
        }
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

    /** {@link #max}, by way of {@link #top} where no zero and no NaN needs the rules; a NaN shows in the sum. */
    private static float largest(long x, int n) {
        float top = top(x, n);
        boolean plain = top != 0 && !Float.isNaN(RowSums.sum(x, n));
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
