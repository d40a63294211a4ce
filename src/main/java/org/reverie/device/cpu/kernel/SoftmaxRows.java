package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import org.reverie.numerics.Contract;

/**
 * The steps of a softmax, each for several rows before the next step: the folding of one row's maximum or sum, a chain of
 * dependent operations, then runs beside the work on the next rows, which matters as soon as rows are short. Rows are {@code ld} bytes apart.
 */
final class SoftmaxRows {
    private static final long V = 4L * N;

    /** Bytes of rows that go through all steps together, to stay in the first-level cache. */
    private static final long NEAR = 1 << 13;

    private static final VectorShuffle<Float> DOWN_8 = down(8);
    private static final VectorShuffle<Float> DOWN_4 = down(4);
    private static final VectorShuffle<Float> DOWN_2 = down(2);
    private static final VectorShuffle<Float> DOWN_1 = down(1);

    private SoftmaxRows() {}

    /** Lane l becomes lane l + h. */
    private static VectorShuffle<Float> down(int h) {
        return VectorShuffle.fromOp(F, l -> (l + h) % N);
    }

    /** How many rows of {@code bytes} bytes to take together. */
    static int together(long bytes) {
        return (int) Math.clamp(NEAR / Math.max(1, bytes), 1, 64);
    }

    /** Bytes from row to row of exponentials: whole blocks of the contract's lanes. */
    static long stride(int n) {
        return 4L * Math.ceilDiv(n, Contract.LANES) * Contract.LANES;
    }

    /**
     * The softmax of {@code rows} contiguous rows.
     *
     * @param n floats in a row
     * @param end where readable memory ends behind the rows
     * @param e room for the exponentials, {@link #stride} bytes each row, and two floats for each row
     */
    static void run(long x, int rows, int n, long end, long e, long y) {
        long row = 4L * n;
        long ld = stride(n);
        long tops = e + rows * ld;
        long sums = tops + 4L * rows;
        long bytes = V * Math.ceilDiv(n, N);
        int whole = (int) Math.clamp((end - x - bytes) / row + 1, 0, rows); // rows that may be read to a vector's end
        tops(x, row, rows, n, tops);
        exponentials(x, row, whole, bytes, tops, e, ld);
        for (int r = whole; r < rows; r++) {
            long to = e + r * ld;
            for (int j = 0; j < n; j += N) {
                Lanes.store(Lanes.loadFirst(x + r * row + 4L * j, n - j), to + 4L * j);
            }
            exponentials(to, ld, 1, bytes, tops + 4L * r, to, ld);
        }
        clear(e, ld, rows, n);
        sums(e, ld, rows, (int) (ld / 4), sums);
        quotients(e, ld, rows, n, sums, y);
    }

    /**
     * The largest of each row's {@code n} floats, at least one, as a softmax wants it: which zero it is does not matter
     * there, nor does a NaN that is passed over, because its exponential spoils the sum. Comparing and choosing is cheaper than a
     * maximum with the rules of Java's.
     */
    static void tops(long x, long ld, int rows, int n, long tops) {
        for (int r = 0; r < rows; r++) {
            Lanes.set(tops + 4L * r, top(x + r * ld, n));
        }
    }

    /** {@link #tops} of one row. */
    static float top(long x, int n) {
        if (n < N) {
            return Reductions.max(x, n);
        }
        FloatVector a = fromMemorySegment(F, MEMORY, x, ORDER);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        long end = 4L * n;
        long i = 0;
        for (; i + 4 * V <= end; i += 4 * V) {
            FloatVector p = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector q = fromMemorySegment(F, MEMORY, x + i + V, ORDER);
            FloatVector r = fromMemorySegment(F, MEMORY, x + i + 2 * V, ORDER);
            FloatVector s = fromMemorySegment(F, MEMORY, x + i + 3 * V, ORDER);
            a = a.blend(p, p.compare(GT, a));
            b = b.blend(q, q.compare(GT, b));
            c = c.blend(r, r.compare(GT, c));
            d = d.blend(s, s.compare(GT, d));
        }
        for (; i < end; i += V) {
            FloatVector p = fromMemorySegment(F, MEMORY, x + Math.min(i, end - V), ORDER); // the last overlaps
            a = a.blend(p, p.compare(GT, a));
        }
        a = a.blend(b, b.compare(GT, a));
        c = c.blend(d, d.compare(GT, c));
        a = a.blend(c, c.compare(GT, a));
        if (N > 8) {
            b = a.rearrange(DOWN_8);
            a = a.blend(b, b.compare(GT, a));
        }
        if (N > 4) {
            b = a.rearrange(DOWN_4);
            a = a.blend(b, b.compare(GT, a));
        }
        b = a.rearrange(DOWN_2);
        a = a.blend(b, b.compare(GT, a));
        b = a.rearrange(DOWN_1);
        return a.blend(b, b.compare(GT, a)).lane(0);
    }

    /** {@code e = exp(x − top)} of each row, {@code bytes} of it, as {@link ElementaryLoops#expBelow}; e may be x. */
    static void exponentials(long x, long ldx, int rows, long bytes, long tops, long e, long ld) {
        for (int r = 0; r < rows; r++) {
            FloatVector top = FloatVector.broadcast(F, Lanes.get(tops + 4L * r));
            long from = x + r * ldx;
            long to = e + r * ld;
            for (long i = 0; i < bytes; i += V) {
                FloatVector v = fromMemorySegment(F, MEMORY, from + i, ORDER).sub(top);
                FloatVector c = v.blend(EXP_MIN, v.compare(LT, EXP_MIN));
                FloatVector t = c.fma(LOG2E, ROUND);
                FloatVector n = t.sub(ROUND);
                FloatVector d = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
                FloatVector p = EXP_4.fma(d, EXP_3)
                        .fma(d, EXP_2)
                        .fma(d, EXP_1)
                        .fma(d, EXP_0)
                        .fma(d, ONE)
                        .fma(d, ONE);
                IntVector s = t.reinterpretAsInts().sub(RAISED_BITS).lanewise(LSHL, 23);
                p.mul(s.reinterpretAsFloats()).mul(LOWERED).intoMemorySegment(MEMORY, to + i, ORDER);
            }
        }
    }

    /** +0 from float {@code n} of each row to the end of its last block of the contract's lanes. */
    private static void clear(long e, long ld, int rows, int n) {
        VectorMask<Float> kept = F.indexInRange(0, n % N);
        long last = 4L * (n / N * N);
        for (int r = 0; r < rows && last < ld; r++) {
            long at = e + r * ld + last;
            FloatVector v = fromMemorySegment(F, MEMORY, at, ORDER);
            ZERO.blend(v, kept).intoMemorySegment(MEMORY, at, ORDER);
            for (long i = last + V; i < ld; i += V) {
                ZERO.intoMemorySegment(MEMORY, e + r * ld + i, ORDER);
            }
        }
    }

    /** The sum of each row's {@code n} floats by rule 3. */
    static void sums(long e, long ld, int rows, int n, long sums) {
        for (int r = 0; r < rows; r++) {
            Lanes.set(sums + 4L * r, RowSums.sum(e + r * ld, n));
        }
    }

    private static void quotients(long e, long ld, int rows, int n, long sums, long y) {
        long row = 4L * n;
        long end = n / N * V;
        for (int r = 0; r < rows; r++) {
            FloatVector sum = FloatVector.broadcast(F, Lanes.get(sums + 4L * r));
            for (long i = 0; i < end; i += V) {
                fromMemorySegment(F, MEMORY, e + i, ORDER).div(sum).intoMemorySegment(MEMORY, y + i, ORDER);
            }
            if (end < row && n > N) { // the last vector overlaps the one before
                fromMemorySegment(F, MEMORY, e + row - V, ORDER).div(sum).intoMemorySegment(MEMORY, y + row - V, ORDER);
            } else if (end < row) {
                Lanes.storeFirst(Lanes.load(e).div(sum), y, n);
            }
            e += ld;
            y += row;
        }
    }
}
