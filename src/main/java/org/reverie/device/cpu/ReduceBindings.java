package org.reverie.device.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.spec.ReduceSpec;
import org.reverie.device.spec.VarianceSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Sums, means and variances over any axes, and softmax over the last one. */
final class ReduceBindings {
    private final ReduceKernels kernels;
    private final PointwiseKernels pointwise;

    ReduceBindings(ReduceKernels kernels, PointwiseKernels pointwise) {
        this.kernels = kernels;
        this.pointwise = pointwise;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("sum", this::sum);
        table.put("mean", this::mean);
        table.put("variance", this::variance);
        table.put("softmax", this::softmax);
        table.put("log_softmax", this::logSoftmax);
    }

    /**
     * A contiguous tensor seen as [batch, rows, cols], reduced over the rows.
     *
     * @param cols 1 if the reduced elements lie one after the other
     */
    record Layout(Tensor x, int batch, int rows, int cols) {
        /** The tensor, or a copy of it in the current scope, so that the reduced axes are neighbours. */
        static Layout of(Tensor x, List<Integer> axes) {
            int first = -1;
            int last = -1;
            for (int a : axes) {
                if (x.dim(a) != 1) {
                    first = first < 0 ? a : first;
                    last = a;
                }
            }
            boolean neighbours = true;
            for (int a = Math.max(first, 0); a < last; a++) {
                neighbours &= axes.contains(a) || x.dim(a) == 1;
            }
            if (!neighbours) {
                return innermost(x, axes);
            }
            int after = first < 0 ? x.rank() : last + 1;
            int before = first < 0 ? x.rank() : first;
            return new Layout(
                    Operands.contiguous(x), extent(x, 0, before), extent(x, before, after), extent(x, after, x.rank()));
        }

        /** As {@link #of}, with the reduced elements one after the other. */
        static Layout rows(Tensor x, List<Integer> axes) {
            Layout layout = of(x, axes);
            return layout.cols == 1 ? layout : innermost(x, axes);
        }

        private static Layout innermost(Tensor x, List<Integer> axes) {
            List<Integer> order = new ArrayList<>();
            for (int a = 0; a < x.rank(); a++) {
                if (!axes.contains(a)) {
                    order.add(a);
                }
            }
            int kept = order.size();
            order.addAll(axes);
            long[] strides = order.stream().mapToLong(x::stride).toArray();
            Shape shape = Shape.of(order.stream().mapToInt(x::dim).toArray());
            Tensor moved = Operands.contiguous(x.view(shape, strides, x.offset()));
            return new Layout(moved, extent(moved, 0, kept), extent(moved, kept, moved.rank()), 1);
        }

        private static int extent(Tensor x, int from, int to) {
            int n = 1;
            for (int a = from; a < to; a++) {
                n = Math.multiplyExact(n, x.dim(a));
            }
            return n;
        }

        long address() {
            return Operands.address(x);
        }

        /** How many results there are. */
        int results() {
            return batch * cols;
        }
    }

    private void sum(KernelCall call) {
        try (Scope scope = Scope.open()) {
            sum(Layout.of(call.in(0), call.attributes(ReduceSpec.class).axes()), Operands.address(call.out(0)));
        }
    }

    private void sum(Layout l, long y) {
        if (l.cols > 1) {
            kernels.sumColumns(l.batch, l.rows, l.cols, l.address(), y);
        } else if (l.cols == 1 && l.batch == 1) {
            Numbers.setFloat(y, total(l.rows, l.address(), l.x));
        } else if (l.cols == 1) {
            kernels.sumRows(l.batch, l.rows, l.address(), l.rows, y);
        }
    }

    /** The sum of {@code n} floats; segments are shared among the threads. Scratch lies in the current scope. */
    float total(int n, long x, Tensor like) {
        int whole = n / Contract.SEGMENT;
        int parts = whole + (n % Contract.SEGMENT > 0 ? 1 : 0);
        Tensor sums = Tensor.empty(like.device(), DType.F32, Shape.of(Math.max(1, parts)));
        long y = Operands.address(sums);
        if (parts <= 1) {
            kernels.sumRows(1, n, x, n, y);
            return Numbers.getFloat(y);
        }
        kernels.sumRows(whole, Contract.SEGMENT, x, Contract.SEGMENT, y);
        if (parts > whole) {
            int done = whole * Contract.SEGMENT;
            kernels.sumRows(1, n - done, x + 4L * done, n - done, y + 4L * whole);
        }
        return total(parts, y, like);
    }

    private void mean(KernelCall call) {
        try (Scope scope = Scope.open()) {
            mean(Layout.of(call.in(0), call.attributes(ReduceSpec.class).axes()), Operands.address(call.out(0)));
        }
    }

    private void mean(Layout l, long y) {
        sum(l, y);
        pointwise.binary(Binary.DIV, l.results(), y, (float) l.rows, y);
    }

    private void variance(KernelCall call) {
        VarianceSpec s = call.attributes(VarianceSpec.class);
        long y = Operands.address(call.out(0));
        try (Scope scope = Scope.open()) {
            Layout l = Layout.of(call.in(0), s.axes());
            long means = Operands.address(
                    Tensor.empty(call.in(0).device(), DType.F32, call.out(0).shape()));
            mean(l, means);
            if (l.cols == 1) {
                kernels.squaresRows(l.batch, l.rows, l.address(), l.rows, means, y);
            } else {
                kernels.squaresColumns(l.batch, l.rows, l.cols, l.address(), means, y);
            }
            pointwise.binary(Binary.DIV, l.results(), y, (float) (l.rows - s.correction()), y);
        }
    }

    private void softmax(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            int n = x.dim(-1);
            kernels.softmaxRows((int) (x.elements() / n), n, Operands.address(x), Operands.address(y));
        }
    }

    private void logSoftmax(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            int n = x.dim(-1);
            int rows = (int) (x.elements() / n);
            long to = Operands.address(y);
            long scratch = Operands.address(Tensor.empty(x.device(), DType.F32, Shape.of(rows, n)));
            long log = Operands.address(Tensor.empty(x.device(), DType.F32, Shape.of(rows)));
            shift(rows, n, Operands.address(x), log, to);
            logSums(rows, n, to, scratch, log);
            pointwise.binary(Binary.SUB, 1, rows, n, Strided.rows(to, n), new Strided(log, 1, 0, 0), to);
        }
    }

    /** {@code y = x − the largest of the row}. */
    void shift(int rows, int n, long x, long largest, long y) {
        kernels.maxRows(rows, n, x, largest);
        pointwise.binary(Binary.SUB, 1, rows, n, Strided.rows(x, n), new Strided(largest, 1, 0, 0), y);
    }

    /** {@code log[r] = ln Σ exp(x[r])}. */
    void logSums(int rows, int n, long x, long scratch, long log) {
        pointwise.unary(Unary.EXP, (long) rows * n, x, scratch);
        kernels.sumRows(rows, n, scratch, n, log);
        pointwise.unary(Unary.LOG, rows, log, log);
    }
}
