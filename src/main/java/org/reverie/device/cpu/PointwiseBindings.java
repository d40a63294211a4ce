package org.reverie.device.cpu;

import java.util.Locale;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.spec.ClampSpec;
import org.reverie.device.spec.ScalarSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The ops that compute one number from one or two, on the pointwise kernels; an op is called as its function is. */
final class PointwiseBindings {
    private final PointwiseKernels kernels;
    private final FusedKernels fused;

    PointwiseBindings(PointwiseKernels kernels, FusedKernels fused) {
        this.kernels = kernels;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        for (Unary f : Unary.values()) {
            table.put(name(f), call -> unary(f, call));
        }
        for (Binary f : Binary.values()) {
            if (f != Binary.POW) {
                table.put(name(f), call -> binary(f, call.in(0), call.in(1), call.out(0)));
            }
        }
        table.put("pow", call -> scalar(Binary.POW, call));
        table.put("scale", call -> scalar(Binary.MUL, call));
        table.put("add_scalar", call -> scalar(Binary.ADD, call));
        table.put("full_like", this::full);
        table.put("clamp", this::clamp);
        table.put("clamp_gradient", this::clampGradient);
        table.put("geglu", this::geglu);
        table.put("geglu_gradient", this::gegluGradient);
        table.put("contiguous", call -> Operands.copy(call.in(0), call.out(0)));
        table.put("reshape", PointwiseBindings::reshape);
    }

    private static String name(Enum<?> f) {
        return f.name().toLowerCase(Locale.ROOT);
    }

    private void unary(Unary f, KernelCall call) {
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            kernels.unary(f, x.elements(), Operands.address(x), Operands.address(call.out(0)));
        }
    }

    private void scalar(Binary f, KernelCall call) {
        float number = (float) call.attributes(ScalarSpec.class).value();
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            kernels.binary(f, x.elements(), Operands.address(x), number, Operands.address(call.out(0)));
        }
    }

    private void full(KernelCall call) {
        Tensor y = call.out(0);
        fused.fill(y.elements(), (float) call.attributes(ScalarSpec.class).value(), Operands.address(y));
    }

    private void clamp(KernelCall call) {
        ClampSpec s = call.attributes(ClampSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            long y = Operands.address(call.out(0));
            fused.clamp(x.elements(), (float) s.low(), (float) s.high(), Operands.address(x), y);
        }
    }

    private void clampGradient(KernelCall call) {
        ClampSpec s = call.attributes(ClampSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor g = Operands.contiguous(call.in(1));
            fused.clampGradient(
                    x.elements(),
                    (float) s.low(),
                    (float) s.high(),
                    Operands.address(x),
                    Operands.address(g),
                    Operands.address(call.out(0)));
        }
    }

    private static void reshape(KernelCall call) {
        Tensor y = call.out(0);
        Operands.copy(call.in(0), y.view(call.in(0).shape(), call.in(0).shape().strides(), y.offset()));
    }

    /** {@code y = f(a, b)} with broadcasting; y is contiguous and may be a contiguous operand. */
    void binary(Binary f, Tensor a, Tensor b, Tensor y) {
        long n = y.elements();
        if (n == 0) {
            return;
        }
        if (a.elements() == n && b.elements() == n && a.isContiguous() && b.isContiguous()) {
            kernels.binary(f, n, Operands.address(a), Operands.address(b), Operands.address(y));
            return;
        }
        LoopNest nest = nest(a, b, y);
        if (nest.stride(0, 0) <= 1 && nest.stride(1, 0) <= 1) {
            binary(f, nest, Operands.address(a), Operands.address(b), Operands.address(y));
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor left = nest.stride(0, 0) <= 1 ? a : Operands.contiguous(a);
            Tensor right = nest.stride(1, 0) <= 1 ? b : Operands.contiguous(b);
            binary(f, left, right, y);
        }
    }

    private static LoopNest nest(Tensor a, Tensor b, Tensor y) {
        return LoopNest.of(y.shape(), LoopNest.broadcast(a, y.shape()), LoopNest.broadcast(b, y.shape()), y.strides());
    }

    private void binary(Binary f, LoopNest nest, long a, long b, long y) {
        int inner = Math.min(3, nest.loops());
        int outer = nest.outer(inner);
        for (int o = 0; o < outer; o++) {
            kernels.binary(
                    f,
                    nest.extent(2),
                    nest.extent(1),
                    nest.extent(0),
                    matrices(nest, 0, a + 4 * nest.at(0, inner, o)),
                    matrices(nest, 1, b + 4 * nest.at(1, inner, o)),
                    y + 4 * nest.at(2, inner, o));
        }
    }

    private static Strided matrices(LoopNest nest, int operand, long address) {
        return new Strided(address, nest.stride(operand, 1), nest.stride(operand, 0), nest.stride(operand, 2));
    }

    private void geglu(KernelCall call) {
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            int n = y.dim(-1);
            int rows = (int) (y.elements() / n);
            fused.geglu(rows, n, Operands.address(x), Operands.address(y));
        }
    }

    private void gegluGradient(KernelCall call) {
        if (call.in(1).elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor g = Operands.contiguous(call.in(1));
            int n = g.dim(-1);
            int rows = (int) (g.elements() / n);
            fused.gegluGradient(rows, n, Operands.address(x), Operands.address(g), Operands.address(call.out(0)));
        }
    }
}
