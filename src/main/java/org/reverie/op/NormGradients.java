package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.BatchNormSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Gradients of the normalisations: one op each with outputs dx, dweight, dbias. These ops have no gradient themselves; when
 * somebody watches the gradient computation, it is composed of elementary ops instead, which have.
 */
final class NormGradients {
    /** x, weight?, bias?, g → dx, dweight, dbias. */
    static final Op<GroupNormSpec> GROUP_NORM_GRADIENT = Op.named("group_norm_gradient", GroupNormSpec.class)
            .parameters(1, 2)
            .shapes((s, in) -> {
                TensorSpec x = Norms.checkGroups(s, in.get(0));
                Shape channels = Shape.of(x.shape().dim(-1));
                Norms.checkAffine(in.get(1), in.get(2), channels);
                return outputs(x, in.get(3), channels);
            })
            .reference(c -> {
                NormLayout l = NormLayout.group(c.inShape(0), c.attributes().groups());
                double[] means = l.means(c.math(), i -> c.in(0)[i]);
                double[] variances = l.variances(c.math(), c.in(0), means);
                GroupNormSpec s = c.attributes();
                l.differentiate(c, means, variances, c.in(3), s.epsilon(), s.activation());
            })
            .notDifferentiable()
            .flops((s, in, out) -> 16.0 * in.get(0).shape().elements())
            .sample("one group, silu", group(1, Activation.SILU), of(5, 37), of(37), of(37), of(5, 37))
            .sample("groups of an image", group(3, Activation.NONE), of(2, 4, 5, 12), of(12), of(12), of(2, 4, 5, 12))
            .sample("no weight", group(2, Activation.TANH), of(3, 7, 4), null, of(4), of(3, 7, 4))
            .sample("no bias", group(2, Activation.GELU), of(3, 7, 4), of(4), null, of(3, 7, 4))
            .sample("more than a segment", group(2, Activation.SILU), of(1, 530, 16), of(16), of(16), of(1, 530, 16))
            .sample("transposed", group(2, Activation.NONE), of(2, 9, 6).transposed(), of(6), of(6), of(2, 9, 6))
            .sample("empty batch", group(1, Activation.NONE), of(0, 4), of(4), of(4), of(0, 4))
            .sample(
                    "special values",
                    group(2, Activation.RELU),
                    of(9, 5, 6).fill(Fill.SPECIAL),
                    of(6),
                    of(6),
                    of(9, 5, 6))
            .error("the gradient must have shape [2, 4]", group(2, Activation.NONE), of(2, 4), of(4), of(4), of(4))
            .error("do not fall into 3 groups", group(3, Activation.NONE), of(2, 4), of(4), of(4), of(2, 4));

    /** x, weight?, bias? (not read), g → dx, dweight, dbias. */
    static final Op<LayerNormSpec> LAYER_NORM_GRADIENT = Op.named("layer_norm_gradient", LayerNormSpec.class)
            .parameters(1, 2)
            .shapes((s, in) -> {
                Shape normalized = Norms.checkLayer(s, in.get(0));
                Norms.checkAffine(in.get(1), in.get(2), normalized);
                return outputs(in.get(0), in.get(3), normalized);
            })
            .reference(c -> {
                NormLayout l = NormLayout.layer(c.inShape(0), c.attributes().normalizedAxes());
                double[] means = l.means(c.math(), i -> c.in(0)[i]);
                double[] variances = l.variances(c.math(), c.in(0), means);
                l.differentiate(c, means, variances, c.in(3), c.attributes().epsilon(), Activation.NONE);
            })
            .notDifferentiable()
            .flops((s, in, out) -> 12.0 * in.get(0).shape().elements())
            .sample("last axis", new LayerNormSpec(1, 1e-5), of(3, 7, 37), of(37), of(37), of(3, 7, 37))
            .sample("three axes", new LayerNormSpec(3, 1e-5), of(2, 4, 5, 3), of(4, 5, 3), of(4, 5, 3), of(2, 4, 5, 3))
            .sample("no weight", new LayerNormSpec(1, 1e-5), of(3, 8), null, null, of(3, 8))
            .sample("many rows", new LayerNormSpec(1, 1e-5), of(4100, 3), of(3), of(3), of(4100, 3))
            .sample(
                    "special values",
                    new LayerNormSpec(1, 1e-5),
                    of(9, 40).fill(Fill.SPECIAL),
                    of(40),
                    of(40),
                    of(9, 40))
            .error("the gradient must have shape [3, 8]", new LayerNormSpec(1, 1e-5), of(3, 8), of(8), of(8), of(3, 7));

    /** x, weight?, batch mean, batch variance, g → dx, dweight, dbias; mean and variance vary with x. */
    static final Op<BatchNormSpec> BATCH_NORM_GRADIENT = Op.named("batch_norm_gradient", BatchNormSpec.class)
            .parameters(1, 2, 3)
            .shapes((s, in) -> {
                Shape channels = Norms.checkChannels(in.get(0));
                Norms.checkAffine(in.get(1), null, channels);
                Rules.shape(Rules.floating(in.get(2), "mean"), channels, "mean");
                Rules.shape(Rules.floating(in.get(3), "variance"), channels, "variance");
                return outputs(in.get(0), in.get(4), channels);
            })
            .reference(c -> NormLayout.batch(c.inShape(0))
                    .differentiate(c, c.in(2), c.in(3), c.in(4), c.attributes().epsilon(), Activation.NONE))
            .notDifferentiable()
            .flops((s, in, out) -> 12.0 * in.get(0).shape().elements())
            .sample("image", new BatchNormSpec(1e-5), of(2, 5, 7, 19), of(19), of(19), positive(19), of(2, 5, 7, 19))
            .sample("rows", new BatchNormSpec(1e-3), of(67, 33), of(33), of(33), positive(33), of(67, 33))
            .sample("more than a segment", new BatchNormSpec(1e-3), of(4100, 3), of(3), of(3), positive(3), of(4100, 3))
            .sample("no weight", new BatchNormSpec(1e-3), of(9, 4), null, of(4), positive(4), of(9, 4))
            .sample(
                    "special values",
                    new BatchNormSpec(1e-5),
                    of(9, 40).fill(Fill.SPECIAL),
                    of(40),
                    of(40),
                    positive(40),
                    of(9, 40))
            .error("mean must have shape [4]", new BatchNormSpec(1e-5), of(9, 4), of(4), of(3), positive(4), of(9, 4));

    static final List<Op<?>> OPS = List.of(GROUP_NORM_GRADIENT, LAYER_NORM_GRADIENT, BATCH_NORM_GRADIENT);

    private NormGradients() {}

    static Tensor[] group(GradientCall<GroupNormSpec> c) {
        GroupNormSpec s = c.attributes();
        if (Engine.recorder() == null) {
            return wanted(c, Engine.runAll(GROUP_NORM_GRADIENT, s, c.in(0), c.in(1), c.in(2), c.g()));
        }
        NormLayout l = NormLayout.group(c.inShape(0), s.groups());
        return wanted(c, composed(l, s.epsilon(), s.activation(), c.in(0), c.in(1), c.in(2), c.g()));
    }

    static Tensor[] layer(GradientCall<LayerNormSpec> c) {
        LayerNormSpec s = c.attributes();
        if (Engine.recorder() == null) {
            return wanted(c, Engine.runAll(LAYER_NORM_GRADIENT, s, c.in(0), c.in(1), c.in(2), c.g()));
        }
        NormLayout l = NormLayout.layer(c.inShape(0), s.normalizedAxes());
        return wanted(c, composed(l, s.epsilon(), Activation.NONE, c.in(0), c.in(1), c.in(2), c.g()));
    }

    /** The gradients that arrive at mean and variance are those of their definitions. */
    static Tensor[] batch(GradientCall<BatchNormSpec> c) {
        BatchNormSpec s = c.attributes();
        Tensor x = c.in(0);
        Tensor g = c.g() == null ? Pointwise.fullLike(x, 0) : c.g();
        Tensor[] all;
        if (Engine.recorder() == null) {
            all = Engine.runAll(BATCH_NORM_GRADIENT, s, x, c.in(1), c.out(1), c.out(2), g);
        } else {
            NormLayout l = NormLayout.batch(x.shape());
            all = composed(l, s.epsilon(), Activation.NONE, x, c.in(1), c.in(2), g);
        }
        double rows = (double) x.elements() / x.dim(-1);
        if (c.g(1) != null) {
            all[0] = Pointwise.add(all[0], Pointwise.scale(c.g(1), 1 / rows));
        }
        if (c.g(2) != null) {
            Tensor twice = Pointwise.scale(Pointwise.sub(x, c.out(1)), 2 / rows);
            all[0] = Pointwise.add(all[0], Pointwise.mul(twice, c.g(2)));
        }
        return wanted(c, all);
    }

    private static Tensor[] wanted(GradientCall<?> c, Tensor[] all) {
        for (int i = 0; i < all.length; i++) {
            all[i] = c.needs(i) ? all[i] : null;
        }
        return all;
    }

    /** The same formulas in ops that can be differentiated again. */
    private static Tensor[] composed(
            NormLayout l, double epsilon, Activation activation, Tensor x, Tensor weight, Tensor bias, Tensor g) {
        Tensor seen = Views.reshape(x, l.shape());
        Tensor centred = Pointwise.sub(seen, mean(seen, l));
        Tensor variance = mean(Pointwise.mul(centred, centred), l);
        Tensor root = Pointwise.sqrt(Pointwise.addScalar(variance, epsilon));
        Tensor reciprocal = Pointwise.div(Pointwise.fullLike(root, 1), root);
        Tensor normal = Pointwise.mul(centred, reciprocal);
        Tensor scale = weight == null ? null : Views.reshape(weight, l.groups(), l.channels());
        Tensor before = scale == null ? normal : Pointwise.mul(normal, scale);
        before = bias == null ? before : Pointwise.add(before, Views.reshape(bias, l.groups(), l.channels()));
        Tensor u = Activations.gradient(activation, before, Views.reshape(g, l.shape()));
        Tensor h = scale == null ? u : Pointwise.mul(u, scale);
        Tensor along = Pointwise.mul(normal, mean(Pointwise.mul(h, normal), l));
        Tensor dx = Pointwise.mul(Pointwise.sub(Pointwise.sub(h, mean(h, l)), along), reciprocal);
        return new Tensor[] {
            Views.reshape(dx, x.shape()),
            weight == null ? null : Views.reshape(Reductions.sum(Pointwise.mul(u, normal), 0, 1), weight.shape()),
            bias == null ? null : Views.reshape(Reductions.sum(u, 0, 1), bias.shape())
        };
    }

    private static Tensor mean(Tensor x, NormLayout l) {
        Tensor sum = Reductions.sumKeepDims(x, 1, 3);
        return Pointwise.div(sum, Pointwise.fullLike(sum, l.size()));
    }

    private static List<TensorSpec> outputs(TensorSpec x, TensorSpec g, Shape parameters) {
        Rules.shape(Rules.floating(g, "the gradient"), x.shape(), "the gradient");
        TensorSpec p = Rules.statistic(x, parameters);
        return List.of(x, p, p);
    }

    private static GroupNormSpec group(int groups, Activation activation) {
        return new GroupNormSpec(groups, 1e-5, activation);
    }

    private static SampleInput positive(int... shape) {
        return of(shape).fill(Fill.POSITIVE);
    }
}
