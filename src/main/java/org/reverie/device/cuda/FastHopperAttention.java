package org.reverie.device.cuda;

import java.lang.foreign.MemorySegment;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.tensor.Tensor;

/** Attention of 16-bit tensors on Hopper: {@code kernels/cuda/fast_attention_hopper.cu}. */
final class FastHopperAttention {
    private static final String FAMILY = "fast_attention_hopper";
    private static final int THREADS = 384;
    private static final int QUERIES = 128;
    private static final int KEYS = 128;
    private static final int STAGES = 2;
    private static final int BOX = 64;

    private final CudaQueue queue;

    FastHopperAttention(CudaQueue queue) {
        this.queue = queue;
    }

    /** Heads of 64 and 128; narrower ones would multiply zeros, and have kernels of their own width by mma. */
    boolean takes(Tensor q, Tensor k, Tensor v) {
        return (q.dim(3) == BOX || q.dim(3) == 2 * BOX) && isNotRepeated(q) && isNotRepeated(k) && isNotRepeated(v);
    }

    private static boolean isNotRepeated(Tensor t) {
        return t.stride(0) > 0 && t.stride(1) > 0 && t.stride(2) > 0;
    }

    /** The width that a head is multiplied with. */
    private static int width(Tensor q) {
        return q.dim(3) <= BOX ? BOX : 2 * BOX;
    }

    /** Bytes of shared memory: queries, stages of keys and values, barriers, and room to align all of it. */
    private static int shared(int width) {
        return (1 + 2 * STAGES) * KEYS * width * 2 + 8 * (1 + 4 * STAGES) + 1024;
    }

    /** @param sums null where they are not wanted */
    void attend(AttentionSpec s, Tensor q, Tensor k, Tensor v, Tensor y, Tensor sums) {
        int width = width(q);
        queue.launch(FAMILY, "attend_hopper_" + width + "_" + FastTensors.label(q.dtype()))
                .shared(shared(width))
                .map(map(q))
                .map(map(k))
                .map(map(v))
                .at(y)
                .at(sums)
                .words(new int[] {
                    q.dim(1),
                    q.dim(2),
                    k.dim(2),
                    q.dim(3),
                    s.causal() ? 1 : 0,
                    Float.floatToRawIntBits((float) ((float) s.scale() * FastAttention.LOG2_E)),
                    Math.toIntExact(y.stride(0)),
                    Math.toIntExact(y.stride(1)),
                    Math.toIntExact(y.stride(2))
                })
                .groups(Math.ceilDiv(q.dim(2), QUERIES), (long) q.dim(0) * q.dim(1), 1, THREADS);
    }

    /** A map of [batch, head, row, number]. */
    private MemorySegment map(Tensor t) {
        long[] extents = {t.dim(3), t.dim(2), t.dim(1), t.dim(0)};
        long[] strides = {t.stride(2), t.stride(1), t.stride(0)};
        return queue.maps().of(t, extents, strides, BOX, KEYS, 1, 1);
    }
}
