package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.ReduceSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * The declarations of the largest and the smallest; {@link Reductions} offers them. Order-free: NaN wins, −0 is less than +0
 * as a value. As a place, the lowest index among equals, ±0 being equal; the first NaN if there is one.
 */
final class Extremes {
    /** Whether a number at a higher index takes the place of the best so far. */
    interface Beats {
        boolean test(double challenger, double best);
    }

    static final Op<ReduceSpec> MAX = value("max", Math::max, Extremes::maxGradient);
    static final Op<ReduceSpec> MIN = value("min", Math::min, Extremes::minGradient);
    static final Op<ReduceSpec> MAX_GRADIENT = gradient("max_gradient", (x, best) -> x > best, Extremes::maxGradient);
    static final Op<ReduceSpec> MIN_GRADIENT = gradient("min_gradient", (x, best) -> x < best, Extremes::minGradient);
    static final Op<AxisSpec> ARGMAX = place("argmax", (x, best) -> x > best);
    static final Op<AxisSpec> ARGMIN = place("argmin", (x, best) -> x < best);

    static final List<Op<?>> OPS = List.of(MAX, MIN, MAX_GRADIENT, MIN_GRADIENT, ARGMAX, ARGMIN);

    private interface Choice {
        double of(double a, double b);
    }

    private interface Backward {
        Tensor of(ReduceSpec spec, Tensor x, Tensor g);
    }

    private Extremes() {}

    private static Op<ReduceSpec> value(String name, Choice better, Backward backward) {
        return Op.named(name, ReduceSpec.class)
                .shapes((a, in) -> {
                    TensorSpec x = Rules.floating(in.get(0), "x");
                    checkNotEmpty(x.shape(), a.axes());
                    return Rules.like(x, Reductions.reduced(x.shape(), a));
                })
                .reference(c -> {
                    int[][] groups =
                            Reductions.groups(c.inShape(0), c.attributes().axes());
                    for (int o = 0; o < groups[0].length; o++) {
                        double best = c.in(0)[groups[0][o]];
                        for (int at : groups[1]) {
                            best = better.of(best, c.in(0)[groups[0][o] + at]);
                        }
                        c.out(0)[o] = best;
                    }
                })
                .gradient(c -> new Tensor[] {backward.of(c.attributes(), c.in(0), c.g())})
                .flops((a, in, out) -> in.get(0).shape().elements())
                .sample(
                        "last axis",
                        new ReduceSpec(List.of(1), false),
                        of(7, 37).fill(Fill.DISTINCT))
                .sample(
                        "first axis",
                        new ReduceSpec(List.of(0), true),
                        of(21, 19).fill(Fill.DISTINCT))
                .sample(
                        "middle axes of an image",
                        new ReduceSpec(List.of(1, 2), false),
                        of(2, 5, 3, 9).fill(Fill.DISTINCT))
                .sample(
                        "all, transposed",
                        new ReduceSpec(List.of(0, 1), false),
                        of(9, 17).fill(Fill.DISTINCT).transposed())
                .sample(
                        "special values",
                        new ReduceSpec(List.of(1), false),
                        of(65, 5).fill(Fill.SPECIAL))
                .error("of no elements", new ReduceSpec(List.of(1), false), of(3, 0))
                .error("must be f32", new ReduceSpec(List.of(0), false), SampleInput.index(4, 3));
    }

    /** (x, g) → g at the place of the extreme of each group, +0 elsewhere. */
    private static Op<ReduceSpec> gradient(String name, Beats beats, Backward self) {
        return Op.named(name, ReduceSpec.class)
                .shapes((a, in) -> {
                    TensorSpec x = Rules.floating(in.get(0), "x");
                    checkNotEmpty(x.shape(), a.axes());
                    TensorSpec g = Rules.floating(in.get(1), "the gradient");
                    Rules.shape(g, Reductions.reduced(x.shape(), a), "the gradient");
                    return List.of(x);
                })
                .reference(c -> {
                    int[][] groups =
                            Reductions.groups(c.inShape(0), c.attributes().axes());
                    for (int o = 0; o < groups[0].length; o++) {
                        int base = groups[0][o];
                        c.out(0)[base + groups[1][place(c.in(0), base, groups[1], beats)]] = c.in(1)[o];
                    }
                })
                .gradient(c -> {
                    if (!c.needs(1)) {
                        return new Tensor[] {null, null};
                    }
                    Tensor picked = self.of(c.attributes(), c.in(0), Pointwise.fullLike(c.in(1), 1));
                    Tensor product = Pointwise.mul(c.g(), picked);
                    return new Tensor[] {null, Engine.run(Reductions.SUM, c.attributes(), product)};
                })
                .flops((a, in, out) -> in.get(0).shape().elements())
                .sample(
                        "last axis",
                        new ReduceSpec(List.of(1), false),
                        of(7, 37).fill(Fill.DISTINCT),
                        of(7))
                .sample(
                        "first axis",
                        new ReduceSpec(List.of(0), true),
                        of(21, 19).fill(Fill.DISTINCT),
                        of(1, 19))
                .sample("middle axes of an image", new ReduceSpec(List.of(1, 2), false), of(2, 5, 3, 9), of(2, 9))
                .sample(
                        "special values",
                        new ReduceSpec(List.of(1), false),
                        of(65, 5).fill(Fill.SPECIAL),
                        of(65).fill(Fill.SPECIAL))
                .error("the gradient must have shape [3]", new ReduceSpec(List.of(1), false), of(3, 4), of(4));
    }

    private static Op<AxisSpec> place(String name, Beats beats) {
        return Op.named(name, AxisSpec.class)
                .shapes((a, in) -> {
                    Shape x = Rules.floating(in.get(0), "x").shape();
                    checkNotEmpty(x, List.of(a.axis()));
                    return List.of(new TensorSpec(DType.I32, x.without(a.axis())));
                })
                .reference(c -> {
                    int[][] groups = Reductions.groups(
                            c.inShape(0), List.of(c.attributes().axis()));
                    for (int o = 0; o < groups[0].length; o++) {
                        c.out(0)[o] = place(c.in(0), groups[0][o], groups[1], beats);
                    }
                })
                .notDifferentiable()
                .flops((a, in, out) -> in.get(0).shape().elements())
                .sample("last axis", new AxisSpec(1), of(7, 37))
                .sample("first axis", new AxisSpec(0), of(21, 19))
                .sample("middle axis", new AxisSpec(1), of(3, 5, 7))
                .sample("ties", new AxisSpec(1), SampleInput.index(4, 40, 70).as(DType.F32))
                .sample("transposed", new AxisSpec(1), of(9, 33).transposed())
                .sample("special values", new AxisSpec(1), of(65, 35).fill(Fill.SPECIAL))
                .error("of no elements", new AxisSpec(0), of(0, 3))
                .error("axis 2 does not exist", new AxisSpec(2), of(4, 3))
                .error("must be f32", new AxisSpec(0), SampleInput.index(4, 3));
    }

    private static int place(double[] x, int base, int[] group, Beats beats) {
        int best = 0;
        for (int i = 1; i < group.length; i++) {
            double champion = x[base + group[best]];
            double challenger = x[base + group[i]];
            if (!Double.isNaN(champion) && (Double.isNaN(challenger) || beats.test(challenger, champion))) {
                best = i;
            }
        }
        return best;
    }

    private static void checkNotEmpty(Shape x, List<Integer> axes) {
        for (int a : axes) {
            Rules.check(x.dim(a) > 0, "there is no extreme of no elements: axis %d of %s", a, x);
        }
    }

    private static Tensor maxGradient(ReduceSpec spec, Tensor x, Tensor g) {
        return Engine.run(MAX_GRADIENT, spec, x, g);
    }

    private static Tensor minGradient(ReduceSpec spec, Tensor x, Tensor g) {
        return Engine.run(MIN_GRADIENT, spec, x, g);
    }
}
