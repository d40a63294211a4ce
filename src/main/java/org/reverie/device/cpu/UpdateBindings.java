package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.device.spec.EmaSpec;
import org.reverie.device.spec.SgdSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The ops that update parameters and averages in place. */
final class UpdateBindings {
    private final PointwiseKernels pointwise;
    private final FusedKernels fused;
    private final ReduceKernels reduce;

    UpdateBindings(PointwiseKernels pointwise, FusedKernels fused, ReduceKernels reduce) {
        this.pointwise = pointwise;
        this.fused = fused;
        this.reduce = reduce;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("adamw_step", this::adamw);
        table.put("sgd_step", this::sgd);
        table.put("ema_update", this::ema);
        table.put("all_finite", this::allFinite);
    }

    private void adamw(KernelCall call) {
        AdamWSpec s = call.attributes(AdamWSpec.class);
        try (Scope scope = Scope.open()) {
            if (call.inputs().length == 5 && Operands.index(call.in(4), 0) == 0) {
                return;
            }
            Tensor g = Operands.contiguous(call.in(3));
            if (s.gradientFactor() != 1) {
                Tensor scaled = Tensor.empty(g.device(), g.dtype(), g.shape());
                long to = Operands.address(scaled);
                pointwise.binary(Binary.MUL, g.elements(), Operands.address(g), s.gradientFactor(), to);
                g = scaled;
            }
            pointwise.adamw(
                    g.elements(),
                    Operands.address(call.out(0)),
                    Operands.address(call.out(1)),
                    Operands.address(call.out(2)),
                    Operands.address(g),
                    s.decay(),
                    s.firstRate(),
                    s.secondKept(),
                    s.secondRate(),
                    s.stepSize(),
                    s.secondRoot(),
                    s.epsilon());
        }
    }

    /** 0 · x is NaN for every x that is not finite, and so is a sum that one of them is in. */
    private void allFinite(KernelCall call) {
        boolean finite = true;
        try (Scope scope = Scope.open()) {
            Tensor sum = Tensor.empty(call.out(0).device(), DType.F32, Shape.SCALAR);
            for (Tensor in : call.inputs()) {
                int n = Math.toIntExact(in.elements());
                Tensor zeros = Tensor.empty(in.device(), in.dtype(), Shape.of(n));
                Tensor x = Operands.contiguous(in);
                pointwise.binary(Binary.MUL, n, Operands.address(x), 0f, Operands.address(zeros));
                reduce.sumRows(1, n, Operands.address(zeros), n, Operands.address(sum));
                finite &= n == 0 || Numbers.getFloat(Operands.address(sum)) == 0;
                Scope.free(zeros);
            }
        }
        Numbers.set(DType.I32, Operands.address(call.out(0)), 0, finite ? 1 : 0);
    }

    private void sgd(KernelCall call) {
        SgdSpec s = call.attributes(SgdSpec.class);
        boolean moving = call.inputs().length == 3;
        try (Scope scope = Scope.open()) {
            Tensor g = Operands.contiguous(call.in(moving ? 2 : 1));
            fused.sgd(
                    g.elements(),
                    Operands.address(call.out(0)),
                    moving ? Operands.address(call.out(1)) : 0,
                    Operands.address(g),
                    (float) s.lr(),
                    (float) s.momentum(),
                    s.nesterov(),
                    (float) s.weightDecay());
        }
    }

    private void ema(KernelCall call) {
        float rate = call.attributes(EmaSpec.class).rate();
        try (Scope scope = Scope.open()) {
            Tensor value = Operands.contiguous(call.in(1));
            pointwise.ema(value.elements(), rate, Operands.address(value), Operands.address(call.out(0)));
        }
    }
}
