package org.reverie.device.kernels;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.IndexSpec;
import org.reverie.device.spec.OneHotSpec;
import org.reverie.device.spec.PadSpec;
import org.reverie.device.spec.ScatterSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Copies between views, and ops that follow indices: {@code kernels/common/select.h} and {@code indexing.h}. */
final class ShapingBindings {
    private final KernelQueue queue;
    private final IndexChecks checks;

    ShapingBindings(KernelQueue queue, IndexChecks checks) {
        this.queue = queue;
        this.checks = checks;
    }

    void register(Map<String, Binding> table) {
        table.put("contiguous", call -> copy(queue, call.in(0), call.out(0)));
        table.put("reshape", this::reshape);
        table.put("concat", this::concat);
        table.put("slice_gradient", this::unslice);
        table.put("pad", this::pad);
        table.put("gather", this::gather);
        table.put("gather_gradient", this::gatherGradient);
        table.put("one_hot", this::oneHot);
    }

    /** Copies elements of any dtype into a tensor of the same shape; either may be strided. */
    static void copy(KernelQueue queue, Tensor from, Tensor to) {
        copy(queue, from, to, View.of(to));
    }

    private static void copy(KernelQueue queue, Tensor from, Tensor to, View places) {
        queue.launch("select", "copy_" + from.dtype().bytes())
                .view(from)
                .memory(to)
                .view(places)
                .i(from.elements())
                .items(from.elements());
    }

    /** The tensor itself if its elements lie in row-major order, else a copy in the current scope. */
    static Tensor contiguous(KernelQueue queue, Tensor t) {
        if (t == null || t.isContiguous()) {
            return t;
        }
        Tensor copy = Tensor.empty(t.device(), t.dtype(), t.shape());
        copy(queue, t, copy);
        return copy;
    }

    private void reshape(KernelCall call) {
        Tensor x = call.in(0);
        copy(
                queue,
                x,
                call.out(0),
                View.of(x.shape(), x.shape().strides(), call.out(0).offset()));
    }

    private void concat(KernelCall call) {
        int axis = call.attributes(AxisSpec.class).axis();
        Tensor y = call.out(0);
        int start = 0;
        for (Tensor x : call.inputs()) {
            copy(queue, x, y, View.of(x.shape(), y.strides(), y.offset() + start * y.stride(axis)));
            start += x.dim(axis);
        }
    }

    private void unslice(KernelCall call) {
        ScatterSpec s = call.attributes(ScatterSpec.class);
        Tensor g = call.in(0);
        Tensor y = call.out(0);
        PointwiseBindings.fill(queue, y, 0f);
        long[] strides = y.strides();
        long offset = y.offset() + s.slice().start() * strides[s.slice().axis()];
        strides[s.slice().axis()] *= s.slice().step();
        copy(queue, g, y, View.of(g.shape(), strides, offset));
    }

    private void pad(KernelCall call) {
        PadSpec s = call.attributes(PadSpec.class);
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        PointwiseBindings.fill(queue, y, (float) s.value());
        long offset = y.offset();
        for (int a = 0; a < y.rank(); a++) {
            offset += s.before().get(a) * y.stride(a);
        }
        copy(queue, x, y, View.of(x.shape(), y.strides(), offset));
    }

    /** Elements behind an axis. */
    private static int inner(Shape shape, int axis) {
        int n = 1;
        for (int a = axis + 1; a < shape.rank(); a++) {
            n *= shape.dim(a);
        }
        return n;
    }

    private static Launch index(Launch launch, Tensor index) {
        return launch.memory(index).flag(index.dtype() == DType.I64).view(View.of(index));
    }

    private void gather(KernelCall call) {
        int axis = call.attributes(AxisSpec.class).axis();
        Tensor x = call.in(0);
        Tensor index = call.in(1);
        Tensor y = call.out(0);
        checks.check(call.op(), index, x.dim(axis));
        index(queue.launch("indexing", "op_gather").view(x), index)
                .dense(y)
                .i(y.elements())
                .i(x.dim(axis))
                .i(index.elements())
                .i(inner(x.shape(), axis))
                .items(y.elements());
    }

    private void gatherGradient(KernelCall call) {
        IndexSpec s = call.attributes(IndexSpec.class);
        Tensor g = call.in(0);
        Tensor index = call.in(1);
        Tensor y = call.out(0);
        checks.check(call.op(), index, s.extent());
        int columns = s.extent() == 0 ? 0 : (int) (y.elements() / s.extent());
        index(queue.launch("indexing", "op_gather_gradient").view(g), index)
                .dense(y)
                .i(columns)
                .i(s.extent())
                .i(index.elements())
                .i(inner(y.shape(), s.axis()))
                .items(columns);
    }

    private void oneHot(KernelCall call) {
        OneHotSpec s = call.attributes(OneHotSpec.class);
        Tensor y = call.out(0);
        checks.check(call.op(), call.in(0), s.classes());
        index(queue.launch("indexing", "op_one_hot"), call.in(0))
                .dense(y)
                .i(y.elements())
                .i(s.classes())
                .items(y.elements());
    }
}
