package org.reverie.device.cuda;

import org.reverie.device.spec.AttentionSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Attention of 16-bit tensors and its gradient: {@code kernels/cuda/fast_attention.cu}. No masks but the causal one. */
final class FastAttention {
    private static final String FAMILY = "fast_attention";
    private static final int THREADS = 128;

    /** Queries, or keys, of a block. */
    private static final int BLOCK = 64;

    /** Kernels compute powers of two. */
    static final double LOG2_E = 1 / Math.log(2);

    /**
     * How heads of up to a width are taken, as fast_attention.cu has it.
     *
     * @param keys of a step of the forward
     * @param part columns of a block in the gradients of keys and values
     * @param count queries, or keys, of a step of the gradient
     */
    private record Width(int width, int keys, int part, int count) {
        static final Width[] ALL = {
            new Width(48, 64, 48, 32),
            new Width(64, 64, 64, 64),
            new Width(80, 64, 80, 32),
            new Width(128, 64, 128, 32),
            new Width(160, 32, 80, 32),
            new Width(256, 32, 128, 16)
        };

        static Width of(int head) {
            for (Width w : ALL) {
                if (head <= w.width) {
                    return w;
                }
            }
            return null;
        }

        /** Bytes of so many rows in shared memory. */
        private int rows(int count) {
            return count * (2 * width + 16);
        }

        int forward() {
            return rows(BLOCK) + 4 * rows(keys);
        }

        int keyGradients() {
            return 2 * rows(BLOCK) + 2 * (2 * rows(count) + 2 * count * Float.BYTES);
        }

        int queryGradients() {
            return 2 * rows(BLOCK) + 4 * rows(count);
        }
    }

    private final CudaQueue queue;
    private final FastHopperAttention hopper;

    /** @param hopper null on other cards */
    FastAttention(CudaQueue queue, FastHopperAttention hopper) {
        this.queue = queue;
        this.hopper = hopper;
    }

    /** q[B, H, Lq, D], k[B, H, Lk, D], v[B, H, Lk, D], mask; others may be null. */
    static boolean takes(AttentionSpec s, Tensor q, Tensor k, Tensor v, Tensor mask) {
        DType d = q.dtype();
        int width = q.dim(3);
        return FastTensors.isLow(d)
                && mask == null
                && s.scale() > 0
                && width == v.dim(3)
                && width > 0
                && width % FastTensors.EIGHT == 0
                && Width.of(width) != null
                && k.dim(2) > 0
                && (long) q.dim(0) * q.dim(1) <= CudaLaunch.LARGEST_Y
                && isHeads(q, d)
                && isHeads(k, d)
                && isHeads(v, d);
    }

    /** Whether a tensor of heads is one of the kernels'. */
    static boolean isHeads(Tensor t, DType d) {
        return FastTensors.hasRows(t, d) && Math.max(t.stride(0), t.stride(1)) < 1L << 31 && t.stride(2) < 1L << 31;
    }

    /** Writes the struct Heads of the kernels. */
    private static int[] heads(AttentionSpec s, Tensor q, Tensor k, Tensor v, Tensor out) {
        int[] words = new int[18];
        words[0] = q.dim(1);
        words[1] = q.dim(2);
        words[2] = k.dim(2);
        words[3] = q.dim(3);
        words[4] = s.causal() ? 1 : 0;
        words[5] = Float.floatToRawIntBits((float) ((float) s.scale() * LOG2_E));
        put(words, 6, q);
        put(words, 9, k);
        put(words, 12, v);
        put(words, 15, out);
        return words;
    }

    private static void put(int[] words, int at, Tensor t) {
        for (int a = 0; a < 3; a++) {
            words[at + a] = Math.toIntExact(t.stride(a));
        }
    }

    private static String suffix(Width w, Tensor t) {
        return w.width() + "_" + FastTensors.label(t.dtype());
    }

    void attend(AttentionSpec s, Tensor q, Tensor k, Tensor v, Tensor y) {
        forward(s, q, k, v, y, null);
    }

    private void forward(AttentionSpec s, Tensor q, Tensor k, Tensor v, Tensor y, Tensor sums) {
        if (hopper != null && hopper.takes(q, k, v)) {
            hopper.attend(s, q, k, v, y, sums);
            return;
        }
        Width w = Width.of(q.dim(3));
        queue.launch(FAMILY, "attend_" + suffix(w, q))
                .shared(w.forward())
                .at(y)
                .at(sums)
                .at(q)
                .at(k)
                .at(v)
                .words(heads(s, q, k, v, y))
                .groups(Math.ceilDiv(q.dim(2), BLOCK), (long) q.dim(0) * q.dim(1), 1, THREADS);
    }

    /** From the gradient of the output to those of q, k and v. The output and its sums are computed again. */
    void gradient(AttentionSpec s, Tensor q, Tensor k, Tensor v, Tensor g, Tensor dq, Tensor dk, Tensor dv) {
        Width w = Width.of(q.dim(3));
        long heads = (long) q.dim(0) * q.dim(1);
        try (Scope scope = Scope.open()) {
            Tensor out = Tensor.empty(q.device(), q.dtype(), q.shape());
            Shape each = Shape.of(Math.toIntExact(heads), q.dim(2));
            Tensor sums = Tensor.empty(q.device(), DType.F32, each);
            Tensor products = Tensor.empty(q.device(), DType.F32, each);
            int[] layout = heads(s, q, k, v, out);
            int[] slopes = new int[13];
            put(slopes, 0, g);
            put(slopes, 3, dq);
            put(slopes, 6, dk);
            put(slopes, 9, dv);
            slopes[12] = Float.floatToRawIntBits((float) s.scale());
            forward(s, q, k, v, out, sums);
            queue.launch(FAMILY, "slope_products_" + FastTensors.label(q.dtype()))
                    .at(products)
                    .at(out)
                    .at(g)
                    .words(layout)
                    .words(slopes)
                    .groups(Math.ceilDiv(q.dim(2), THREADS / 32), heads, 1, THREADS);
            queue.launch(FAMILY, "key_gradients_" + suffix(w, q))
                    .shared(w.keyGradients())
                    .at(dk)
                    .at(dv)
                    .at(q)
                    .at(k)
                    .at(v)
                    .at(g)
                    .at(sums)
                    .at(products)
                    .words(layout)
                    .words(slopes)
                    .groups(Math.ceilDiv(k.dim(2), BLOCK), heads, w.width() / w.part(), THREADS);
            queue.launch(FAMILY, "query_gradients_" + suffix(w, q))
                    .shared(w.queryGradients())
                    .at(dq)
                    .at(q)
                    .at(k)
                    .at(v)
                    .at(g)
                    .at(sums)
                    .at(products)
                    .words(layout)
                    .words(slopes)
                    .groups(Math.ceilDiv(q.dim(2), BLOCK), heads, 1, THREADS);
        }
    }
}
