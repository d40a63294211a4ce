package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.BatchNormSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.op.SampleInput.Layout;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Normalisations. All compute y = fma(x̂, weight, bias) with x̂ = (x − mean) · (1 / √(variance + ε)); means are rule 3 sums
 * divided by the count, variances the means of (x − mean)² (biased, two passes). An absent weight is 1, an absent bias 0.
 */
public final class Norms {
    /** x[…, C], weight[C]?, bias[C]?, mean[C], variance[C] → like x, with statistics that are given. */
    static final Op<BatchNormSpec> BATCH_NORM = Op.named("batch_norm", BatchNormSpec.class)
            .parameters(1, 2, 3, 4)
            .shapes((s, in) -> {
                Shape channels = checkChannels(in.get(0));
                checkAffine(in.get(1), in.get(2), channels);
                Rules.shape(Rules.floating(in.get(3), "mean"), channels, "mean");
                Rules.shape(Rules.floating(in.get(4), "variance"), channels, "variance");
                return List.of(in.get(0));
            })
            .reference(c -> NormLayout.batch(c.inShape(0))
                    .normalize(c, c.in(3), c.in(4), c.attributes().epsilon(), Activation.NONE))
            .gradient(Norms::inferenceGradient)
            .flops((s, in, out) -> 4.0 * in.get(0).shape().elements())
            .sample("image", new BatchNormSpec(1e-5), of(2, 3, 5, 19), of(19), of(19), of(19), positive(19))
            .sample("no weight, no bias", new BatchNormSpec(1e-3), of(7, 33), null, null, of(33), positive(33))
            .sample(
                    "strided",
                    new BatchNormSpec(1e-3),
                    of(5, 18).layout(Layout.STRIDED),
                    of(18),
                    of(18),
                    of(18),
                    positive(18))
            .sample("empty batch", new BatchNormSpec(1e-5), of(0, 2, 2, 3), of(3), of(3), of(3), positive(3))
            .sample(
                    "special values",
                    new BatchNormSpec(1e-5),
                    of(9, 35).fill(Fill.SPECIAL),
                    of(35),
                    of(35),
                    of(35),
                    positive(35))
            .sample(
                    "special statistics",
                    new BatchNormSpec(1e-5),
                    of(3, 64),
                    of(64),
                    of(64),
                    of(64).fill(Fill.SPECIAL),
                    of(64).fill(Fill.SPECIAL))
            .error("weight must have shape [4]", new BatchNormSpec(1e-5), of(2, 4), of(3), of(4), of(4), of(4))
            .error("variance must have shape [4]", new BatchNormSpec(1e-5), of(2, 4), of(4), of(4), of(4), of(2, 4))
            .error("needs channels", new BatchNormSpec(1e-5), of(), null, null, of(), of());

    /** x[…, C], weight[C]?, bias[C]? → y like x, mean[C], variance[C] (biased) over everything but the channels. */
    static final Op<BatchNormSpec> BATCH_NORM_TRAIN = Op.named("batch_norm_train", BatchNormSpec.class)
            .parameters(1, 2)
            .shapes((s, in) -> {
                TensorSpec x = in.get(0);
                Shape channels = checkChannels(x);
                Rules.check(x.shape().elements() > 0, "there is nothing in x %s to take a mean of", x.shape());
                checkAffine(in.get(1), in.get(2), channels);
                TensorSpec statistic = Rules.statistic(x, channels);
                return List.of(x, statistic, statistic);
            })
            .reference(c -> {
                NormLayout l = NormLayout.batch(c.inShape(0));
                double[] means = l.means(c.math(), i -> c.in(0)[i]);
                double[] variances = l.variances(c.math(), c.in(0), means);
                System.arraycopy(means, 0, c.out(1), 0, means.length);
                System.arraycopy(variances, 0, c.out(2), 0, means.length);
                l.normalize(c, means, variances, c.attributes().epsilon(), Activation.NONE);
            })
            .gradient(NormGradients::batch)
            .flops((s, in, out) -> 8.0 * in.get(0).shape().elements())
            .sample("image", new BatchNormSpec(1e-5), of(2, 5, 7, 19), of(19), of(19))
            .sample("one row", new BatchNormSpec(1e-3), of(1, 5), of(5), of(5))
            .sample("more than a segment", new BatchNormSpec(1e-5), of(4100, 3), of(3), of(3))
            .sample("no weight", new BatchNormSpec(1e-3), of(33, 4), null, of(4))
            .sample("transposed", new BatchNormSpec(1e-3), of(6, 18).transposed(), of(18), null)
            .sample("special values", new BatchNormSpec(1e-5), of(9, 40).fill(Fill.SPECIAL), of(40), of(40))
            .error("there is nothing in x", new BatchNormSpec(1e-5), of(0, 4), of(4), of(4))
            .error("bias must have shape [4]", new BatchNormSpec(1e-5), of(2, 4), of(4), of(1));

    /** x, weight?, bias? of the normalised axes' shape → like x. */
    static final Op<LayerNormSpec> LAYER_NORM = Op.named("layer_norm", LayerNormSpec.class)
            .parameters(1, 2)
            .shapes((s, in) -> {
                checkAffine(in.get(1), in.get(2), checkLayer(s, in.get(0)));
                return List.of(in.get(0));
            })
            .reference(c -> {
                NormLayout l = NormLayout.layer(c.inShape(0), c.attributes().normalizedAxes());
                double[] means = l.means(c.math(), i -> c.in(0)[i]);
                double[] variances = l.variances(c.math(), c.in(0), means);
                l.normalize(c, means, variances, c.attributes().epsilon(), Activation.NONE);
            })
            .gradient(NormGradients::layer)
            .flops((s, in, out) -> 8.0 * in.get(0).shape().elements())
            .sample("last axis", new LayerNormSpec(1, 1e-5), of(3, 7, 37), of(37), of(37))
            .sample("rows, columns and channels", new LayerNormSpec(3, 1e-5), of(2, 4, 5, 3), of(4, 5, 3), of(4, 5, 3))
            .sample("longer than a segment", new LayerNormSpec(2, 1e-5), of(2, 65, 64), of(65, 64), null)
            .sample("one row, no weight", new LayerNormSpec(1, 1e-12), of(8), null, null)
            .sample("transposed", new LayerNormSpec(1, 1e-5), of(9, 34).transposed(), of(34), of(34))
            .sample("empty batch", new LayerNormSpec(1, 1e-5), of(0, 4), of(4), of(4))
            .sample("special values", new LayerNormSpec(1, 1e-5), of(9, 40).fill(Fill.SPECIAL), of(40), of(40))
            .error("cannot normalise the last 3 axes of [2, 4]", new LayerNormSpec(3, 1e-5), of(2, 4), null, null)
            .error("weight must have shape [4]", new LayerNormSpec(1, 1e-5), of(2, 4), of(2, 4), null);

    /** x[N, …, C], weight[C]?, bias[C]? → activation(y), like x. */
    static final Op<GroupNormSpec> GROUP_NORM = Op.named("group_norm", GroupNormSpec.class)
            .parameters(1, 2)
            .shapes((s, in) -> {
                TensorSpec x = checkGroups(s, in.get(0));
                checkAffine(in.get(1), in.get(2), Shape.of(x.shape().dim(-1)));
                return List.of(x);
            })
            .reference(c -> {
                GroupNormSpec s = c.attributes();
                NormLayout l = NormLayout.group(c.inShape(0), s.groups());
                double[] means = l.means(c.math(), i -> c.in(0)[i]);
                l.normalize(c, means, l.variances(c.math(), c.in(0), means), s.epsilon(), s.activation());
            })
            .gradient(NormGradients::group)
            .flops((s, in, out) -> 8.0 * in.get(0).shape().elements())
            .sample("one group over a vector, silu", group(1, Activation.SILU), of(5, 37), of(37), of(37))
            .sample("groups of an image", group(3, Activation.NONE), of(2, 4, 5, 12), of(12), of(12))
            .sample("a channel to a group, gelu", group(5, Activation.GELU), of(2, 3, 4, 5), of(5), null)
            .sample("no weight", group(2, Activation.TANH), of(3, 7, 4), null, of(4))
            .sample("longer than a segment, sigmoid", group(1, Activation.SIGMOID), of(1, 530, 16), of(16), of(16))
            .sample("transposed", group(2, Activation.NONE), of(2, 9, 6).transposed(), of(6), of(6))
            .sample("empty batch", group(1, Activation.NONE), of(0, 4), of(4), of(4))
            .sample(
                    "special values, relu",
                    group(2, Activation.RELU),
                    of(9, 5, 6).fill(Fill.SPECIAL),
                    of(6),
                    of(6))
            .error("do not fall into 3 groups", group(3, Activation.NONE), of(2, 4), of(4), of(4))
            .error("needs a batch axis", group(1, Activation.NONE), of(4), of(4), of(4));

    static final List<Op<?>> OPS = List.of(BATCH_NORM, BATCH_NORM_TRAIN, LAYER_NORM, GROUP_NORM);

    private Norms() {}

    /** Batch norm with given statistics (inference): x[…, C]; weight and bias [C] may be null; mean and variance [C]. */
    public static Tensor batchNorm(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double epsilon) {
        return Engine.run(BATCH_NORM, new BatchNormSpec(epsilon), x, weight, bias, mean, variance);
    }

    /** Batch norm with the batch's own statistics: x[…, C] → {y, mean[C], variance[C]}; the variance is biased (/ n). */
    public static Tensor[] batchNormTrain(Tensor x, Tensor weight, Tensor bias, double epsilon) {
        return Engine.runAll(BATCH_NORM_TRAIN, new BatchNormSpec(epsilon), x, weight, bias);
    }

    /** Normalises over the last {@code normalizedAxes} axes, whose shape weight and bias have if they are not null. */
    public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, int normalizedAxes, double epsilon) {
        return Engine.run(LAYER_NORM, new LayerNormSpec(normalizedAxes, epsilon), x, weight, bias);
    }

    /** Normalises each image's groups of channels: x[N, …, C]; weight and bias [C] may be null. */
    public static Tensor groupNorm(Tensor x, int groups, Tensor weight, Tensor bias, double epsilon) {
        return groupNorm(x, groups, weight, bias, epsilon, Activation.NONE);
    }

    /** As above, with an activation after scale and shift. */
    public static Tensor groupNorm(
            Tensor x, int groups, Tensor weight, Tensor bias, double epsilon, Activation activation) {
        return Engine.run(GROUP_NORM, new GroupNormSpec(groups, epsilon, activation), x, weight, bias);
    }

    private static Tensor[] inferenceGradient(GradientCall<BatchNormSpec> c) {
        Tensor root = Pointwise.sqrt(Pointwise.addScalar(c.in(4), c.attributes().epsilon()));
        Tensor reciprocal = Pointwise.div(Pointwise.fullLike(root, 1), root);
        Tensor centred = Pointwise.sub(c.in(0), c.in(3));
        Tensor h = c.in(1) == null ? c.g() : Pointwise.mul(c.g(), c.in(1));
        Tensor dx = Pointwise.mul(h, reciprocal);
        Shape channels = c.inShape(3);
        Tensor dweight = !c.needs(1)
                ? null
                : Reductions.sumTo(Pointwise.mul(c.g(), Pointwise.mul(centred, reciprocal)), channels);
        Tensor dvariance = null;
        if (c.needs(4)) {
            Tensor cube = Pointwise.mul(reciprocal, Pointwise.mul(reciprocal, reciprocal));
            Tensor along = Reductions.sumTo(Pointwise.mul(h, centred), channels);
            dvariance = Pointwise.mul(Pointwise.scale(along, -0.5), cube);
        }
        return new Tensor[] {
            c.needs(0) ? dx : null,
            dweight,
            c.needs(2) ? Reductions.sumTo(c.g(), channels) : null,
            c.needs(3) ? Pointwise.scale(Reductions.sumTo(dx, channels), -1) : null,
            dvariance
        };
    }

    static Shape checkChannels(TensorSpec x) {
        Rules.check(Rules.floating(x, "x").shape().rank() >= 1, "needs channels, but x is one number");
        return Shape.of(x.shape().dim(-1));
    }

    static Shape checkLayer(LayerNormSpec s, TensorSpec x) {
        int rank = Rules.floating(x, "x").shape().rank();
        int axes = s.normalizedAxes();
        Rules.check(axes >= 1 && axes <= rank, "cannot normalise the last %d axes of %s", axes, x.shape());
        int[] extents = x.shape().toArray();
        return Shape.of(java.util.Arrays.copyOfRange(extents, rank - axes, rank));
    }

    static TensorSpec checkGroups(GroupNormSpec s, TensorSpec x) {
        Rules.check(Rules.floating(x, "x").shape().rank() >= 2, "needs a batch axis and channels, not %s", x.shape());
        int channels = x.shape().dim(-1);
        Rules.check(
                s.groups() >= 1 && channels % s.groups() == 0,
                "%d channels do not fall into %d groups",
                channels,
                s.groups());
        return x;
    }

    static void checkAffine(TensorSpec weight, TensorSpec bias, Shape shape) {
        if (Rules.optionalFloating(weight, "weight") != null) {
            Rules.shape(weight, shape, "weight");
        }
        if (Rules.optionalFloating(bias, "bias") != null) {
            Rules.shape(bias, shape, "bias");
        }
    }

    private static GroupNormSpec group(int groups, Activation activation) {
        return new GroupNormSpec(groups, 1e-5, activation);
    }

    private static SampleInput positive(int... shape) {
        return of(shape).fill(Fill.POSITIVE);
    }
}
