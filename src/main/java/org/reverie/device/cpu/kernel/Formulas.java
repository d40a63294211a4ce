package org.reverie.device.cpu.kernel;

import org.reverie.device.cpu.FusedKernels;
import org.reverie.device.cpu.Workers;

/** Fused formulas: work is cut into runs, one task each; the loops are in {@link FormulaLoops} and {@link GateLoops}. */
final class Formulas implements FusedKernels {
    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    private final Workers workers;

    Formulas(Workers workers) {
        this.workers = workers;
    }

    /** A formula on {@code n} elements, {@code at} bytes from the start of every operand. */
    private interface Run {
        void of(long at, int n);
    }

    private void each(long n, Run run) {
        workers.parallelFor(Math.toIntExact(Math.ceilDiv(n, RUN)), (task, worker) -> {
            long first = (long) task * RUN;
            run.of(4 * first, (int) Math.min(RUN, n - first));
        });
    }

    /** A formula on row {@code row}. */
    private interface Row {
        void of(int row);
    }

    private void rows(int rows, int cols, Row body) {
        int each = Math.max(1, RUN / Math.max(1, cols));
        workers.parallelFor(Math.ceilDiv(rows, each), (task, worker) -> {
            for (int r = task * each; r < Math.min(rows, (task + 1) * each); r++) {
                body.of(r);
            }
        });
    }

    @Override
    public void fill(long n, float value, long y) {
        each(n, (at, count) -> FormulaLoops.fill(count, value, y + at));
    }

    @Override
    public void clamp(long n, float low, float high, long x, long y) {
        each(n, (at, count) -> FormulaLoops.clamp(count, low, high, x + at, y + at));
    }

    @Override
    public void clampGradient(long n, float low, float high, long x, long g, long y) {
        each(n, (at, count) -> FormulaLoops.clampGradient(count, low, high, x + at, g + at, y + at));
    }

    @Override
    public void combine(float[] a, float[] b, int cols, long x, long z, long y) {
        if (a.length == 1) {
            each(cols, (at, count) -> FormulaLoops.combine(count, a[0], x + at, b[0], z + at, y + at));
            return;
        }
        rows(a.length, cols, r -> {
            long at = 4L * r * cols;
            FormulaLoops.combine(cols, a[r], x + at, b[r], z + at, y + at);
        });
    }

    @Override
    public void denoise(long n, float scale, float noise, long x, long e, long y) {
        each(n, (at, count) -> FormulaLoops.denoise(count, scale, -noise, x + at, e + at, y + at));
    }

    @Override
    public void sgd(long n, long p, long v, long g, float lr, float momentum, boolean nesterov, float decay) {
        each(n, (at, count) -> {
            if (v == 0) {
                FormulaLoops.descend(count, p + at, g + at, -lr, decay);
            } else {
                FormulaLoops.descend(count, p + at, v + at, g + at, -lr, momentum, nesterov, decay);
            }
        });
    }

    @Override
    public void geglu(int rows, int cols, long x, long y) {
        rows(rows, cols, r -> GateLoops.geglu(cols, x + 8L * r * cols, y + 4L * r * cols));
    }

    @Override
    public void gegluGradient(int rows, int cols, long x, long g, long dx) {
        rows(rows, cols, r -> {
            long at = 8L * r * cols;
            GateLoops.gegluGate(cols, x + at, g + 4L * r * cols, dx + at);
            GateLoops.gegluSlope(cols, x + at, g + 4L * r * cols, dx + at);
        });
    }

    @Override
    public void squaredDifference(long n, long a, long b, long y) {
        each(n, (at, count) -> FormulaLoops.squaredDifference(count, a + at, b + at, y + at));
    }

    @Override
    public void weightedDifference(long n, float weight, long a, long b, long y) {
        each(n, (at, count) -> FormulaLoops.weightedDifference(count, weight, a + at, b + at, y + at));
    }

    @Override
    public void logisticLoss(long n, long x, long z, long y) {
        each(n, (at, count) -> GateLoops.logisticLoss(count, x + at, z + at, y + at));
    }

    @Override
    public void logisticGradient(long n, float weight, long x, long z, long y) {
        each(n, (at, count) -> GateLoops.logisticGradient(count, weight, x + at, z + at, y + at));
    }
}
