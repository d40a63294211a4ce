package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.reverie.device.spec.AxesSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.device.spec.ShapeSpec;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Other ways to see the same elements. No numbers move unless the memory layout forces a copy. */
public final class Views {
    /** The same elements in row-major order under another shape. */
    static final Op<ShapeSpec> RESHAPE = Op.named("reshape", ShapeSpec.class)
            .anyDType()
            .shapes((a, in) -> {
                Rules.check(
                        in.get(0).shape().elements() == a.shape().elements(),
                        "cannot give %s the shape %s: %d elements against %d",
                        in.get(0),
                        a.shape(),
                        in.get(0).shape().elements(),
                        a.shape().elements());
                return Rules.like(in.get(0), a.shape());
            })
            .reference(c -> System.arraycopy(c.in(0), 0, c.out(0), 0, c.out(0).length))
            .gradient(c -> new Tensor[] {reshape(c.g(), c.inShape(0))})
            .view((a, x) -> x.isContiguous() ? x.view(a.shape(), a.shape().strides(), x.offset()) : null)
            .flops((a, in, out) -> 0)
            .sample("contiguous", new ShapeSpec(Shape.of(6, 4)), of(2, 3, 4))
            .sample("transposed", new ShapeSpec(Shape.of(35)), of(5, 7).transposed())
            .error("elements against", new ShapeSpec(Shape.of(5)), of(2, 3));

    /** Axes in another order. */
    static final Op<AxesSpec> PERMUTE = Op.named("permute", AxesSpec.class)
            .anyDType()
            .shapes((a, in) -> {
                int rank = in.get(0).shape().rank();
                Rules.check(
                        a.axes().stream()
                                .sorted()
                                .toList()
                                .equals(java.util.stream.IntStream.range(0, rank)
                                        .boxed()
                                        .toList()),
                        "%s is not an order of the %d axes",
                        a.axes(),
                        rank);
                return Rules.like(in.get(0), permuted(in.get(0).shape(), a.axes()));
            })
            .reference(c -> {
                int[] order = c.attributes().axes().stream().mapToInt(i -> i).toArray();
                long[] own = c.inShape(0).strides();
                int[] extents = c.outShape(0).toArray();
                for (int i = 0; i < c.out(0).length; i++) {
                    int rest = i;
                    long at = 0;
                    for (int a = order.length - 1; a >= 0; a--) {
                        at += rest % extents[a] * own[order[a]];
                        rest /= extents[a];
                    }
                    c.out(0)[i] = c.in(0)[(int) at];
                }
            })
            .gradient(c -> {
                int[] inverse = new int[c.attributes().axes().size()];
                for (int i = 0; i < inverse.length; i++) {
                    inverse[c.attributes().axes().get(i)] = i;
                }
                return new Tensor[] {permute(c.g(), inverse)};
            })
            .view((a, x) -> {
                long[] strides = a.axes().stream().mapToLong(x::stride).toArray();
                return x.view(permuted(x.shape(), a.axes()), strides, x.offset());
            })
            .flops((a, in, out) -> 0)
            .sample("swap", new AxesSpec(List.of(1, 0)), of(3, 5))
            .sample("NCHW to NHWC", new AxesSpec(List.of(0, 2, 3, 1)), of(2, 3, 4, 5))
            .error("is not an order", new AxesSpec(List.of(0, 0)), of(3, 5));

    /** Repeats axes of extent 1, and adds leading axes, without copying. */
    static final Op<ShapeSpec> EXPAND = Op.named("expand", ShapeSpec.class)
            .anyDType()
            .shapes((a, in) -> {
                Rules.check(
                        Shape.broadcast(in.get(0).shape(), a.shape()).equals(a.shape()),
                        "%s does not expand to %s",
                        in.get(0).shape(),
                        a.shape());
                return Rules.like(in.get(0), a.shape());
            })
            .reference(c -> {
                Broadcast b = new Broadcast(c.inShape(0), c.outShape(0));
                for (int i = 0; i < c.out(0).length; i++) {
                    c.out(0)[i] = c.in(0)[b.index(i)];
                }
            })
            .gradient(c -> new Tensor[] {Reductions.sumTo(c.g(), c.inShape(0))})
            .view((a, x) -> {
                long[] strides = new long[a.shape().rank()];
                int shift = strides.length - x.rank();
                for (int i = 0; i < x.rank(); i++) {
                    strides[i + shift] = x.dim(i) == 1 ? 0 : x.stride(i);
                }
                return x.view(a.shape(), strides, x.offset());
            })
            .flops((a, in, out) -> 0)
            .sample("row", new ShapeSpec(Shape.of(3, 5)), of(5))
            .sample("middle", new ShapeSpec(Shape.of(2, 4, 3)), of(2, 1, 3))
            .error("do not broadcast", new ShapeSpec(Shape.of(3, 4)), of(5));

    /** The same numbers, lying in row-major order. */
    static final Op<NoAttributes> CONTIGUOUS = Op.named("contiguous", NoAttributes.class)
            .anyDType()
            .shapes((a, in) ->
                    List.of(new TensorSpec(in.get(0).dtype(), in.get(0).shape())))
            .reference(c -> System.arraycopy(c.in(0), 0, c.out(0), 0, c.out(0).length))
            .gradient(c -> new Tensor[] {c.g()})
            .view((a, x) -> x.isContiguous() ? x.view(x.shape(), x.strides(), x.offset()) : null)
            .flops((a, in, out) -> 0)
            .sample("transposed", NoAttributes.NONE, of(19, 33).transposed())
            .sample("broadcast", NoAttributes.NONE, of(4, 7).layout(SampleInput.Layout.BROADCAST))
            .sample("strided", NoAttributes.NONE, of(4, 7).layout(SampleInput.Layout.STRIDED));

    static final List<Op<?>> OPS = List.of(RESHAPE, PERMUTE, EXPAND, CONTIGUOUS);

    private Views() {}

    /** The same elements in row-major order under another shape; copies only if they do not lie so. */
    public static Tensor reshape(Tensor x, Shape shape) {
        return Engine.run(RESHAPE, new ShapeSpec(shape), x);
    }

    /** As {@link #reshape(Tensor, Shape)}; one extent may be −1 and is then worked out. */
    public static Tensor reshape(Tensor x, int... extents) {
        int[] d = extents.clone();
        long known = 1;
        int free = -1;
        for (int i = 0; i < d.length; i++) {
            if (d[i] == -1) {
                Rules.check(free < 0, "reshape: only one extent can be -1 in %s", Arrays.toString(extents));
                free = i;
            } else {
                known *= d[i];
            }
        }
        if (free >= 0) {
            d[free] = known == 0 ? 0 : Math.toIntExact(x.elements() / known);
        }
        return reshape(x, Shape.of(d));
    }

    /** Axes in another order: axis i of the result is axis {@code order[i]} of x. */
    public static Tensor permute(Tensor x, int... order) {
        List<Integer> axes = new ArrayList<>();
        for (int a : order) {
            axes.add(x.shape().axis(a));
        }
        return Engine.run(PERMUTE, new AxesSpec(axes), x);
    }

    /** x with two axes swapped. */
    public static Tensor transpose(Tensor x, int a, int b) {
        int[] order = java.util.stream.IntStream.range(0, x.rank()).toArray();
        int i = x.shape().axis(a);
        int j = x.shape().axis(b);
        order[i] = j;
        order[j] = i;
        return permute(x, order);
    }

    /** x repeated along axes of extent 1 and along new leading axes; no copy. */
    public static Tensor expand(Tensor x, Shape shape) {
        return Engine.run(EXPAND, new ShapeSpec(shape), x);
    }

    /** x itself in row-major order; copies only if it does not lie so. */
    public static Tensor contiguous(Tensor x) {
        return x.isContiguous() ? x : Engine.run(CONTIGUOUS, NoAttributes.NONE, x);
    }

    private static Shape permuted(Shape shape, List<Integer> axes) {
        return Shape.of(axes.stream().mapToInt(shape::dim).toArray());
    }
}
