package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.ReduceSpec;
import org.reverie.device.spec.VarianceSpec;
import org.reverie.op.Op.Lowering;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Sums, means and extremes in the contract's order (docs/numerics.md, rule 3); reduced elements are taken in row-major order. */
public final class Reductions {
    /** x → Σ over the given axes. */
    static final Op<ReduceSpec> SUM = Op.named("sum", ReduceSpec.class)
            .lowering(Lowering.UP)
            .shapes((a, in) ->
                    Rules.like(Rules.floating(in.get(0), "x"), reduced(in.get(0).shape(), a)))
            .reference(c -> {
                int[][] groups = groups(c.inShape(0), c.attributes().axes());
                double[] x = c.in(0);
                for (int o = 0; o < groups[0].length; o++) {
                    int base = groups[0][o];
                    c.out(0)[o] = Ordered.sum(c.math(), groups[1].length, i -> x[base + groups[1][i]]);
                }
            })
            .gradient(c -> new Tensor[] {spread(c.g(), c.inShape(0), c.attributes())})
            .flops((a, in, out) -> in.get(0).shape().elements())
            .sample("last axis", new ReduceSpec(List.of(1), false), of(7, 37))
            .sample("first axis", new ReduceSpec(List.of(0), false), of(67, 19))
            .sample("first axis, one column", new ReduceSpec(List.of(0), true), of(45, 1))
            .sample("all", new ReduceSpec(List.of(0, 1), false), of(13, 11))
            .sample("middle axes of an image", new ReduceSpec(List.of(1, 2), true), of(2, 7, 9, 5))
            .sample("outer axes", new ReduceSpec(List.of(0, 2), true), of(3, 4, 5, 6))
            .sample("longer than a segment", new ReduceSpec(List.of(1), false), of(2, 4099))
            .sample("longer than a segment, first axis", new ReduceSpec(List.of(0), false), of(8200, 3))
            .sample("transposed", new ReduceSpec(List.of(1), false), of(12, 34).transposed())
            .sample(
                    "special values",
                    new ReduceSpec(List.of(1), false),
                    of(64, 5).fill(SampleInput.Fill.SPECIAL))
            .sample("of nothing", new ReduceSpec(List.of(1), false), of(3, 0))
            .error("must be f32", new ReduceSpec(List.of(0), false), SampleInput.index(4, 3))
            .error("axis 2 does not exist", new ReduceSpec(List.of(2), false), of(3, 4));

    /** Σ / n over the given axes. */
    static final Op<ReduceSpec> MEAN = Op.named("mean", ReduceSpec.class)
            .lowering(Lowering.UP)
            .shapes((a, in) ->
                    Rules.like(Rules.floating(in.get(0), "x"), reduced(in.get(0).shape(), a)))
            .reference(c -> {
                int[][] groups = groups(c.inShape(0), c.attributes().axes());
                for (int o = 0; o < groups[0].length; o++) {
                    c.out(0)[o] = mean(c.math(), c.in(0), groups[0][o], groups[1]);
                }
            })
            .gradient(c -> {
                double n = count(c.inShape(0), c.attributes().axes());
                return new Tensor[] {spread(Pointwise.scale(c.g(), 1 / n), c.inShape(0), c.attributes())};
            })
            .flops((a, in, out) -> in.get(0).shape().elements())
            .sample("last axis", new ReduceSpec(List.of(1), false), of(7, 37))
            .sample("middle axes of an image", new ReduceSpec(List.of(1, 2), true), of(2, 7, 9, 5))
            .sample("longer than a segment", new ReduceSpec(List.of(1), false), of(2, 4099))
            .sample("transposed", new ReduceSpec(List.of(0), false), of(12, 34).transposed())
            .sample(
                    "special values",
                    new ReduceSpec(List.of(1), false),
                    of(64, 5).fill(SampleInput.Fill.SPECIAL))
            .sample("of nothing", new ReduceSpec(List.of(1), false), of(3, 0).fill(SampleInput.Fill.SPECIAL))
            .error("must be f32", new ReduceSpec(List.of(0), false), SampleInput.index(4, 3));

    /** Two passes: the mean, then Σ (x − mean)·(x − mean), product and sum each rounded, over n − correction. */
    static final Op<VarianceSpec> VARIANCE = Op.named("variance", VarianceSpec.class)
            .lowering(Lowering.UP)
            .shapes((a, in) -> {
                Rules.check(
                        a.correction() == 0 || a.correction() == 1,
                        "the correction must be 0 or 1, not %d",
                        a.correction());
                return Rules.like(
                        Rules.floating(in.get(0), "x"), reduced(in.get(0).shape(), a.reduction()));
            })
            .reference(c -> {
                Arithmetic m = c.math();
                int[][] groups = groups(c.inShape(0), c.attributes().axes());
                for (int o = 0; o < groups[0].length; o++) {
                    int base = groups[0][o];
                    double mean = mean(m, c.in(0), base, groups[1]);
                    double squares = Ordered.sum(m, groups[1].length, i -> {
                        double d = m.sub(c.in(0)[base + groups[1][i]], mean);
                        return m.mul(d, d);
                    });
                    c.out(0)[o] = m.div(
                            squares, m.round(groups[1].length - c.attributes().correction()));
                }
            })
            .gradient(c -> {
                ReduceSpec spec = c.attributes().reduction();
                double n = count(c.inShape(0), spec.axes()) - c.attributes().correction();
                Tensor mean = Engine.run(mean(), new ReduceSpec(spec.axes(), true), c.in(0));
                Tensor g = spread(Pointwise.scale(c.g(), 2 / n), c.inShape(0), spec);
                return new Tensor[] {Pointwise.mul(g, Pointwise.sub(c.in(0), mean))};
            })
            .flops((a, in, out) -> 4.0 * in.get(0).shape().elements())
            .sample("last axis", new VarianceSpec(List.of(1), false, 0), of(7, 37))
            .sample("unbiased", new VarianceSpec(List.of(1), false, 1), of(5, 24))
            .sample("middle axes of an image", new VarianceSpec(List.of(1, 2), true, 0), of(2, 7, 9, 5))
            .sample("longer than a segment", new VarianceSpec(List.of(1), false, 1), of(2, 4099))
            .sample(
                    "transposed",
                    new VarianceSpec(List.of(0), false, 0),
                    of(12, 34).transposed())
            .sample(
                    "special values",
                    new VarianceSpec(List.of(1), false, 0),
                    of(64, 5).fill(SampleInput.Fill.SPECIAL))
            .error("must be 0 or 1", new VarianceSpec(List.of(0), false, 2), of(4))
            .error("must be f32", new VarianceSpec(List.of(0), false, 0), SampleInput.index(4, 3));

    static final List<Op<?>> OPS = List.of(SUM, MEAN, VARIANCE);

    private Reductions() {}

    /** Σ over the given axes (negative ones count from the end), which disappear. */
    public static Tensor sum(Tensor x, int... axes) {
        return Engine.run(SUM, spec(x.shape(), false, axes), x);
    }

    /** Σ over the given axes, which stay with extent 1. */
    public static Tensor sumKeepDims(Tensor x, int... axes) {
        return Engine.run(SUM, spec(x.shape(), true, axes), x);
    }

    /** Σ / n over the given axes, which disappear. */
    public static Tensor mean(Tensor x, int... axes) {
        return Engine.run(MEAN, spec(x.shape(), false, axes), x);
    }

    /** Σ / n over the given axes, which stay with extent 1. */
    public static Tensor meanKeepDims(Tensor x, int... axes) {
        return Engine.run(MEAN, spec(x.shape(), true, axes), x);
    }

    /** The mean squared distance from the mean over the given axes; divided by n − 1 instead of n if unbiased. */
    public static Tensor variance(Tensor x, boolean unbiased, int... axes) {
        return variance(x, unbiased, false, axes);
    }

    /** As {@link #variance(Tensor, boolean, int...)}; the axes stay with extent 1. */
    public static Tensor varianceKeepDims(Tensor x, boolean unbiased, int... axes) {
        return variance(x, unbiased, true, axes);
    }

    private static Tensor variance(Tensor x, boolean unbiased, boolean keepDims, int[] axes) {
        List<Integer> list = spec(x.shape(), keepDims, axes).axes();
        return Engine.run(VARIANCE, new VarianceSpec(list, keepDims, unbiased ? 1 : 0), x);
    }

    /** √Σx² over the given axes, which disappear: square, sum, root. */
    public static Tensor norm2(Tensor x, int... axes) {
        return Pointwise.sqrt(sum(Pointwise.square(x), axes));
    }

    /** The largest over the given axes, which disappear; NaN wins. */
    public static Tensor max(Tensor x, int... axes) {
        return Engine.run(Extremes.MAX, spec(x.shape(), false, axes), x);
    }

    /** The largest over the given axes, which stay with extent 1. */
    public static Tensor maxKeepDims(Tensor x, int... axes) {
        return Engine.run(Extremes.MAX, spec(x.shape(), true, axes), x);
    }

    /** The smallest over the given axes, which disappear; NaN wins. */
    public static Tensor min(Tensor x, int... axes) {
        return Engine.run(Extremes.MIN, spec(x.shape(), false, axes), x);
    }

    /** The smallest over the given axes, which stay with extent 1. */
    public static Tensor minKeepDims(Tensor x, int... axes) {
        return Engine.run(Extremes.MIN, spec(x.shape(), true, axes), x);
    }

    /** Where the largest along one axis is, as I32; the axis disappears. Ties: the lowest index; the first NaN wins. */
    public static Tensor argmax(Tensor x, int axis) {
        return Engine.run(Extremes.ARGMAX, new AxisSpec(x.shape().axis(axis)), x);
    }

    /** Where the smallest along one axis is, as I32; the axis disappears. Ties: the lowest index; the first NaN wins. */
    public static Tensor argmin(Tensor x, int axis) {
        return Engine.run(Extremes.ARGMIN, new AxisSpec(x.shape().axis(axis)), x);
    }

    /** Sums a broadcast result back to an operand's shape: the gradient of broadcasting. */
    public static Tensor sumTo(Tensor x, Shape shape) {
        if (x.shape().equals(shape)) {
            return x;
        }
        int shift = x.rank() - shape.rank();
        List<Integer> axes = new ArrayList<>();
        for (int a = 0; a < x.rank(); a++) {
            if (a < shift || shape.dim(a - shift) == 1 && x.dim(a) != 1) {
                axes.add(a);
            }
        }
        Tensor s = axes.isEmpty() ? x : Engine.run(SUM, new ReduceSpec(axes, false), x);
        return Views.reshape(s, shape);
    }

    static ReduceSpec spec(Shape shape, boolean keepDims, int... axes) {
        List<Integer> list = new ArrayList<>();
        for (int a : axes) {
            int axis = shape.axis(a);
            Rules.check(!list.contains(axis), "axis %d is named twice", a);
            list.add(axis);
        }
        list.sort(null);
        return new ReduceSpec(list, keepDims);
    }

    private static Op<ReduceSpec> mean() {
        return MEAN;
    }

    /** The mean of one group in the contract's order: the sum, then one division. */
    private static double mean(Arithmetic m, double[] x, int base, int[] group) {
        return m.div(Ordered.sum(m, group.length, i -> x[base + group[i]]), m.round(group.length));
    }

    private static double count(Shape shape, List<Integer> axes) {
        double n = 1;
        for (int a : axes) {
            n *= shape.dim(a);
        }
        return n;
    }

    /** A reduced tensor repeated over the axes it was reduced along: the gradient of a sum. */
    private static Tensor spread(Tensor g, Shape shape, ReduceSpec spec) {
        return Views.expand(Views.reshape(g, reduced(shape, new ReduceSpec(spec.axes(), true))), shape);
    }

    static Shape reduced(Shape shape, ReduceSpec spec) {
        Shape s = shape;
        for (int i = spec.axes().size() - 1; i >= 0; i--) {
            s = spec.keepDims()
                    ? s.with(spec.axes().get(i), 1)
                    : s.without(spec.axes().get(i));
        }
        return s;
    }

    /** Where the kept groups start, and where in a group the reduced elements lie, both in row-major order. */
    static int[][] groups(Shape shape, List<Integer> axes) {
        List<Integer> kept = new ArrayList<>();
        for (int a = 0; a < shape.rank(); a++) {
            if (!axes.contains(a)) {
                kept.add(a);
            }
        }
        return new int[][] {offsets(shape, kept), offsets(shape, axes)};
    }

    private static int[] offsets(Shape shape, List<Integer> axes) {
        long[] strides = shape.strides();
        int n = 1;
        for (int a : axes) {
            n *= shape.dim(a);
        }
        int[] offsets = new int[n];
        for (int i = 0; i < n; i++) {
            int rest = i;
            for (int j = axes.size() - 1; j >= 0; j--) {
                int extent = shape.dim(axes.get(j));
                offsets[i] += rest % extent * (int) strides[axes.get(j)];
                rest /= extent;
            }
        }
        return offsets;
    }
}
