package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.device.spec.EmaSpec;
import org.reverie.device.spec.SgdSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The ops that update parameters and averages in place. */
final class UpdateBindings {
    private final PointwiseKernels pointwise;
    private final FusedKernels fused;

    UpdateBindings(PointwiseKernels pointwise, FusedKernels fused) {
        this.pointwise = pointwise;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("adamw_step", this::adamw);
        table.put("sgd_step", this::sgd);
        table.put("ema_update", this::ema);
    }

    private void adamw(KernelCall call) {
        AdamWSpec s = call.attributes(AdamWSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor g = Operands.contiguous(call.in(3));
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
