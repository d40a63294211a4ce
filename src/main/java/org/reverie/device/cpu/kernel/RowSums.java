package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import org.reverie.numerics.Contract;

/**
 * Sums of contiguous floats by rule 3: 32 lanes in as many vectors as that takes, halved at the end; segments of 4096,
 * whose sums are added by the same rule. The loops are spelled out for 2, 4 and 8 vectors so that the lanes stay in
 * registers, and the halving is done there too: nothing of a row passes through memory, so that the end of one row
 * overlaps the beginning of the next. It is spelled out as well: a method for it is now and then left a call by the JIT, and its
 * vector then comes through the heap.
 */
final class RowSums {
    private static final long V = 4L * N;
    private static final int VECTORS = Contract.LANES / N;
    private static final long BLOCK = 4L * Contract.LANES;

    private static final VectorShuffle<Float> DOWN_8 = down(8);
    private static final VectorShuffle<Float> DOWN_4 = down(4);
    private static final VectorShuffle<Float> DOWN_2 = down(2);
    private static final VectorShuffle<Float> DOWN_1 = down(1);

    private RowSums() {}

    /** Lane l becomes lane l + h. */
    private static VectorShuffle<Float> down(int h) {
        return VectorShuffle.fromOp(F, l -> (l + h) % N);
    }

    /** The sum of {@code n} floats. */
    static float sum(long x, int n) {
        if (n <= Contract.SEGMENT) {
            return segment(x, n);
        }
        float[] parts = new float[Math.ceilDiv(n, Contract.SEGMENT)];
        for (int i = 0; i < parts.length; i++) {
            int from = i * Contract.SEGMENT;
            parts[i] = segment(x + 4L * from, Math.min(Contract.SEGMENT, n - from));
        }
        return sum(parts, 0, parts.length);
    }

    /** The sum of (x − mean)·(x − mean). */
    static float squares(long x, int n, float mean) {
        if (n <= Contract.SEGMENT) {
            return squaresOfSegment(x, n, mean);
        }
        float[] parts = new float[Math.ceilDiv(n, Contract.SEGMENT)];
        for (int i = 0; i < parts.length; i++) {
            int from = i * Contract.SEGMENT;
            parts[i] = squaresOfSegment(x + 4L * from, Math.min(Contract.SEGMENT, n - from), mean);
        }
        return sum(parts, 0, parts.length);
    }

    /** The sum of at most 4096 floats. */
    static float segment(long x, int n) {
        return switch (VECTORS) {
            case 2 -> sum2(x, n);
            case 4 -> sum4(x, n);
            default -> sum8(x, n);
        };
    }

    /** {@link #squares} of at most 4096 floats. */
    static float squaresOfSegment(long x, int n, float mean) {
        return switch (VECTORS) {
            case 2 -> squares2(x, n, mean);
            case 4 -> squares4(x, n, mean);
            default -> squares8(x, n, mean);
        };
    }

    /** Adds 32 lanes by halving; they are overwritten. */
    private static float halve(float[] lanes) {
        for (int h = Contract.LANES / 2; h > 0; h /= 2) {
            for (int l = 0; l < h; l++) {
                lanes[l] += lanes[l + h];
            }
        }
        return lanes[0];
    }

    /** Rule 3 on an array, for segments' sums. */
    static float sum(float[] x, int from, int n) {
        if (n > Contract.SEGMENT) {
            float[] parts = new float[Math.ceilDiv(n, Contract.SEGMENT)];
            for (int i = 0; i < parts.length; i++) {
                int at = i * Contract.SEGMENT;
                parts[i] = sum(x, from + at, Math.min(Contract.SEGMENT, n - at));
            }
            return sum(parts, 0, parts.length);
        }
        float[] lanes = new float[Contract.LANES];
        for (int i = 0; i < n; i++) {
            lanes[i % Contract.LANES] += x[from + i];
        }
        return halve(lanes);
    }

    /** The lanes of vector {@code v} of a last block of {@code n} floats. */
    private static VectorMask<Float> rest(int v, int n) {
        return F.indexInRange(v * N, n);
    }

    private static FloatVector last(long x, int v, int n) {
        return fromMemorySegment(F, MEMORY, x + v * V, ORDER, rest(v, n));
    }

    private static float sum2(long x, int n) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        long end = x + n / Contract.LANES * BLOCK;
        for (long i = x; i < end; i += BLOCK) {
            a0 = a0.add(fromMemorySegment(F, MEMORY, i, ORDER));
            a1 = a1.add(fromMemorySegment(F, MEMORY, i + V, ORDER));
        }
        int rest = n % Contract.LANES;
        if (rest > 0) {
            a0 = a0.add(last(end, 0, rest));
            a1 = a1.add(last(end, 1, rest));
        }
        a0 = a0.add(a1);
        a0 = a0.add(a0.rearrange(DOWN_8));
        a0 = a0.add(a0.rearrange(DOWN_4));
        a0 = a0.add(a0.rearrange(DOWN_2));
        return a0.add(a0.rearrange(DOWN_1)).lane(0);
    }

    private static float squares2(long x, int n, float mean) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        long end = x + n / Contract.LANES * BLOCK;
        for (long i = x; i < end; i += BLOCK) {
            FloatVector d0 = fromMemorySegment(F, MEMORY, i, ORDER).sub(m);
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = fromMemorySegment(F, MEMORY, i + V, ORDER).sub(m);
            a1 = a1.add(d1.mul(d1));
        }
        int rest = n % Contract.LANES;
        if (rest > 0) {
            FloatVector d0 = last(end, 0, rest).sub(m, rest(0, rest));
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = last(end, 1, rest).sub(m, rest(1, rest));
            a1 = a1.add(d1.mul(d1));
        }
        a0 = a0.add(a1);
        a0 = a0.add(a0.rearrange(DOWN_8));
        a0 = a0.add(a0.rearrange(DOWN_4));
        a0 = a0.add(a0.rearrange(DOWN_2));
        return a0.add(a0.rearrange(DOWN_1)).lane(0);
    }

    private static float sum4(long x, int n) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        long end = x + n / Contract.LANES * BLOCK;
        for (long i = x; i < end; i += BLOCK) {
            a0 = a0.add(fromMemorySegment(F, MEMORY, i, ORDER));
            a1 = a1.add(fromMemorySegment(F, MEMORY, i + V, ORDER));
            a2 = a2.add(fromMemorySegment(F, MEMORY, i + 2 * V, ORDER));
            a3 = a3.add(fromMemorySegment(F, MEMORY, i + 3 * V, ORDER));
        }
        int rest = n % Contract.LANES;
        if (rest > 0) {
            a0 = a0.add(last(end, 0, rest));
            a1 = a1.add(last(end, 1, rest));
            a2 = a2.add(last(end, 2, rest));
            a3 = a3.add(last(end, 3, rest));
        }
        a0 = a0.add(a2).add(a1.add(a3));
        a0 = a0.add(a0.rearrange(DOWN_4));
        a0 = a0.add(a0.rearrange(DOWN_2));
        return a0.add(a0.rearrange(DOWN_1)).lane(0);
    }

    private static float squares4(long x, int n, float mean) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        long end = x + n / Contract.LANES * BLOCK;
        for (long i = x; i < end; i += BLOCK) {
            FloatVector d0 = fromMemorySegment(F, MEMORY, i, ORDER).sub(m);
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = fromMemorySegment(F, MEMORY, i + V, ORDER).sub(m);
            a1 = a1.add(d1.mul(d1));
            FloatVector d2 = fromMemorySegment(F, MEMORY, i + 2 * V, ORDER).sub(m);
            a2 = a2.add(d2.mul(d2));
            FloatVector d3 = fromMemorySegment(F, MEMORY, i + 3 * V, ORDER).sub(m);
            a3 = a3.add(d3.mul(d3));
        }
        int rest = n % Contract.LANES;
        if (rest > 0) {
            FloatVector d0 = last(end, 0, rest).sub(m, rest(0, rest));
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = last(end, 1, rest).sub(m, rest(1, rest));
            a1 = a1.add(d1.mul(d1));
            FloatVector d2 = last(end, 2, rest).sub(m, rest(2, rest));
            a2 = a2.add(d2.mul(d2));
            FloatVector d3 = last(end, 3, rest).sub(m, rest(3, rest));
            a3 = a3.add(d3.mul(d3));
        }
        a0 = a0.add(a2).add(a1.add(a3));
        a0 = a0.add(a0.rearrange(DOWN_4));
        a0 = a0.add(a0.rearrange(DOWN_2));
        return a0.add(a0.rearrange(DOWN_1)).lane(0);
    }

    private static float sum8(long x, int n) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        FloatVector a4 = zero;
        FloatVector a5 = zero;
        FloatVector a6 = zero;
        FloatVector a7 = zero;
        long end = x + n / Contract.LANES * BLOCK;
        for (long i = x; i < end; i += BLOCK) {
            a0 = a0.add(fromMemorySegment(F, MEMORY, i, ORDER));
            a1 = a1.add(fromMemorySegment(F, MEMORY, i + V, ORDER));
            a2 = a2.add(fromMemorySegment(F, MEMORY, i + 2 * V, ORDER));
            a3 = a3.add(fromMemorySegment(F, MEMORY, i + 3 * V, ORDER));
            a4 = a4.add(fromMemorySegment(F, MEMORY, i + 4 * V, ORDER));
            a5 = a5.add(fromMemorySegment(F, MEMORY, i + 5 * V, ORDER));
            a6 = a6.add(fromMemorySegment(F, MEMORY, i + 6 * V, ORDER));
            a7 = a7.add(fromMemorySegment(F, MEMORY, i + 7 * V, ORDER));
        }
        int rest = n % Contract.LANES;
        if (rest > 0) {
            a0 = a0.add(last(end, 0, rest));
            a1 = a1.add(last(end, 1, rest));
            a2 = a2.add(last(end, 2, rest));
            a3 = a3.add(last(end, 3, rest));
            a4 = a4.add(last(end, 4, rest));
            a5 = a5.add(last(end, 5, rest));
            a6 = a6.add(last(end, 6, rest));
            a7 = a7.add(last(end, 7, rest));
        }
        a0 = a0.add(a4).add(a2.add(a6)).add(a1.add(a5).add(a3.add(a7)));
        a0 = a0.add(a0.rearrange(DOWN_2));
        return a0.add(a0.rearrange(DOWN_1)).lane(0);
    }

    private static float squares8(long x, int n, float mean) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        FloatVector a4 = zero;
        FloatVector a5 = zero;
        FloatVector a6 = zero;
        FloatVector a7 = zero;
        long end = x + n / Contract.LANES * BLOCK;
        for (long i = x; i < end; i += BLOCK) {
            FloatVector d0 = fromMemorySegment(F, MEMORY, i, ORDER).sub(m);
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = fromMemorySegment(F, MEMORY, i + V, ORDER).sub(m);
            a1 = a1.add(d1.mul(d1));
            FloatVector d2 = fromMemorySegment(F, MEMORY, i + 2 * V, ORDER).sub(m);
            a2 = a2.add(d2.mul(d2));
            FloatVector d3 = fromMemorySegment(F, MEMORY, i + 3 * V, ORDER).sub(m);
            a3 = a3.add(d3.mul(d3));
            FloatVector d4 = fromMemorySegment(F, MEMORY, i + 4 * V, ORDER).sub(m);
            a4 = a4.add(d4.mul(d4));
            FloatVector d5 = fromMemorySegment(F, MEMORY, i + 5 * V, ORDER).sub(m);
            a5 = a5.add(d5.mul(d5));
            FloatVector d6 = fromMemorySegment(F, MEMORY, i + 6 * V, ORDER).sub(m);
            a6 = a6.add(d6.mul(d6));
            FloatVector d7 = fromMemorySegment(F, MEMORY, i + 7 * V, ORDER).sub(m);
            a7 = a7.add(d7.mul(d7));
        }
        int rest = n % Contract.LANES;
        if (rest > 0) {
            FloatVector d0 = last(end, 0, rest).sub(m, rest(0, rest));
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = last(end, 1, rest).sub(m, rest(1, rest));
            a1 = a1.add(d1.mul(d1));
            FloatVector d2 = last(end, 2, rest).sub(m, rest(2, rest));
            a2 = a2.add(d2.mul(d2));
            FloatVector d3 = last(end, 3, rest).sub(m, rest(3, rest));
            a3 = a3.add(d3.mul(d3));
            FloatVector d4 = last(end, 4, rest).sub(m, rest(4, rest));
            a4 = a4.add(d4.mul(d4));
            FloatVector d5 = last(end, 5, rest).sub(m, rest(5, rest));
            a5 = a5.add(d5.mul(d5));
            FloatVector d6 = last(end, 6, rest).sub(m, rest(6, rest));
            a6 = a6.add(d6.mul(d6));
            FloatVector d7 = last(end, 7, rest).sub(m, rest(7, rest));
            a7 = a7.add(d7.mul(d7));
        }
        a0 = a0.add(a4).add(a2.add(a6)).add(a1.add(a5).add(a3.add(a7)));
        a0 = a0.add(a0.rearrange(DOWN_2));
        return a0.add(a0.rearrange(DOWN_1)).lane(0);
    }
}
