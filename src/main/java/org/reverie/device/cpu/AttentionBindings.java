package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** The op attention on the attention kernels, which want contiguous operands. */
final class AttentionBindings {
    private final AttentionKernels kernels;

    AttentionBindings(AttentionKernels kernels) {
        this.kernels = kernels;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("attention", this::attention);
    }

    private void attention(KernelCall call) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        Tensor y = call.out(0);
        if (y.elements() == 0) {
            return;
        }
        try (Scope scope = Scope.open()) {
            Tensor q = Operands.contiguous(call.in(0));
            Tensor k = Operands.contiguous(call.in(1));
            Tensor v = Operands.contiguous(call.in(2));
            Tensor flags = Operands.contiguous(call.in(3));
            AttentionKernels.Extents extents =
                    new AttentionKernels.Extents(q.dim(0) * q.dim(1), q.dim(1), q.dim(2), k.dim(2), q.dim(3), y.dim(3));
            kernels.attention(
                    extents,
                    (float) s.scale(),
                    mask(flags, s.causal()),
                    Operands.address(q),
                    Operands.address(k),
                    Operands.address(v),
                    Operands.address(y));
        }
    }

    private static AttentionKernels.Mask mask(Tensor flags, boolean causal) {
        if (flags == null) {
            return new AttentionKernels.Mask(0, 0, 0, causal);
        }
        int keys = flags.dim(-1);
        boolean pairs = flags.rank() == 3;
        long batch = flags.dim(0) == 1 ? 0 : (long) keys * (pairs ? flags.dim(1) : 1);
        return new AttentionKernels.Mask(Operands.address(flags), batch, pairs ? keys : 0, causal);
    }
}
