package org.reverie.device.opencl;

import org.reverie.device.spec.AttentionSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Tensor;

/**
 * Attention by tiles of queries: {@code kernels/opencl/flash.cl}. Heads that are deeper than a chunk or wider than the
 * accumulators are left to the plain kernel, as are devices that are too small for a group.
 */
final class GpuAttention {
    private static final int QUERIES = 32;
    private static final int ITEMS = 256;
    private static final int LOCAL_BYTES = 20 << 10;

    /** Columns of the values that the groups' items share at a time, and how often at most. */
    private static final int COLUMNS = 64;

    private static final int WIDEST = 4;

    private final ClQueue queue;

    GpuAttention(ClQueue queue) {
        this.queue = queue;
    }

    /** @param look the struct Look of {@code kernels/common/look.h} */
    boolean attend(AttentionSpec s, int[] look, Tensor q, Tensor k, Tensor v, Tensor mask, Tensor y) {
        int wide = Math.ceilDiv(v.dim(3), COLUMNS);
        if (y.elements() == 0
                || q.dim(3) > Contract.CHUNK
                || wide > WIDEST
                || queue.device().largestGroup() < ITEMS
                || queue.device().localMemory() < LOCAL_BYTES) {
            return false;
        }
        queue.launchOwn("flash", "attend_tiles", "#define WIDE " + wide + "\n")
                .dense(y)
                .memory(q)
                .words(Geometry.strides(q))
                .memory(k)
                .words(Geometry.strides(k))
                .memory(v)
                .words(Geometry.strides(v))
                .view(mask)
                .words(look)
                .i(q.dim(3))
                .i(v.dim(3))
                .f(s.scale())
                .groups(Math.ceilDiv(q.dim(2), QUERIES), (long) q.dim(0) * q.dim(1), 1, ITEMS);
        return true;
    }
}
