package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.Indices;
import org.reverie.device.spec.CrossEntropySpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.Op.Lowering;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Losses: one number, the mean over all elements or rows, each in one op, each gradient in one op. Sums are rule 3 of
 * docs/numerics.md over the elements in row-major order, followed by one division by their number.
 */
public final class Losses {
    /** (a, b) → mean of d·d, d = a − b. */
    static final Op<NoAttributes> MSE = pairwise(
            "mse",
            (m, a, b) -> {
                double d = m.sub(a, b);
                return m.mul(d, d);
            },
            c -> {
                Tensor da = mseGradient(c.in(0), c.in(1), c.g());
                return new Tensor[] {c.needs(0) ? da : null, c.needs(1) ? Pointwise.neg(da) : null};
            });

    /** (a, b, g) → (2·g / n) · (a − b). */
    static final Op<NoAttributes> MSE_GRADIENT = pairwiseGradient("mse_gradient", (m, a, b) -> m.sub(a, b), 2, c -> {
        double twoOverN = 2.0 / c.inShape(0).elements();
        Tensor da = c.needs(0) || c.needs(1) ? Pointwise.mul(c.g(), Pointwise.scale(c.in(2), twoOverN)) : null;
        return new Tensor[] {
            c.needs(0) ? da : null,
            c.needs(1) ? Pointwise.neg(da) : null,
            c.needs(2) ? sumAll(Pointwise.mul(c.g(), mseGradient(c.in(0), c.in(1), one(c.in(2))))) : null
        };
    });

    /** (x, z) → mean of (max(x, 0) − x·z) + log1p(exp(−|x|)). */
    static final Op<NoAttributes> BCE = pairwise(
            "bce_with_logits",
            (m, x, z) -> m.add(m.sub(Math.max(x, 0), m.mul(x, z)), m.log1p(m.exp(-Math.abs(x)))),
            c -> new Tensor[] {
                c.needs(0) ? bceGradient(c.in(0), c.in(1), c.g()) : null,
                c.needs(1)
                        ? Pointwise.mul(
                                c.in(0),
                                Pointwise.scale(c.g(), -1.0 / c.inShape(0).elements()))
                        : null
            });

    /** (x, z, g) → (g / n) · (sigmoid(x) − z). */
    static final Op<NoAttributes> BCE_GRADIENT =
            pairwiseGradient("bce_with_logits_gradient", (m, x, z) -> m.sub(m.sigmoid(x), z), 1, c -> {
                Tensor h = Pointwise.mul(
                        c.g(), Pointwise.scale(c.in(2), 1.0 / c.inShape(0).elements()));
                Tensor slope = ActivationGradients.sigmoidSlope(Activations.sigmoid(c.in(0)));
                return new Tensor[] {
                    c.needs(0) ? Pointwise.mul(h, slope) : null,
                    c.needs(1) ? Pointwise.neg(h) : null,
                    c.needs(2) ? sumAll(Pointwise.mul(c.g(), bceGradient(c.in(0), c.in(1), one(c.in(2))))) : null
                };
            });

    /**
     * (logits[N, K], labels[N]) → mean over the rows of ln Σ exp(x − max) − t, where t = x_label − max without smoothing
     * and t = sharp·(x_label − max) + share·Σ(x − max) with it.
     */
    static final Op<CrossEntropySpec> CROSS_ENTROPY = Op.named("cross_entropy", CrossEntropySpec.class)
            .lowering(Lowering.UP)
            .shapes((a, in) -> Rules.like(checkRows(a, in), Shape.SCALAR))
            .reference(c -> {
                Arithmetic m = c.math();
                int rows = c.inShape(0).dim(0);
                int classes = c.inShape(0).dim(1);
                double[] row = new double[rows];
                for (int r = 0; r < rows; r++) {
                    double[] shifted = shifted(m, c.in(0), r, classes);
                    double target = shifted[Indices.check("cross_entropy", (long) c.in(1)[r], r, classes)];
                    if (c.attributes().smoothing() != 0) {
                        double all = Ordered.sum(m, classes, k -> shifted[k]);
                        target = m.add(
                                m.mul(c.attributes().sharp(), target),
                                m.mul(c.attributes().share(classes), all));
                    }
                    row[r] = m.sub(m.log(Ordered.sum(m, classes, k -> m.exp(shifted[k]))), target);
                }
                c.out(0)[0] = m.div(Ordered.sum(m, rows, r -> row[r]), m.round(rows));
            })
            .gradient(c -> new Tensor[] {crossEntropyGradient(c.attributes(), c.in(0), c.in(1), c.g()), null})
            .flops((a, in, out) -> 4.0 * in.get(0).shape().elements())
            .sample("small", new CrossEntropySpec(0), of(7, 10), index(10, 7))
            .sample(
                    "many classes, i64",
                    new CrossEntropySpec(0),
                    of(3, 131),
                    index(131, 3).as(DType.I64))
            .sample("smoothed", new CrossEntropySpec(0.125), of(5, 37), index(37, 5))
            .sample("one class", new CrossEntropySpec(0), of(4, 1), index(1, 4))
            .sample("transposed", new CrossEntropySpec(0), of(9, 33).transposed(), index(33, 9))
            .sample("special values", new CrossEntropySpec(0), of(3, 7).fill(Fill.SPECIAL), index(7, 3))
            .error("labels must have shape [4]", new CrossEntropySpec(0), of(4, 3), index(3, 5))
            .error("logits must have rank 2", new CrossEntropySpec(0), of(4), index(3, 4))
            .error("labels must be i32 or i64", new CrossEntropySpec(0), of(4, 3), of(4))
            .error("smoothing must be in [0, 1]", new CrossEntropySpec(1.5), of(4, 3), index(3, 4))
            .error("is not in 0 … 2", new CrossEntropySpec(0), of(4, 3), index(1000, 4));

    /** (logits, labels, g) → (g / N) · (exp(x − max) / Σ − target). */
    static final Op<CrossEntropySpec> CROSS_ENTROPY_GRADIENT = Op.named(
                    "cross_entropy_gradient", CrossEntropySpec.class)
            .shapes((a, in) -> {
                TensorSpec logits = checkRows(a, in);
                Rules.shape(Rules.floating(in.get(2), "the gradient"), Shape.SCALAR, "the gradient");
                return List.of(logits);
            })
            .reference(c -> {
                Arithmetic m = c.math();
                int rows = c.inShape(0).dim(0);
                int classes = c.inShape(0).dim(1);
                double share = c.attributes().share(classes);
                double atLabel = m.add(c.attributes().sharp(), share);
                double weight = m.div(c.in(2)[0], m.round(rows));
                for (int r = 0; r < rows; r++) {
                    double[] shifted = shifted(m, c.in(0), r, classes);
                    double sum = Ordered.sum(m, classes, k -> m.exp(shifted[k]));
                    int label = Indices.check("cross_entropy_gradient", (long) c.in(1)[r], r, classes);
                    for (int k = 0; k < classes; k++) {
                        double p = m.div(m.exp(shifted[k]), sum);
                        c.out(0)[r * classes + k] = m.mul(weight, m.sub(p, k == label ? atLabel : share));
                    }
                }
            })
            .gradient(c -> {
                Tensor dx = null;
                if (c.needs(0)) {
                    Tensor x = c.in(0);
                    Tensor e = Pointwise.exp(Pointwise.sub(x, Reductions.maxKeepDims(x, 1)));
                    Tensor p = Pointwise.div(e, Reductions.sumKeepDims(e, 1));
                    Tensor mean = Reductions.sumKeepDims(Pointwise.mul(p, c.g()), 1);
                    Tensor weight = Pointwise.scale(c.in(2), 1.0 / x.dim(0));
                    dx = Pointwise.mul(Pointwise.mul(p, Pointwise.sub(c.g(), mean)), weight);
                }
                Tensor dg = c.needs(2)
                        ? sumAll(Pointwise.mul(
                                c.g(), crossEntropyGradient(c.attributes(), c.in(0), c.in(1), one(c.in(2)))))
                        : null;
                return new Tensor[] {dx, null, dg};
            })
            .flops((a, in, out) -> 5.0 * in.get(0).shape().elements())
            .sample("small", new CrossEntropySpec(0), of(7, 10), index(10, 7), of())
            .sample("many classes", new CrossEntropySpec(0), of(3, 131), index(131, 3), of())
            .sample("smoothed", new CrossEntropySpec(0.125), of(5, 37), index(37, 5), of())
            .sample("transposed", new CrossEntropySpec(0), of(9, 33).transposed(), index(33, 9), of())
            .sample("special values", new CrossEntropySpec(0), of(3, 7).fill(Fill.SPECIAL), index(7, 3), of())
            .error("the gradient must have shape []", new CrossEntropySpec(0), of(4, 3), index(3, 4), of(4));

    static final List<Op<?>> OPS = List.of(MSE, MSE_GRADIENT, BCE, BCE_GRADIENT, CROSS_ENTROPY, CROSS_ENTROPY_GRADIENT);

    private Losses() {}

    /** The mean of (a − b)² over all elements, a scalar; a and b have one shape. */
    public static Tensor mse(Tensor a, Tensor b) {
        return Engine.run(MSE, NONE, a, b);
    }

    /** The mean over the rows of −ln softmax(logits[N, K])[label], a scalar; labels I32 or I64 [N]. */
    public static Tensor crossEntropy(Tensor logits, Tensor labels) {
        return crossEntropy(logits, labels, 0);
    }

    /** As above with targets of which the part {@code labelSmoothing} is spread evenly over the classes. */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, double labelSmoothing) {
        return Engine.run(CROSS_ENTROPY, new CrossEntropySpec(labelSmoothing), logits, labels);
    }

    /** The mean binary cross-entropy between sigmoid(logits) and targets in [0, 1], a scalar. */
    public static Tensor bceWithLogits(Tensor logits, Tensor targets) {
        return Engine.run(BCE, NONE, logits, targets);
    }

    private static Tensor mseGradient(Tensor a, Tensor b, Tensor g) {
        return Engine.run(MSE_GRADIENT, NONE, a, b, g);
    }

    private static Tensor bceGradient(Tensor x, Tensor z, Tensor g) {
        return Engine.run(BCE_GRADIENT, NONE, x, z, g);
    }

    private static Tensor crossEntropyGradient(CrossEntropySpec spec, Tensor logits, Tensor labels, Tensor g) {
        return Engine.run(CROSS_ENTROPY_GRADIENT, spec, logits, labels, g);
    }

    private static Tensor one(Tensor scalar) {
        return Pointwise.fullLike(scalar, 1);
    }

    private static Tensor sumAll(Tensor x) {
        int[] axes = java.util.stream.IntStream.range(0, x.rank()).toArray();
        return Engine.run(Reductions.SUM, Reductions.spec(x.shape(), false, axes), x);
    }

    /** One row of logits less its largest; NaN wins. */
    private static double[] shifted(Arithmetic m, double[] logits, int row, int classes) {
        double max = Double.NEGATIVE_INFINITY;
        for (int k = 0; k < classes; k++) {
            max = Math.max(max, logits[row * classes + k]);
        }
        double[] shifted = new double[classes];
        for (int k = 0; k < classes; k++) {
            shifted[k] = m.sub(logits[row * classes + k], max);
        }
        return shifted;
    }

    private static TensorSpec checkRows(CrossEntropySpec a, List<TensorSpec> in) {
        Rules.check(
                a.smoothing() >= 0 && a.smoothing() <= 1,
                "the label smoothing must be in [0, 1], not %s",
                a.smoothing());
        TensorSpec logits = Rules.rank(Rules.floating(in.get(0), "logits"), 2, "logits");
        Rules.shape(Rules.integer(in.get(1), "labels"), logits.shape().without(1), "labels");
        Rules.check(logits.shape().elements() > 0, "needs at least one row and one class, not %s", logits.shape());
        return logits;
    }

    private static TensorSpec checkPair(List<TensorSpec> in) {
        TensorSpec a = Rules.floating(in.get(0), "the prediction");
        Rules.shape(Rules.floating(in.get(1), "the target"), a.shape(), "the target");
        Rules.check(a.shape().elements() > 0, "there is no mean of no elements: %s", a.shape());
        return a;
    }

    private static Op<NoAttributes> pairwise(String name, Pointwise.Binary term, Op.Gradient<NoAttributes> gradient) {
        return Op.named(name, NoAttributes.class)
                .lowering(Lowering.UP)
                .shapes((s, in) -> Rules.like(checkPair(in), Shape.SCALAR))
                .reference(c -> {
                    Arithmetic m = c.math();
                    int n = c.in(0).length;
                    double sum = Ordered.sum(m, n, i -> term.of(m, c.in(0)[i], c.in(1)[i]));
                    c.out(0)[0] = m.div(sum, m.round(n));
                })
                .gradient(gradient)
                .flops((s, in, out) -> 3.0 * in.get(0).shape().elements())
                .sample("odd size", NONE, of(3, 37), of(3, 37))
                .sample("one number", NONE, of(), of())
                .sample("longer than a segment", NONE, of(2, 2051), of(2, 2051))
                .sample("transposed", NONE, of(9, 33).transposed(), of(9, 33))
                .sample("broadcast target", NONE, of(4, 7), of(4, 7).layout(SampleInput.Layout.BROADCAST))
                .sample("special values", NONE, of(131).fill(Fill.SPECIAL), of(131).fill(Fill.SPECIAL))
                .error("the target must have shape [2, 3]", NONE, of(2, 3), of(3))
                .error("no mean of no elements", NONE, of(0, 3), of(0, 3))
                .error("must be f32", NONE, of(2), index(3, 2));
    }

    /** (a, b, g) → (factor·g / n) · term(a, b). */
    private static Op<NoAttributes> pairwiseGradient(
            String name, Pointwise.Binary term, int factor, Op.Gradient<NoAttributes> gradient) {
        return Op.named(name, NoAttributes.class)
                .shapes((s, in) -> {
                    TensorSpec a = checkPair(in);
                    Rules.shape(Rules.floating(in.get(2), "the gradient"), Shape.SCALAR, "the gradient");
                    return List.of(a);
                })
                .reference(c -> {
                    Arithmetic m = c.math();
                    double weight = m.div(m.mul(factor, c.in(2)[0]), m.round(c.in(0).length));
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = m.mul(weight, term.of(m, c.in(0)[i], c.in(1)[i]));
                    }
                })
                .gradient(gradient)
                .flops((s, in, out) -> 2.0 * in.get(0).shape().elements())
                .sample("odd size", NONE, of(3, 37), of(3, 37), of())
                .sample("transposed", NONE, of(9, 33).transposed(), of(9, 33), of())
                .sample("special values", NONE, of(131).fill(Fill.SPECIAL), of(131).fill(Fill.SPECIAL), of())
                .error("the gradient must have shape []", NONE, of(2, 3), of(2, 3), of(2));
    }
}
