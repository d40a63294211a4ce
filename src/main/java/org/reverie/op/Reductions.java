package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.ReduceSpec;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Sums in the contract's order (docs/numerics.md, rule 3); reduced elements are taken in row-major order. */
public final class Reductions {
    /** x → Σ over the given axes. */
    static final Op<ReduceSpec> SUM = Op.named("sum", ReduceSpec.class)
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
            .gradient(c -> new Tensor[] {
                Views.expand(
                        Views.reshape(
                                c.g(),
                                reduced(
                                        c.in(0).shape(),
                                        new ReduceSpec(c.attributes().axes(), true))),
                        c.in(0).shape())
            })
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

    static final List<Op<?>> OPS = List.of(SUM);

    private Reductions() {}

    /** Σ over the given axes (negative ones count from the end), which disappear. */
    public static Tensor sum(Tensor x, int... axes) {
        return Engine.run(SUM, spec(x.shape(), false, axes), x);
    }

    /** Σ over the given axes, which stay with extent 1. */
    public static Tensor sumKeepDims(Tensor x, int... axes) {
        return Engine.run(SUM, spec(x.shape(), true, axes), x);
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
