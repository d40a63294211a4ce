package org.reverie.device.cuda;

import org.reverie.device.spec.AttentionSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Tensor;

/**
 * Exact attention by tiles of queries: {@code kernels/cuda/attend.cuh}. Heads that are deeper than a chunk or wider than the
 * accumulators are left to the plain kernel.
 */
final class CudaAttention {
    private static final int QUERIES = 64;
    private static final int THREADS = 256;

    /** Columns of the values that a block takes at a time, and how often at most. */
    private static final int COLUMNS = 64;

    private static final int WIDEST = 4;

    private final CudaQueue queue;

    CudaAttention(CudaQueue queue) {
        this.queue = queue;
    }

    /** @param look the struct Look of {@code kernels/common/look.h} */
    boolean attend(AttentionSpec s, int[] look, Tensor q, Tensor k, Tensor v, Tensor mask, Tensor y) {
        int wide = Math.ceilDiv(v.dim(3), COLUMNS);
        long heads = (long) q.dim(0) * q.dim(1);
        if (y.elements() == 0
                || q.dim(3) == 0
                || q.dim(3) > Contract.CHUNK
                || wide > WIDEST
                || heads > CudaLaunch.LARGEST_Y) {
            return false;
        }
        queue.launch("attention", "attend_tiles_" + wide)
                .dense(y)
                .memory(q)
                .words(strides(q))
                .memory(k)
                .words(strides(k))
                .memory(v)
                .words(strides(v))
                .view(mask)
                .words(look)
                .i(q.dim(3))
                .i(v.dim(3))
                .f(s.scale())
                .groups(Math.ceilDiv(q.dim(2), QUERIES), heads, 1, THREADS);
        return true;
    }

    /** The struct Strides of the kernel. */
    private static int[] strides(Tensor t) {
        return new int[] {
            Math.toIntExact(t.offset()),
            Math.toIntExact(t.stride(0)),
            Math.toIntExact(t.stride(1)),
            Math.toIntExact(t.stride(2)),
            Math.toIntExact(t.stride(3))
        };
    }
}
