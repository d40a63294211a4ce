package org.reverie.op;

import static org.reverie.op.Attention.mask;
import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * The gradient of attention (docs/numerics.md, rule 4). It recomputes the probabilities of a whole row of keys, by the product's
 * and softmax's rules, and goes on in products:
 *
 * <pre>
 *   s[j]  = (q · k[j]) · scale, −∞ for a dropped key      by rule 2
 *   p     = softmax(s), +0 for a dropped key
 *   dp[j] = g · v[j]                                       by rule 2
 *   ds[j] = (p[j] · (dp[j] − Σ dp·p)) · scale              the sum by rule 3
 *   dq = ds · k,  dk = dsᵀ · q,  dv = pᵀ · g               by rule 2
 * </pre>
 *
 * <p>The op has no gradient itself: when somebody watches the gradient computation, it is composed of ops that have.
 */
final class AttentionGradient {
    private static final AttentionSpec PLAIN = new AttentionSpec(0.25, false);
    private static final AttentionSpec CAUSAL = new AttentionSpec(0.25, true);

    /** q[B,H,Lq,D], k[B,H,Lk,D], v[B,H,Lk,Dv], mask U8? as for attention, g[B,H,Lq,Dv] → dq, dk, dv. */
    static final Op<AttentionSpec> ATTENTION_GRADIENT = Op.named("attention_gradient", AttentionSpec.class)
            .shapes((s, in) -> {
                TensorSpec y = Attention.infer(s, in).get(0);
                Rules.shape(Rules.floating(in.get(4), "the gradient"), y.shape(), "the gradient");
                return List.of(in.get(0), in.get(1), in.get(2));
            })
            .reference(AttentionGradient::reference)
            .notDifferentiable()
            .flops((s, in, out) -> 2.0
                    * in.get(0).shape().elements()
                    * in.get(1).shape().dim(2)
                    * (3
                            + 2.0
                                    * in.get(2).shape().dim(3)
                                    / Math.max(1, in.get(0).shape().dim(3))))
            .sample("small", PLAIN, of(2, 3, 5, 8), of(2, 3, 7, 8), of(2, 3, 7, 6), null, of(2, 3, 5, 6))
            .sample(
                    "whole panels and chunks",
                    PLAIN,
                    of(1, 2, 256, 16),
                    of(1, 2, 256, 16),
                    of(1, 2, 256, 16),
                    null,
                    of(1, 2, 256, 16))
            .sample(
                    "several chunks of queries and keys",
                    PLAIN,
                    of(1, 2, 530, 4),
                    of(1, 2, 300, 4),
                    of(1, 2, 300, 3),
                    null,
                    of(1, 2, 530, 3))
            .sample(
                    "more keys than a segment",
                    PLAIN,
                    of(1, 1, 3, 2),
                    of(1, 1, 4100, 2),
                    of(1, 1, 4100, 2),
                    null,
                    of(1, 1, 3, 2))
            .sample(
                    "wide heads across chunks",
                    PLAIN,
                    of(1, 1, 9, 300),
                    of(1, 1, 3, 300),
                    of(1, 1, 3, 270),
                    null,
                    of(1, 1, 9, 270))
            .sample("causal", CAUSAL, of(1, 2, 70, 4), of(1, 2, 70, 4), of(1, 2, 70, 4), null, of(1, 2, 70, 4))
            .sample(
                    "causal, more keys than queries",
                    CAUSAL,
                    of(1, 2, 3, 4),
                    of(1, 2, 5, 4),
                    of(1, 2, 5, 4),
                    null,
                    of(1, 2, 3, 4))
            .sample("masked keys", PLAIN, of(2, 2, 4, 8), of(2, 2, 9, 8), of(2, 2, 9, 8), mask(2, 9), of(2, 2, 4, 8))
            .sample(
                    "mask of pairs, causal",
                    CAUSAL,
                    of(2, 2, 4, 4),
                    of(2, 2, 4, 4),
                    of(2, 2, 4, 4),
                    mask(1, 4, 4),
                    of(2, 2, 4, 4))
            .sample(
                    "mask of pairs and images",
                    PLAIN,
                    of(2, 2, 5, 4),
                    of(2, 2, 3, 4),
                    of(2, 2, 3, 4),
                    mask(2, 5, 3),
                    of(2, 2, 5, 4))
            .sample(
                    "nothing to look at",
                    PLAIN,
                    of(1, 1, 3, 4),
                    of(1, 1, 5, 4),
                    of(1, 1, 5, 4),
                    Attention.nothing(1, 5),
                    of(1, 1, 3, 4))
            .sample(
                    "heads as views",
                    PLAIN,
                    of(2, 3, 5, 6).transposed(),
                    of(2, 3, 7, 6).transposed(),
                    of(2, 3, 7, 6).transposed(),
                    null,
                    of(2, 3, 5, 6).transposed())
            .sample("empty batch", PLAIN, of(0, 2, 3, 4), of(0, 2, 5, 4), of(0, 2, 5, 4), null, of(0, 2, 3, 4))
            .sample("no queries", PLAIN, of(1, 2, 0, 4), of(1, 2, 5, 4), of(1, 2, 5, 4), null, of(1, 2, 0, 4))
            .sample("no keys", PLAIN, of(1, 2, 3, 4), of(1, 2, 0, 4), of(1, 2, 0, 4), null, of(1, 2, 3, 4))
            .sample(
                    "special values",
                    PLAIN,
                    of(1, 2, 9, 4).fill(Fill.SPECIAL),
                    of(1, 2, 70, 4),
                    of(1, 2, 70, 4),
                    null,
                    of(1, 2, 9, 4))
            .sample(
                    "special gradient",
                    PLAIN,
                    of(1, 2, 5, 4),
                    of(1, 2, 7, 4),
                    of(1, 2, 7, 4),
                    mask(1, 7),
                    of(1, 2, 5, 4).fill(Fill.SPECIAL))
            .error(
                    "the gradient must have shape [2, 3, 5, 6]",
                    PLAIN,
                    of(2, 3, 5, 8),
                    of(2, 3, 7, 8),
                    of(2, 3, 7, 6),
                    null,
                    of(2, 3, 5, 8));

    static final List<Op<?>> OPS = List.of(ATTENTION_GRADIENT);

    private AttentionGradient() {}

    /** The gradients of attention's inputs. */
    static Tensor[] inputs(GradientCall<AttentionSpec> c) {
        if (Engine.recorder() != null) {
            return composed(c);
        }
        Tensor[] all = Engine.runAll(ATTENTION_GRADIENT, c.attributes(), c.in(0), c.in(1), c.in(2), c.in(3), c.g());
        return new Tensor[] {c.needs(0) ? all[0] : null, c.needs(1) ? all[1] : null, c.needs(2) ? all[2] : null, null};
    }

    private static void reference(ReferenceCall<AttentionSpec> c) {
        Shape q = c.inShape(0);
        int queries = q.dim(2);
        int keys = c.inShape(1).dim(2);
        int depth = q.dim(3);
        int width = c.inShape(2).dim(3);
        for (int head = 0; head < q.dim(0) * q.dim(1); head++) {
            int atQ = head * queries * depth;
            int atK = head * keys * depth;
            int atV = head * keys * width;
            int atG = head * queries * width;
            double[] p = new double[queries * keys];
            double[] ds = new double[queries * keys];
            for (int i = 0; i < queries; i++) {
                slopes(c, head, i, p, ds);
            }
            double[] g = c.in(4);
            product(
                    c,
                    queries,
                    keys,
                    depth,
                    (i, j) -> ds[i * keys + j],
                    (j, d) -> c.in(1)[atK + j * depth + d],
                    0,
                    atQ);
            product(
                    c,
                    keys,
                    queries,
                    depth,
                    (j, i) -> ds[i * keys + j],
                    (i, d) -> c.in(0)[atQ + i * depth + d],
                    1,
                    atK);
            product(c, keys, queries, width, (j, i) -> p[i * keys + j], (i, d) -> g[atG + i * width + d], 2, atV);
        }
    }

    private interface Matrix {
        double at(int row, int col);
    }

    /** Output {@code out} from index {@code at} on: the product of an m × k and a k × n matrix. */
    private static void product(ReferenceCall<?> c, int m, int k, int n, Matrix a, Matrix b, int out, int at) {
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int row = i;
                int col = j;
                c.out(out)[at + i * n + j] = Ordered.contract(c.math(), k, x -> a.at(row, x), x -> b.at(x, col));
            }
        }
    }

    /** Row {@code query} of p and of ds. */
    private static void slopes(ReferenceCall<AttentionSpec> c, int head, int query, double[] p, double[] ds) {
        Arithmetic m = c.math();
        int queries = c.inShape(0).dim(2);
        int keys = c.inShape(1).dim(2);
        int depth = c.inShape(0).dim(3);
        int width = c.inShape(2).dim(3);
        int row = query * keys;
        int q = (head * queries + query) * depth;
        int g = (head * queries + query) * width;
        double scale = m.round(c.attributes().scale());
        double[] dp = new double[keys];
        double max = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < keys; j++) {
            int k = (head * keys + j) * depth;
            int v = (head * keys + j) * width;
            boolean kept = Attention.keeps(c, head / c.inShape(0).dim(1), query, j);
            double score = m.mul(Ordered.contract(m, depth, i -> c.in(0)[q + i], i -> c.in(1)[k + i]), scale);
            p[row + j] = kept ? score : Double.NEGATIVE_INFINITY;
            dp[j] = Ordered.contract(m, width, i -> c.in(4)[g + i], i -> c.in(2)[v + i]);
            max = Math.max(max, p[row + j]);
        }
        for (int j = 0; j < keys; j++) {
            p[row + j] = m.exp(m.sub(p[row + j], max));
        }
        double sum = Ordered.sum(m, keys, j -> p[row + j]);
        for (int j = 0; j < keys; j++) {
            boolean kept = Attention.keeps(c, head / c.inShape(0).dim(1), query, j);
            p[row + j] = kept ? m.div(p[row + j], sum) : 0;
        }
        double along = Ordered.sum(m, keys, j -> m.mul(dp[j], p[row + j]));
        for (int j = 0; j < keys; j++) {
            ds[row + j] = m.mul(m.mul(p[row + j], m.sub(dp[j], along)), scale);
        }
    }

    /** The same formulas in ops that can be differentiated again. */
    private static Tensor[] composed(GradientCall<AttentionSpec> c) {
        Tensor q = c.in(0);
        Tensor k = c.in(1);
        double scale = c.attributes().scale();
        Tensor kept = kept(c);
        Tensor scores = Pointwise.scale(Linear.matmul(q, k, false, true), scale);
        if (kept != null) {
            scores = Compare.where(kept, scores, Pointwise.fullLike(scores, Double.NEGATIVE_INFINITY));
        }
        Tensor p = Softmax.softmax(scores);
        if (kept != null) {
            p = Compare.where(kept, p, Pointwise.fullLike(p, 0));
        }
        Tensor dp = Linear.matmul(c.g(), c.in(2), false, true);
        Tensor along = Reductions.sumKeepDims(Pointwise.mul(dp, p), -1);
        Tensor ds = Pointwise.scale(Pointwise.mul(p, Pointwise.sub(dp, along)), scale);
        return new Tensor[] {
            c.needs(0) ? Linear.matmul(ds, k) : null,
            c.needs(1) ? Linear.matmul(ds, q, true, false) : null,
            c.needs(2) ? Linear.matmul(p, c.g(), true, false) : null,
            null
        };
    }

    /** Which pairs of query and key count, to be broadcast over [B, H, Lq, Lk]; null if all do. */
    private static Tensor kept(GradientCall<AttentionSpec> c) {
        int queries = c.inShape(0).dim(2);
        int keys = c.inShape(1).dim(2);
        List<Tensor> conditions = new ArrayList<>();
        if (c.in(3) != null) {
            Shape m = c.inShape(3);
            conditions.add(Views.reshape(c.in(3), m.dim(0), 1, m.rank() == 2 ? 1 : queries, keys));
        }
        if (c.attributes().causal()) {
            HostTensor lower = HostTensor.allocate(DType.U8, Shape.of(queries, keys));
            for (int i = 0; i < queries; i++) {
                for (int j = 0; j <= Math.min(i, keys - 1); j++) {
                    HostNumbers.set(lower, (long) i * keys + j, 1);
                }
            }
            conditions.add(Tensor.from(c.in(0).device(), lower));
        }
        return switch (conditions.size()) {
            case 0 -> null;
            case 1 -> conditions.get(0);
            default -> Compare.logicalAnd(conditions.get(0), conditions.get(1));
        };
    }
}
