package org.reverie.device.kernels;

import java.util.List;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.ClampSpec;
import org.reverie.device.spec.ScalarSpec;
import org.reverie.tensor.Tensor;

/** Arithmetic, elementary functions, activations and their gradients: {@code kernels/common/pointwise.h}. */
final class PointwiseBindings {
    private static final String FAMILY = "pointwise";

    private static final List<String> UNARY = List.of(
            "neg",
            "abs",
            "sign",
            "square",
            "sqrt",
            "rsqrt",
            "exp",
            "expm1",
            "log",
            "log1p",
            "sin",
            "cos",
            "erf",
            "relu",
            "relu6",
            "silu",
            "gelu",
            "gelu_tanh",
            "quick_gelu",
            "sigmoid",
            "tanh",
            "softplus");

    private static final List<String> BINARY = List.of(
            "add",
            "sub",
            "mul",
            "div",
            "maximum",
            "minimum",
            "relu_gradient",
            "relu6_gradient",
            "silu_gradient",
            "gelu_gradient",
            "gelu_tanh_gradient",
            "quick_gelu_gradient",
            "sigmoid_gradient",
            "tanh_gradient",
            "softplus_gradient");

    private static final List<String> SCALAR = List.of("scale", "add_scalar", "pow");

    private final KernelQueue queue;

    PointwiseBindings(KernelQueue queue) {
        this.queue = queue;
    }

    void register(Map<String, Binding> table) {
        UNARY.forEach(op -> table.put(op, this::unary));
        BINARY.forEach(op -> table.put(op, this::binary));
        SCALAR.forEach(op -> table.put(op, this::scalar));
        table.put("clamp", this::clamp);
        table.put("clamp_gradient", this::clampGradient);
        table.put("full_like", this::fullLike);
        table.put("geglu", this::geglu);
        table.put("geglu_gradient", this::gegluGradient);
    }

    private Launch launch(KernelCall call) {
        return queue.launch(FAMILY, "op_" + call.op());
    }

    private void unary(KernelCall call) {
        Tensor y = call.out(0);
        launch(call).view(call.in(0)).dense(y).i(y.elements()).items(y.elements());
    }

    private void binary(KernelCall call) {
        Tensor y = call.out(0);
        launch(call)
                .view(call.in(0), y.shape())
                .view(call.in(1), y.shape())
                .dense(y)
                .i(y.elements())
                .items(y.elements());
    }

    private void scalar(KernelCall call) {
        Tensor y = call.out(0);
        double a = call.attributes(ScalarSpec.class).value();
        launch(call).view(call.in(0)).dense(y).i(y.elements()).f(a).f(0).items(y.elements());
    }

    private void clamp(KernelCall call) {
        ClampSpec s = call.attributes(ClampSpec.class);
        Tensor y = call.out(0);
        launch(call)
                .view(call.in(0))
                .dense(y)
                .i(y.elements())
                .f(s.low())
                .f(s.high())
                .items(y.elements());
    }

    private void clampGradient(KernelCall call) {
        ClampSpec s = call.attributes(ClampSpec.class);
        Tensor y = call.out(0);
        launch(call)
                .view(call.in(0))
                .view(call.in(1))
                .dense(y)
                .i(y.elements())
                .f(s.low())
                .f(s.high())
                .items(y.elements());
    }

    private void fullLike(KernelCall call) {
        fill(queue, call.out(0), (float) call.attributes(ScalarSpec.class).value());
    }

    /** Sets every element of a contiguous f32 tensor. */
    static void fill(KernelQueue queue, Tensor y, float value) {
        queue.launch(FAMILY, "fill_float").dense(y).i(y.elements()).f(value).items(y.elements());
    }

    private void geglu(KernelCall call) {
        Tensor y = call.out(0);
        launch(call).view(call.in(0)).dense(y).i(y.elements()).i(y.dim(-1)).items(y.elements());
    }

    private void gegluGradient(KernelCall call) {
        Tensor g = call.in(1);
        launch(call)
                .view(call.in(0))
                .view(g)
                .dense(call.out(0))
                .i(g.elements())
                .i(g.dim(-1))
                .items(g.elements());
    }
}
