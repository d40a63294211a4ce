package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.ResizeKernels;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.ResizeTaps;
import org.reverie.numerics.Contract;

/** Resizing along one axis: every output row is a weighted sum of a few neighbouring input rows. */
final class Resizing implements ResizeKernels {
    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    private final Workers workers;

    Resizing(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void along(ResizeTaps taps, int outer, int extent, int inner, long x, long y) {
        int out = taps.start().length;
        int rows = Math.multiplyExact(outer, out);
        int each = Math.max(1, RUN / inner);
        workers.parallelFor(Math.ceilDiv(rows, each), (task, worker) -> {
            for (int r = task * each; r < Math.min(rows, (task + 1) * each); r++) {
                float[] weights = taps.weight()[r % out];
                long from = x + 4 * (((long) r / out * extent + taps.start()[r % out]) * inner);
                long to = y + 4L * r * inner;
                if (weights.length > Contract.CHUNK) {
                    chunks(weights, from, inner, to);
                } else if (inner < N) {
                    narrow(weights, from, inner, to);
                } else {
                    wide(weights, from, inner, to);
                }
            }
        });
    }

    /** One chunk of taps on rows of at least a vector; the last vector may overlap the one before. */
    private static void wide(float[] weights, long x, int n, long y) {
        for (int j = 0; j < n; j += N) {
            long at = 4L * Math.min(j, n - N);
            FloatVector acc = FloatVector.zero(F);
            for (int t = 0; t < weights.length; t++) {
                acc = FloatVector.broadcast(F, weights[t]).fma(load(x + 4L * t * n + at), acc);
            }
            store(acc, y + at);
        }
    }

    /** One chunk of taps on rows of less than a vector. */
    private static void narrow(float[] weights, long x, int n, long y) {
        for (int j = 0; j < n; j++) {
            float acc = 0;
            for (int t = 0; t < weights.length; t++) {
                acc = Math.fma(weights[t], Lanes.get(x + 4L * (t * n + j)), acc);
            }
            Lanes.set(y + 4L * j, acc);
        }
    }

    /** More taps than a chunk has: chunk sums are added by the pairwise tree. */
    private static void chunks(float[] weights, long x, int n, long y) {
        float[] stack = new float[32];
        for (int j = 0; j < n; j++) {
            int depth = 0;
            int count = 0;
            for (int from = 0; from < weights.length; from += Contract.CHUNK) {
                float acc = 0;
                for (int t = from; t < Math.min(weights.length, from + Contract.CHUNK); t++) {
                    acc = Math.fma(weights[t], Lanes.get(x + 4L * ((long) t * n + j)), acc);
                }
                stack[depth++] = acc;
                count++;
                for (int c = count; (c & 1) == 0; c >>= 1) {
                    depth--;
                    stack[depth - 1] += stack[depth];
                }
            }
            float sum = stack[depth - 1];
            for (int i = depth - 2; i >= 0; i--) {
                sum = stack[i] + sum;
            }
            Lanes.set(y + 4L * j, sum);
        }
    }
}
