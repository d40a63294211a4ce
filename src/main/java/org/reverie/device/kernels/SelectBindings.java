package org.reverie.device.kernels;

import java.util.List;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** Comparisons, logic, selection and changes of dtype: {@code kernels/common/select.h} and {@code numbers.h}. */
final class SelectBindings {
    private static final List<String> COMPARISONS =
            List.of("equal", "not_equal", "less", "less_equal", "greater", "greater_equal");

    private final KernelQueue queue;

    SelectBindings(KernelQueue queue) {
        this.queue = queue;
    }

    void register(Map<String, Binding> table) {
        // Numbers of other dtypes are compared and converted by way of binary64, which a device may lack.
        if (queue.hasBinary64()) {
            COMPARISONS.forEach(op -> table.put(op, this::compare));
            table.put("cast", this::cast);
        }
        table.put("logical_and", this::logic);
        table.put("logical_or", this::logic);
        table.put("logical_not", this::test);
        table.put("is_nan", this::test);
        table.put("where", this::where);
    }

    private void compare(KernelCall call) {
        Tensor y = call.out(0);
        DType dtype = call.in(0).dtype();
        boolean floats = dtype == DType.F32;
        Launch launch = queue.launch(floats ? "select" : "numbers", floats ? "compare_float" : "compare_number")
                .view(call.in(0), y.shape())
                .view(call.in(1), y.shape())
                .dense(y)
                .i(y.elements())
                .i(COMPARISONS.indexOf(call.op()));
        (floats ? launch : launch.i(dtype.ordinal())).items(y.elements());
    }

    private void logic(KernelCall call) {
        Tensor y = call.out(0);
        queue.launch("select", "op_" + call.op())
                .view(call.in(0), y.shape())
                .view(call.in(1), y.shape())
                .dense(y)
                .i(y.elements())
                .items(y.elements());
    }

    private void test(KernelCall call) {
        Tensor y = call.out(0);
        queue.launch("select", "op_" + call.op())
                .view(call.in(0))
                .dense(y)
                .i(y.elements())
                .items(y.elements());
    }

    private void where(KernelCall call) {
        Tensor y = call.out(0);
        queue.launch("select", "op_where")
                .view(call.in(0), y.shape())
                .view(call.in(1), y.shape())
                .view(call.in(2), y.shape())
                .dense(y)
                .i(y.elements())
                .items(y.elements());
    }

    private void cast(KernelCall call) {
        Tensor x = call.in(0);
        Tensor y = call.out(0);
        if (x.dtype() == y.dtype()) {
            ShapingBindings.copy(queue, x, y);
            return;
        }
        queue.launch("numbers", "cast_number")
                .view(x)
                .i(x.dtype().ordinal())
                .dense(y)
                .i(y.dtype().ordinal())
                .i(y.elements())
                .items(y.elements());
    }
}
