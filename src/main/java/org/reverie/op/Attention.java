package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.numerics.Contract;
import org.reverie.op.Op.Lowering;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Scaled dot-product attention (docs/numerics.md, rule 4): softmax(scale · q·kᵀ) · v for each head, over blocks of 64 keys
 * with a running maximum. For each query, with m = −∞, s = +0 and a[d] = +0 at first, and for each block that has a key
 * the query may look at:
 *
 * <pre>
 *   t[j] = scale · (q · k[j])              the product by rule 2, then one multiplication
 *   n    = max(m, t[j] of the block)       NaN wins
 *   c    = exp(m − n),  p[j] = exp(t[j] − n)
 *   s    = fma(s, c, Σ p[j])               the sum by rule 3 over the block's 64 places, dropped keys +0
 *   a[d] = a[d] · c,  then a[d] = fma(p[j], v[j][d], a[d])   for j ascending, dropped keys skipped
 *   m    = n
 * </pre>
 *
 * and at the end y[d] = a[d] / s; +0 for a query that may look at no key.
 */
public final class Attention {
    private static final AttentionSpec PLAIN = new AttentionSpec(0.25, false);
    private static final AttentionSpec CAUSAL = new AttentionSpec(0.25, true);

    /** q[B,H,Lq,D], k[B,H,Lk,D], v[B,H,Lk,Dv], mask U8? [B,Lk] or [B|1,Lq,Lk] → [B,H,Lq,Dv]. */
    static final Op<AttentionSpec> ATTENTION = Op.named("attention", AttentionSpec.class)
            .lowering(Lowering.DOWN)
            .shapes(Attention::infer)
            .reference(Attention::reference)
            .gradient(AttentionGradient::inputs)
            .flops((s, in, out) -> 2.0
                    * in.get(0).shape().elements()
                    * in.get(1).shape().dim(2)
                    * (1
                            + (double) in.get(2).shape().dim(3)
                                    / Math.max(1, in.get(0).shape().dim(3))))
            .sample("small", PLAIN, of(2, 3, 5, 8), of(2, 3, 7, 8), of(2, 3, 7, 6), null)
            .sample("several blocks of keys", PLAIN, of(1, 2, 3, 16), of(1, 2, 150, 16), of(1, 2, 150, 18), null)
            .sample("one block exactly", PLAIN, of(1, 1, 4, 5), of(1, 1, 64, 5), of(1, 1, 64, 5), null)
            .sample("causal over blocks", CAUSAL, of(1, 1, 70, 4), of(1, 1, 70, 4), of(1, 1, 70, 4), null)
            .sample("causal, more keys than queries", CAUSAL, of(1, 2, 3, 4), of(1, 2, 5, 4), of(1, 2, 5, 4), null)
            .sample("masked keys", PLAIN, of(2, 2, 4, 8), of(2, 2, 9, 8), of(2, 2, 9, 8), mask(2, 9))
            .sample("masked keys over blocks", PLAIN, of(2, 1, 3, 4), of(2, 1, 130, 4), of(2, 1, 130, 4), mask(2, 130))
            .sample("mask of pairs", PLAIN, of(2, 2, 5, 4), of(2, 2, 3, 4), of(2, 2, 3, 4), mask(1, 5, 3))
            .sample(
                    "mask of pairs and images, causal",
                    CAUSAL,
                    of(2, 2, 4, 4),
                    of(2, 2, 4, 4),
                    of(2, 2, 4, 4),
                    mask(2, 4, 4))
            .sample("nothing to look at", PLAIN, of(1, 1, 3, 4), of(1, 1, 5, 4), of(1, 1, 5, 4), nothing(1, 5))
            .sample(
                    "heads as views",
                    PLAIN,
                    of(2, 3, 5, 6).transposed(),
                    of(2, 3, 7, 6).transposed(),
                    of(2, 3, 7, 6).transposed(),
                    null)
            .sample("wide heads across chunks", PLAIN, of(1, 1, 2, 300), of(1, 1, 3, 300), of(1, 1, 3, 7), null)
            .sample("empty batch", PLAIN, of(0, 2, 3, 4), of(0, 2, 5, 4), of(0, 2, 5, 4), null)
            .sample("special values", PLAIN, of(1, 2, 9, 4).fill(Fill.SPECIAL), of(1, 2, 70, 4), of(1, 2, 70, 4), null)
            .sample(
                    "special keys",
                    PLAIN,
                    of(1, 2, 5, 4),
                    of(1, 2, 7, 4),
                    of(1, 2, 7, 4).fill(Fill.SPECIAL),
                    mask(1, 7))
            .error("k must have shape [2, 3, 7, 8]", PLAIN, of(2, 3, 5, 8), of(2, 3, 7, 9), of(2, 3, 7, 6), null)
            .error("v must have as many keys as k", PLAIN, of(2, 3, 5, 8), of(2, 3, 7, 8), of(2, 3, 6, 8), null)
            .error(
                    "mask must have shape [2, 7] or [2 or 1, 5, 7]",
                    PLAIN,
                    of(2, 3, 5, 8),
                    of(2, 3, 7, 8),
                    of(2, 3, 7, 8),
                    mask(5, 7))
            .error("mask must be u8", PLAIN, of(2, 3, 5, 8), of(2, 3, 7, 8), of(2, 3, 7, 8), of(2, 7));

    static final List<Op<?>> OPS = List.of(ATTENTION);

    private Attention() {}

    /**
     * softmax(scale · q[B,H,Lq,D] · k[B,H,Lk,D]ᵀ) · v[B,H,Lk,Dv] → [B,H,Lq,Dv].
     *
     * @param mask U8, 1 = may be looked at: [B, Lk] for keys, [B, Lq, Lk] or [1, Lq, Lk] for pairs, or null for all
     */
    public static Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask, AttentionSpec spec) {
        return Engine.run(ATTENTION, spec, q, k, v, mask);
    }

    static List<TensorSpec> infer(AttentionSpec s, List<TensorSpec> in) {
        TensorSpec q = Rules.rank(Rules.floating(in.get(0), "q"), 4, "q [B, H, Lq, D]");
        TensorSpec k = Rules.rank(Rules.floating(in.get(1), "k"), 4, "k [B, H, Lk, D]");
        TensorSpec v = Rules.rank(Rules.floating(in.get(2), "v"), 4, "v [B, H, Lk, Dv]");
        int keys = k.shape().dim(2);
        Rules.shape(k, q.shape().with(2, keys), "k");
        Rules.check(
                v.shape().equals(k.shape().with(3, v.shape().dim(3))),
                "v must have as many keys as k %s, but its shape is %s",
                k.shape(),
                v.shape());
        if (in.get(3) != null) {
            checkMask(in.get(3), q.shape().dim(0), q.shape().dim(2), keys);
        }
        return Rules.like(q, q.shape().with(3, v.shape().dim(3)));
    }

    private static void checkMask(TensorSpec mask, int batch, int queries, int keys) {
        Rules.check(mask.dtype() == DType.U8, "mask must be u8 (1 = may be looked at), not %s", mask);
        Shape m = mask.shape();
        boolean ofKeys = m.equals(Shape.of(batch, keys));
        boolean ofPairs = m.equals(Shape.of(batch, queries, keys)) || m.equals(Shape.of(1, queries, keys));
        Rules.check(
                ofKeys || ofPairs,
                "mask must have shape [%d, %d] or [%d or 1, %d, %d], not %s",
                batch,
                keys,
                batch,
                queries,
                keys,
                m);
    }

    private static void reference(ReferenceCall<AttentionSpec> c) {
        Shape q = c.inShape(0);
        int queries = q.dim(2);
        int keys = c.inShape(1).dim(2);
        for (int row = 0; row < q.dim(0) * q.dim(1) * queries; row++) {
            int head = row / queries;
            boolean[] kept = new boolean[keys];
            for (int j = 0; j < keys; j++) {
                kept[j] = keeps(c, head / q.dim(1), row % queries, j);
            }
            query(c, row, head * keys, kept);
        }
    }

    static boolean keeps(ReferenceCall<AttentionSpec> c, int batch, int query, int key) {
        if (c.attributes().causal() && key > query) {
            return false;
        }
        if (!c.has(3)) {
            return true;
        }
        Shape mask = c.inShape(3);
        int keys = mask.dim(-1);
        int row = mask.rank() == 2 ? batch : (mask.dim(0) == 1 ? 0 : batch) * mask.dim(1) + query;
        return c.in(3)[row * keys + key] != 0;
    }

    /** One query: row {@code row} of q, against the keys and values from row {@code firstKey} on. */
    private static void query(ReferenceCall<AttentionSpec> c, int row, int firstKey, boolean[] kept) {
        Arithmetic m = c.math();
        int depth = c.inShape(0).dim(3);
        int width = c.outShape(0).dim(3);
        double scale = m.round(c.attributes().scale());
        double max = Double.NEGATIVE_INFINITY;
        double sum = 0;
        double[] acc = new double[width];
        boolean any = false;
        for (int block = 0; block < kept.length; block += Contract.KEY_BLOCK) {
            int end = Math.min(kept.length, block + Contract.KEY_BLOCK);
            double[] p = new double[end - block];
            double top = max;
            boolean some = false;
            for (int j = block; j < end; j++) {
                if (kept[j]) {
                    int key = (firstKey + j) * depth;
                    double dot = Ordered.contract(m, depth, i -> c.in(0)[row * depth + i], i -> c.in(1)[key + i]);
                    p[j - block] = m.mul(dot, scale);
                    top = Math.max(top, p[j - block]);
                    some = true;
                }
            }
            if (!some) {
                continue;
            }
            double rescale = m.exp(m.sub(max, top));
            for (int j = block; j < end; j++) {
                p[j - block] = kept[j] ? m.exp(m.sub(p[j - block], top)) : 0;
            }
            sum = m.fma(sum, rescale, Ordered.sum(m, p.length, j -> p[j]));
            for (int d = 0; d < width; d++) {
                acc[d] = m.mul(acc[d], rescale);
                for (int j = block; j < end; j++) {
                    if (kept[j]) {
                        acc[d] = m.fma(p[j - block], c.in(2)[(firstKey + j) * width + d], acc[d]);
                    }
                }
            }
            max = top;
            any = true;
        }
        for (int d = 0; d < width; d++) {
            c.out(0)[row * width + d] = any ? m.div(acc[d], sum) : 0;
        }
    }

    static SampleInput mask(int... shape) {
        return SampleInput.mask(shape);
    }

    static SampleInput nothing(int... shape) {
        return SampleInput.mask(shape).fill(Fill.ZERO);
    }
}
