package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * A row times weights [n, k] with the lanes along k, the order that no shuffle has to prepare: what {@link RowProducts} would be if the
 * contract did not have k ascend within an element's chain. The bits depend on the vector width.
 */
final class FastRows {
    private static final long V = 4L * N;

    /** Rows of weights that are read side by side: eight chains of fma. */
    private static final int ROWS = 4;

    private FastRows() {}

    /** {@code sums[j] = x · weights[j]} for j below {@code n}; rows of weights are {@code row} bytes apart. */
    static void products(float[] x, int k, long weights, long row, int n, long sums) {
        int whole = k - k % (2 * N);
        int j = 0;
        for (; j <= n - ROWS; j += ROWS) {
            four(x, whole, weights + j * row, row, sums + 4L * j);
        }
        for (; j < n; j++) {
            Lanes.set(sums + 4L * j, one(x, whole, weights + j * row));
        }
        for (j = 0; whole < k && j < n; j++) {
            float sum = Lanes.get(sums + 4L * j);
            for (int p = whole; p < k; p++) {
                sum = Math.fma(x[p], Lanes.get(weights + j * row + 4L * p), sum);
            }
            Lanes.set(sums + 4L * j, sum);
        }
    }

    private static void four(float[] x, int k, long w0, long row, long sums) {
        long w1 = w0 + row, w2 = w1 + row, w3 = w2 + row;
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero, a1 = zero, a2 = zero, a3 = zero;
        FloatVector b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        long o = 0;
        for (int p = 0; p < k; p += 2 * N) {
            FloatVector l = FloatVector.fromArray(F, x, p);
            FloatVector r = FloatVector.fromArray(F, x, p + N);
            a0 = l.fma(fromMemorySegment(F, MEMORY, w0 + o, ORDER), a0);
            b0 = r.fma(fromMemorySegment(F, MEMORY, w0 + o + V, ORDER), b0);
            a1 = l.fma(fromMemorySegment(F, MEMORY, w1 + o, ORDER), a1);
            b1 = r.fma(fromMemorySegment(F, MEMORY, w1 + o + V, ORDER), b1);
            a2 = l.fma(fromMemorySegment(F, MEMORY, w2 + o, ORDER), a2);
            b2 = r.fma(fromMemorySegment(F, MEMORY, w2 + o + V, ORDER), b2);
            a3 = l.fma(fromMemorySegment(F, MEMORY, w3 + o, ORDER), a3);
            b3 = r.fma(fromMemorySegment(F, MEMORY, w3 + o + V, ORDER), b3);
            o += 2 * V;
        }
        Lanes.set(sums, a0.add(b0).reduceLanes(VectorOperators.ADD));
        Lanes.set(sums + 4, a1.add(b1).reduceLanes(VectorOperators.ADD));
        Lanes.set(sums + 8, a2.add(b2).reduceLanes(VectorOperators.ADD));
        Lanes.set(sums + 12, a3.add(b3).reduceLanes(VectorOperators.ADD));
    }

    private static float one(float[] x, int k, long w) {
        FloatVector sum = FloatVector.zero(F);
        for (int p = 0; p < k; p += N) {
            sum = FloatVector.fromArray(F, x, p).fma(fromMemorySegment(F, MEMORY, w + 4L * p, ORDER), sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }
}
