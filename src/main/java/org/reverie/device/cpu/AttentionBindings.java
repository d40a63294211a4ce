package org.reverie.device.cpu;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Attention and its gradient on the attention kernels, which want contiguous operands. */
final class AttentionBindings {
    private final AttentionKernels kernels;
    private final FusedKernels fused;

    AttentionBindings(AttentionKernels kernels, FusedKernels fused) {
        this.kernels = kernels;
        this.fused = fused;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("attention", this::attention);
        table.put("attention_gradient", this::gradient);
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
            kernels.attention(
                    extents(q, k, v),
                    (float) s.scale(),
                    mask(flags, s.causal()),
                    Operands.address(q),
                    Operands.address(k),
                    Operands.address(v),
                    Operands.address(y));
        }
    }

    private void gradient(KernelCall call) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor q = Operands.contiguous(call.in(0));
            Tensor k = Operands.contiguous(call.in(1));
            Tensor v = Operands.contiguous(call.in(2));
            Tensor flags = Operands.contiguous(call.in(3));
            Tensor g = Operands.contiguous(call.in(4));
            AttentionKernels.Extents extents = extents(q, k, v);
            if (extents.heads() == 0 || extents.queries() == 0 || extents.keys() == 0) {
                for (int i = 0; i < 3; i++) {
                    fused.fill(call.out(i).elements(), 0f, Operands.address(call.out(i)));
                }
                return;
            }
            kernels.gradient(
                    extents,
                    (float) s.scale(),
                    mask(flags, s.causal()),
                    Operands.address(q),
                    Operands.address(k),
                    Operands.address(v),
                    Operands.address(g),
                    Operands.address(call.out(0)),
                    Operands.address(call.out(1)),
                    Operands.address(call.out(2)));
        }
    }

    private static AttentionKernels.Extents extents(Tensor q, Tensor k, Tensor v) {
        return new AttentionKernels.Extents(q.dim(0) * q.dim(1), q.dim(1), q.dim(2), k.dim(2), q.dim(3), v.dim(3));
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
