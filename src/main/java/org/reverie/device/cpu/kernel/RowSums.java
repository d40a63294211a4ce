package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;

import jdk.incubator.vector.FloatVector;
import org.reverie.numerics.Contract;

/**
 * Sums of contiguous floats by rule 3: 32 lanes in as many vectors as that takes, halved at the end; segments of 4096,
 * whose sums are added by the same rule. The loops are spelled out for 2, 4 and 8 vectors so that the lanes stay in
 * registers.
 */
final class RowSums {
    private static final long V = 4L * N;
    private static final int VECTORS = Contract.LANES / N;
    private static final long BLOCK = 4L * Contract.LANES;

    private RowSums() {}

    /** The sum of {@code n} floats. */
    static float sum(long x, int n) {
        return reduce(x, n, false, 0f);
    }

    /** The sum of (x − mean)·(x − mean). */
    static float squares(long x, int n, float mean) {
        return reduce(x, n, true, mean);
    }

    private static float reduce(long x, int n, boolean squares, float mean) {
        float[] lanes = new float[Contract.LANES];
        if (n <= Contract.SEGMENT) {
            return segment(x, n, squares, mean, lanes);
        }
        float[] parts = new float[Math.ceilDiv(n, Contract.SEGMENT)];
        for (int i = 0; i < parts.length; i++) {
            int from = i * Contract.SEGMENT;
            parts[i] = segment(x + 4L * from, Math.min(Contract.SEGMENT, n - from), squares, mean, lanes);
        }
        return sum(parts, 0, parts.length);
    }

    private static float segment(long x, int n, boolean squares, float mean, float[] lanes) {
        if (squares) {
            switch (VECTORS) {
                case 2 -> squares2(x, n, mean, lanes);
                case 4 -> squares4(x, n, mean, lanes);
                default -> squares8(x, n, mean, lanes);
            }
        } else {
            switch (VECTORS) {
                case 2 -> sum2(x, n, lanes);
                case 4 -> sum4(x, n, lanes);
                default -> sum8(x, n, lanes);
            }
        }
        return halve(lanes);
    }

    /** Adds 32 lanes by halving; they are overwritten. */
    static float halve(float[] lanes) {
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

    private static void sum2(long x, int n, float[] lanes) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        long end = n / Contract.LANES * BLOCK;
        for (long i = 0; i < end; i += BLOCK) {
            a0 = a0.add(load(x + i));
            a1 = a1.add(load(x + i + V));
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, 1 * N);
        sumRest(x + end, n % Contract.LANES, lanes);
    }

    private static void sum4(long x, int n, float[] lanes) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        long end = n / Contract.LANES * BLOCK;
        for (long i = 0; i < end; i += BLOCK) {
            a0 = a0.add(load(x + i));
            a1 = a1.add(load(x + i + V));
            a2 = a2.add(load(x + i + 2 * V));
            a3 = a3.add(load(x + i + 3 * V));
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, 1 * N);
        a2.intoArray(lanes, 2 * N);
        a3.intoArray(lanes, 3 * N);
        sumRest(x + end, n % Contract.LANES, lanes);
    }

    private static void sum8(long x, int n, float[] lanes) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        FloatVector a4 = zero;
        FloatVector a5 = zero;
        FloatVector a6 = zero;
        FloatVector a7 = zero;
        long end = n / Contract.LANES * BLOCK;
        for (long i = 0; i < end; i += BLOCK) {
            a0 = a0.add(load(x + i));
            a1 = a1.add(load(x + i + V));
            a2 = a2.add(load(x + i + 2 * V));
            a3 = a3.add(load(x + i + 3 * V));
            a4 = a4.add(load(x + i + 4 * V));
            a5 = a5.add(load(x + i + 5 * V));
            a6 = a6.add(load(x + i + 6 * V));
            a7 = a7.add(load(x + i + 7 * V));
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, 1 * N);
        a2.intoArray(lanes, 2 * N);
        a3.intoArray(lanes, 3 * N);
        a4.intoArray(lanes, 4 * N);
        a5.intoArray(lanes, 5 * N);
        a6.intoArray(lanes, 6 * N);
        a7.intoArray(lanes, 7 * N);
        sumRest(x + end, n % Contract.LANES, lanes);
    }

    private static void squares2(long x, int n, float mean, float[] lanes) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        long end = n / Contract.LANES * BLOCK;
        for (long i = 0; i < end; i += BLOCK) {
            FloatVector d0 = load(x + i).sub(m);
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = load(x + i + V).sub(m);
            a1 = a1.add(d1.mul(d1));
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, 1 * N);
        squaresRest(x + end, n % Contract.LANES, mean, lanes);
    }

    private static void squares4(long x, int n, float mean, float[] lanes) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        long end = n / Contract.LANES * BLOCK;
        for (long i = 0; i < end; i += BLOCK) {
            FloatVector d0 = load(x + i).sub(m);
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = load(x + i + V).sub(m);
            a1 = a1.add(d1.mul(d1));
            FloatVector d2 = load(x + i + 2 * V).sub(m);
            a2 = a2.add(d2.mul(d2));
            FloatVector d3 = load(x + i + 3 * V).sub(m);
            a3 = a3.add(d3.mul(d3));
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, 1 * N);
        a2.intoArray(lanes, 2 * N);
        a3.intoArray(lanes, 3 * N);
        squaresRest(x + end, n % Contract.LANES, mean, lanes);
    }

    private static void squares8(long x, int n, float mean, float[] lanes) {
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
        long end = n / Contract.LANES * BLOCK;
        for (long i = 0; i < end; i += BLOCK) {
            FloatVector d0 = load(x + i).sub(m);
            a0 = a0.add(d0.mul(d0));
            FloatVector d1 = load(x + i + V).sub(m);
            a1 = a1.add(d1.mul(d1));
            FloatVector d2 = load(x + i + 2 * V).sub(m);
            a2 = a2.add(d2.mul(d2));
            FloatVector d3 = load(x + i + 3 * V).sub(m);
            a3 = a3.add(d3.mul(d3));
            FloatVector d4 = load(x + i + 4 * V).sub(m);
            a4 = a4.add(d4.mul(d4));
            FloatVector d5 = load(x + i + 5 * V).sub(m);
            a5 = a5.add(d5.mul(d5));
            FloatVector d6 = load(x + i + 6 * V).sub(m);
            a6 = a6.add(d6.mul(d6));
            FloatVector d7 = load(x + i + 7 * V).sub(m);
            a7 = a7.add(d7.mul(d7));
        }
        a0.intoArray(lanes, 0);
        a1.intoArray(lanes, 1 * N);
        a2.intoArray(lanes, 2 * N);
        a3.intoArray(lanes, 3 * N);
        a4.intoArray(lanes, 4 * N);
        a5.intoArray(lanes, 5 * N);
        a6.intoArray(lanes, 6 * N);
        a7.intoArray(lanes, 7 * N);
        squaresRest(x + end, n % Contract.LANES, mean, lanes);
    }

    private static void sumRest(long x, int n, float[] lanes) {
        for (int i = 0; i < n; i++) {
            lanes[i] += Lanes.get(x + 4L * i);
        }
    }

    private static void squaresRest(long x, int n, float mean, float[] lanes) {
        for (int i = 0; i < n; i++) {
            float d = Lanes.get(x + 4L * i) - mean;
            lanes[i] += d * d;
        }
    }
}
