package org.reverie.device.cpu;

import java.util.List;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.ReduceSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The largest and the smallest, their places and gradients. The smallest of x is the negated largest of −x. */
final class ExtremeBindings {
    private final ReduceKernels kernels;
    private final PointwiseKernels pointwise;
    private final FusedKernels fused;

    ExtremeBindings(ReduceKernels kernels, PointwiseKernels pointwise, FusedKernels fused) {
        this.kernels = kernels;
        this.pointwise = pointwise;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("max", call -> value(call, false));
        table.put("min", call -> value(call, true));
        table.put("argmax", call -> place(call, false));
        table.put("argmin", call -> place(call, true));
        table.put("max_gradient", call -> gradient(call, false));
        table.put("min_gradient", call -> gradient(call, true));
    }

    /** Rows of the elements that are compared, negated if the smallest is wanted. */
    private ReduceBindings.Layout rows(Tensor x, List<Integer> axes, boolean smallest) {
        ReduceBindings.Layout l = ReduceBindings.Layout.rows(x, axes);
        if (!smallest) {
            return l;
        }
        Tensor negated = Tensor.empty(x.device(), DType.F32, l.x().shape());
        pointwise.unary(Unary.NEG, negated.elements(), l.address(), Operands.address(negated));
        return new ReduceBindings.Layout(negated, l.batch(), l.rows(), l.cols());
    }

    private void value(KernelCall call, boolean smallest) {
        long y = Operands.address(call.out(0));
        try (Scope scope = Scope.open()) {
            ReduceBindings.Layout l =
                    rows(call.in(0), call.attributes(ReduceSpec.class).axes(), smallest);
            kernels.maxRows(l.batch(), l.rows(), l.address(), y);
            if (smallest) {
                pointwise.unary(Unary.NEG, l.batch(), y, y);
            }
        }
    }

    private void place(KernelCall call, boolean smallest) {
        List<Integer> axis = List.of(call.attributes(AxisSpec.class).axis());
        try (Scope scope = Scope.open()) {
            ReduceBindings.Layout l = rows(call.in(0), axis, smallest);
            kernels.argmaxRows(l.batch(), l.rows(), l.address(), Operands.address(call.out(0)));
        }
    }

    private void gradient(KernelCall call, boolean smallest) {
        List<Integer> axes = call.attributes(ReduceSpec.class).axes();
        Tensor dx = call.out(0);
        long to = Operands.address(dx);
        fused.fill(dx.elements(), 0f, to);
        if (dx.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            ReduceBindings.Layout l = rows(call.in(0), axes, smallest);
            Tensor g = Operands.contiguous(call.in(1));
            Tensor places = Tensor.empty(dx.device(), DType.I32, Shape.of(l.batch()));
            kernels.argmaxRows(l.batch(), l.rows(), l.address(), Operands.address(places));
            LoopNest kept = loops(dx, axes, false);
            LoopNest reduced = loops(dx, axes, true);
            for (int o = 0; o < l.batch(); o++) {
                int place = Numbers.getInt(Operands.address(places) + 4L * o);
                float value = Numbers.getFloat(Operands.address(g) + 4L * o);
                Numbers.setFloat(to + 4 * (kept.at(0, 0, o) + reduced.at(0, 0, place)), value);
            }
        }
    }

    private static LoopNest loops(Tensor x, List<Integer> axes, boolean reduced) {
        int[] which = java.util.stream.IntStream.range(0, x.rank())
                .filter(a -> axes.contains(a) == reduced)
                .toArray();
        Shape shape = Shape.of(java.util.Arrays.stream(which).map(x::dim).toArray());
        return LoopNest.of(
                shape, java.util.Arrays.stream(which).mapToLong(x::stride).toArray());
    }
}
