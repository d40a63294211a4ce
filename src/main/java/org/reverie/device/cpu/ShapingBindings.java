package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.IndexSpec;
import org.reverie.device.spec.OneHotSpec;
import org.reverie.device.spec.PadSpec;
import org.reverie.device.spec.ScatterSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Putting together, padding and indexing: copies into views of the output. */
final class ShapingBindings {
    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    private final Workers workers;
    private final FusedKernels fused;

    ShapingBindings(Workers workers, FusedKernels fused) {
        this.workers = workers;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("concat", this::concat);
        table.put("slice_gradient", this::unslice);
        table.put("pad", this::pad);
        table.put("gather", this::gather);
        table.put("gather_gradient", this::gatherGradient);
        table.put("one_hot", this::oneHot);
    }

    private void concat(KernelCall call) {
        int axis = call.attributes(AxisSpec.class).axis();
        Tensor y = call.out(0);
        int start = 0;
        for (Tensor x : call.inputs()) {
            if (x.elements() > 0) {
                Operands.copy(x, y.view(x.shape(), y.strides(), y.offset() + start * y.stride(axis)));
            }
            start += x.dim(axis);
        }
    }

    private void unslice(KernelCall call) {
        ScatterSpec s = call.attributes(ScatterSpec.class);
        Tensor g = call.in(0);
        Tensor y = call.out(0);
        fused.fill(y.elements(), 0f, Operands.address(y));
        if (g.elements() > 0) {
            long[] strides = y.strides();
            long offset = y.offset() + s.slice().start() * strides[s.slice().axis()];
            strides[s.slice().axis()] *= s.slice().step();
            Operands.copy(g, y.view(g.shape(), strides, offset));
        }
    }

    private void pad(KernelCall call) {
        PadSpec s = call.attributes(PadSpec.class);
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        fused.fill(y.elements(), (float) s.value(), Operands.address(y));
        if (x.elements() > 0) {
            long offset = y.offset();
            for (int a = 0; a < y.rank(); a++) {
                offset += s.before().get(a) * y.stride(a);
            }
            Operands.copy(x, y.view(x.shape(), y.strides(), offset));
        }
    }

    /** Elements behind an axis. */
    private static int inner(Shape shape, int axis) {
        int n = 1;
        for (int a = axis + 1; a < shape.rank(); a++) {
            n *= shape.dim(a);
        }
        return n;
    }

    private void gather(KernelCall call) {
        int axis = call.attributes(AxisSpec.class).axis();
        Tensor y = call.out(0);
        try (Scope scope = Scope.open()) {
            int[] at = Operands.indices(call.op(), call.in(1), call.in(0).dim(axis));
            if (y.elements() == 0) {
                return;
            }
            Tensor x = Operands.contiguous(call.in(0));
            int inner = inner(y.shape(), axis);
            int extent = x.dim(axis);
            int rows = (int) (y.elements() / inner);
            int each = Math.max(1, RUN / inner);
            long from = Operands.address(x);
            long to = Operands.address(y);
            workers.parallelFor(Math.ceilDiv(rows, each), (task, worker) -> {
                for (int r = task * each; r < Math.min(rows, (task + 1) * each); r++) {
                    long source = (long) r / at.length * extent + at[r % at.length];
                    Numbers.copyFloats(from + 4 * source * inner, to + 4L * r * inner, inner);
                }
            });
        }
    }

    private void gatherGradient(KernelCall call) {
        IndexSpec s = call.attributes(IndexSpec.class);
        Tensor dx = call.out(0);
        long to = Operands.address(dx);
        fused.fill(dx.elements(), 0f, to);
        try (Scope scope = Scope.open()) {
            int[] at = Operands.indices(call.op(), call.in(1), s.extent());
            Tensor g = Operands.contiguous(call.in(0));
            if (g.elements() == 0) {
                return;
            }
            int inner = inner(g.shape(), s.axis());
            int outer = (int) (g.elements() / inner / at.length);
            long from = Operands.address(g);
            // Columns are shared among the threads, never the rows of one: their order is the op's.
            int width = Math.max(16, Math.ceilDiv(inner, workers.threads()));
            int cuts = Math.ceilDiv(inner, width);
            workers.parallelFor(Math.multiplyExact(outer, cuts), (task, worker) -> {
                int o = task / cuts;
                int first = task % cuts * width;
                int n = Math.min(width, inner - first);
                for (int i = 0; i < at.length; i++) {
                    long source = ((long) o * at.length + i) * inner + first;
                    long target = ((long) o * s.extent() + at[i]) * inner + first;
                    Numbers.addFloats(from + 4 * source, to + 4 * target, n);
                }
            });
        }
    }

    private void oneHot(KernelCall call) {
        OneHotSpec s = call.attributes(OneHotSpec.class);
        Tensor y = call.out(0);
        try (Scope scope = Scope.open()) {
            int[] at = Operands.indices(call.op(), call.in(0), s.classes());
            fused.fill(y.elements(), 0f, Operands.address(y));
            for (int i = 0; i < at.length; i++) {
                Numbers.setFloat(Operands.address(y) + 4 * ((long) i * s.classes() + at[i]), 1f);
            }
        }
    }
}
