package org.reverie.device.opencl;

import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.tensor.Tensor;

/** Attention: {@code kernels/common/attention.h}. */
final class AttentionBindings {
    private static final int KEY_BLOCK = 64;

    private final ClQueue queue;

    AttentionBindings(ClQueue queue) {
        this.queue = queue;
    }

    void register(Map<String, ClKernel> table) {
        table.put("attention", this::attend);
    }

    private void attend(KernelCall call) {
        AttentionSpec s = call.attributes(AttentionSpec.class);
        Tensor q = call.in(0);
        Tensor mask = call.in(3);
        queue.launch("attention", "attend")
                .dense(call.out(0))
                .view(q)
                .view(call.in(1))
                .view(call.in(2))
                .view(mask)
                .flag(mask != null)
                .flag(mask != null && mask.rank() == 3)
                .flag(mask != null && mask.dim(0) > 1)
                .i(q.dim(1))
                .i(q.dim(2))
                .i(call.in(1).dim(2))
                .i(q.dim(3))
                .i(call.in(2).dim(3))
                .f(s.scale())
                .flag(s.causal())
                .groups((long) q.dim(0) * q.dim(1) * q.dim(2), KEY_BLOCK);
    }
}
