package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The inner loops of depthwise convolutions over packed rows ({@link RowWindow}): each of several taps, in order, for
 * every column. Weights stay in registers; the chains of neighbouring columns overlap in the processor.
 */
final class DepthwiseRows {
    private DepthwiseRows() {}

    /**
     * {@code y[at + q] = fma(x[base + offsets[k] + q], w[first + k · N], y[at + q])} for the taps k from {@code from}
     * up to at most {@code to}.
     *
     * @param n floats in y: columns × {@link Lanes#N}
     * @return the tap to go on with
     */
    static int taps(
            float[] x, int base, int[] offsets, int from, int to, float[] w, int first, float[] y, int at, int n) {
        int left = to - from;
        if (left >= 9) {
            taps9(x, base, offsets, from, w, first + from * N, y, at, n);
            return from + 9;
        }
        if (left >= 7) {
            taps7(x, base, offsets, from, w, first + from * N, y, at, n);
            return from + 7;
        }
        if (left >= 4) {
            taps4(x, base, offsets, from, w, first + from * N, y, at, n);
            return from + 4;
        }
        if (left >= 2) {
            taps2(x, base, offsets, from, w, first + from * N, y, at, n);
            return from + 2;
        }
        taps1(x, base, offsets, from, w, first + from * N, y, at, n);
        return from + 1;
    }

    private static void taps9(
            float[] x, int base, int[] offsets, int k, float[] w, int first, float[] y, int at, int n) {
        int o0 = base + offsets[k];
        int o1 = base + offsets[k + 1];
        int o2 = base + offsets[k + 2];
        int o3 = base + offsets[k + 3];
        int o4 = base + offsets[k + 4];
        int o5 = base + offsets[k + 5];
        int o6 = base + offsets[k + 6];
        int o7 = base + offsets[k + 7];
        int o8 = base + offsets[k + 8];
        FloatVector w0 = FloatVector.fromArray(F, w, first);
        FloatVector w1 = FloatVector.fromArray(F, w, first + N);
        FloatVector w2 = FloatVector.fromArray(F, w, first + 2 * N);
        FloatVector w3 = FloatVector.fromArray(F, w, first + 3 * N);
        FloatVector w4 = FloatVector.fromArray(F, w, first + 4 * N);
        FloatVector w5 = FloatVector.fromArray(F, w, first + 5 * N);
        FloatVector w6 = FloatVector.fromArray(F, w, first + 6 * N);
        FloatVector w7 = FloatVector.fromArray(F, w, first + 7 * N);
        FloatVector w8 = FloatVector.fromArray(F, w, first + 8 * N);
        for (int q = 0; q < n; q += N) {
            FloatVector a = FloatVector.fromArray(F, y, at + q);
            a = FloatVector.fromArray(F, x, o0 + q).fma(w0, a);
            a = FloatVector.fromArray(F, x, o1 + q).fma(w1, a);
            a = FloatVector.fromArray(F, x, o2 + q).fma(w2, a);
            a = FloatVector.fromArray(F, x, o3 + q).fma(w3, a);
            a = FloatVector.fromArray(F, x, o4 + q).fma(w4, a);
            a = FloatVector.fromArray(F, x, o5 + q).fma(w5, a);
            a = FloatVector.fromArray(F, x, o6 + q).fma(w6, a);
            a = FloatVector.fromArray(F, x, o7 + q).fma(w7, a);
            a = FloatVector.fromArray(F, x, o8 + q).fma(w8, a);
            a.intoArray(y, at + q);
        }
    }

    private static void taps7(
            float[] x, int base, int[] offsets, int k, float[] w, int first, float[] y, int at, int n) {
        int o0 = base + offsets[k];
        int o1 = base + offsets[k + 1];
        int o2 = base + offsets[k + 2];
        int o3 = base + offsets[k + 3];
        int o4 = base + offsets[k + 4];
        int o5 = base + offsets[k + 5];
        int o6 = base + offsets[k + 6];
        FloatVector w0 = FloatVector.fromArray(F, w, first);
        FloatVector w1 = FloatVector.fromArray(F, w, first + N);
        FloatVector w2 = FloatVector.fromArray(F, w, first + 2 * N);
        FloatVector w3 = FloatVector.fromArray(F, w, first + 3 * N);
        FloatVector w4 = FloatVector.fromArray(F, w, first + 4 * N);
        FloatVector w5 = FloatVector.fromArray(F, w, first + 5 * N);
        FloatVector w6 = FloatVector.fromArray(F, w, first + 6 * N);
        for (int q = 0; q < n; q += N) {
            FloatVector a = FloatVector.fromArray(F, y, at + q);
            a = FloatVector.fromArray(F, x, o0 + q).fma(w0, a);
            a = FloatVector.fromArray(F, x, o1 + q).fma(w1, a);
            a = FloatVector.fromArray(F, x, o2 + q).fma(w2, a);
            a = FloatVector.fromArray(F, x, o3 + q).fma(w3, a);
            a = FloatVector.fromArray(F, x, o4 + q).fma(w4, a);
            a = FloatVector.fromArray(F, x, o5 + q).fma(w5, a);
            a = FloatVector.fromArray(F, x, o6 + q).fma(w6, a);
            a.intoArray(y, at + q);
        }
    }

    private static void taps4(
            float[] x, int base, int[] offsets, int k, float[] w, int first, float[] y, int at, int n) {
        int o0 = base + offsets[k];
        int o1 = base + offsets[k + 1];
        int o2 = base + offsets[k + 2];
        int o3 = base + offsets[k + 3];
        FloatVector w0 = FloatVector.fromArray(F, w, first);
        FloatVector w1 = FloatVector.fromArray(F, w, first + N);
        FloatVector w2 = FloatVector.fromArray(F, w, first + 2 * N);
        FloatVector w3 = FloatVector.fromArray(F, w, first + 3 * N);
        for (int q = 0; q < n; q += N) {
            FloatVector a = FloatVector.fromArray(F, y, at + q);
            a = FloatVector.fromArray(F, x, o0 + q).fma(w0, a);
            a = FloatVector.fromArray(F, x, o1 + q).fma(w1, a);
            a = FloatVector.fromArray(F, x, o2 + q).fma(w2, a);
            a = FloatVector.fromArray(F, x, o3 + q).fma(w3, a);
            a.intoArray(y, at + q);
        }
    }

    private static void taps2(
            float[] x, int base, int[] offsets, int k, float[] w, int first, float[] y, int at, int n) {
        int o0 = base + offsets[k];
        int o1 = base + offsets[k + 1];
        FloatVector w0 = FloatVector.fromArray(F, w, first);
        FloatVector w1 = FloatVector.fromArray(F, w, first + N);
        for (int q = 0; q < n; q += N) {
            FloatVector a = FloatVector.fromArray(F, y, at + q);
            a = FloatVector.fromArray(F, x, o0 + q).fma(w0, a);
            a = FloatVector.fromArray(F, x, o1 + q).fma(w1, a);
            a.intoArray(y, at + q);
        }
    }

    private static void taps1(
            float[] x, int base, int[] offsets, int k, float[] w, int first, float[] y, int at, int n) {
        int o0 = base + offsets[k];
        FloatVector w0 = FloatVector.fromArray(F, w, first);
        for (int q = 0; q < n; q += N) {
            FloatVector a = FloatVector.fromArray(F, y, at + q);
            a = FloatVector.fromArray(F, x, o0 + q).fma(w0, a);
            a.intoArray(y, at + q);
        }
    }

    /**
     * The weights' gradient: {@code sums[k] = fma(d[q], x[offsets[k] + q], sums[k])} for q from {@code begin} to
     * {@code end}, for every tap k below {@code taps}.
     */
    static void gradient(float[] x, int[] offsets, int taps, float[] d, int begin, int end, float[] sums) {
        int k = 0;
        for (; k <= taps - 4; k += 4) {
            gradient4(x, offsets, k, d, begin, end, sums);
        }
        for (; k < taps; k++) {
            gradient1(x, offsets, k, d, begin, end, sums);
        }
    }

    private static void gradient4(float[] x, int[] offsets, int k, float[] d, int begin, int end, float[] sums) {
        int o0 = offsets[k];
        int o1 = offsets[k + 1];
        int o2 = offsets[k + 2];
        int o3 = offsets[k + 3];
        FloatVector s0 = FloatVector.fromArray(F, sums, k * N);
        FloatVector s1 = FloatVector.fromArray(F, sums, (k + 1) * N);
        FloatVector s2 = FloatVector.fromArray(F, sums, (k + 2) * N);
        FloatVector s3 = FloatVector.fromArray(F, sums, (k + 3) * N);
        for (int q = begin; q < end; q += N) {
            FloatVector v = FloatVector.fromArray(F, d, q);
            s0 = v.fma(FloatVector.fromArray(F, x, o0 + q), s0);
            s1 = v.fma(FloatVector.fromArray(F, x, o1 + q), s1);
            s2 = v.fma(FloatVector.fromArray(F, x, o2 + q), s2);
            s3 = v.fma(FloatVector.fromArray(F, x, o3 + q), s3);
        }
        s0.intoArray(sums, k * N);
        s1.intoArray(sums, (k + 1) * N);
        s2.intoArray(sums, (k + 2) * N);
        s3.intoArray(sums, (k + 3) * N);
    }

    private static void gradient1(float[] x, int[] offsets, int k, float[] d, int begin, int end, float[] sums) {
        int o0 = offsets[k];
        FloatVector s0 = FloatVector.fromArray(F, sums, k * N);
        for (int q = begin; q < end; q += N) {
            FloatVector v = FloatVector.fromArray(F, d, q);
            s0 = v.fma(FloatVector.fromArray(F, x, o0 + q), s0);
        }
        s0.intoArray(sums, k * N);
    }
}
