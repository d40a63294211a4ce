package org.reverie.op;

import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.OneHotSpec;
import org.reverie.device.spec.PadSpec;
import org.reverie.device.spec.ScatterSpec;
import org.reverie.device.spec.SliceSpec;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Putting tensors together, cutting pieces out and laying a border around them. Axes may be counted from the end. */
public final class Shaping {
    /** Any number of tensors, one after the other along an axis. */
    static final Op<AxisSpec> CONCAT = Op.named("concat", AxisSpec.class)
            .anyDType()
            .shapes((a, in) -> {
                Rules.check(!in.isEmpty(), "needs at least one tensor");
                TensorSpec first = in.get(0);
                int axis = first.shape().axis(a.axis());
                int extent = 0;
                for (TensorSpec t : in) {
                    Rules.check(t.dtype() == first.dtype(), "dtypes differ: %s beside %s", first, t);
                    Rules.check(
                            t.shape().rank() == first.shape().rank()
                                    && t.shape()
                                            .with(axis, 0)
                                            .equals(first.shape().with(axis, 0)),
                            "shapes differ outside axis %d: %s beside %s",
                            axis,
                            first.shape(),
                            t.shape());
                    extent += t.shape().dim(axis);
                }
                return Rules.like(first, first.shape().with(axis, extent));
            })
            .reference(c -> {
                Lines out = new Lines(c.outShape(0), c.attributes().axis());
                int start = 0;
                for (int t = 0; t < c.inputs().length; t++) {
                    Lines in = new Lines(c.inShape(t), c.attributes().axis());
                    for (int i = 0; i < c.in(t).length; i++) {
                        c.out(0)[out.at(in.outer(i), start + in.along(i), in.inner(i))] = c.in(t)[i];
                    }
                    start += in.extent;
                }
            })
            .gradient(c -> {
                int axis = c.attributes().axis();
                Tensor[] gradients = new Tensor[c.inputCount()];
                int start = 0;
                for (int t = 0; t < gradients.length; t++) {
                    int end = start + c.inShape(t).dim(axis);
                    gradients[t] = c.needs(t) ? slice(c.g(), axis, start, end) : null;
                    start = end;
                }
                return gradients;
            })
            .flops((a, in, out) -> 0)
            .sample("channels", new AxisSpec(3), of(2, 3, 3, 5), of(2, 3, 3, 1), of(2, 3, 3, 17))
            .sample("first axis", new AxisSpec(0), of(3, 7), of(2, 7))
            .sample("one tensor", new AxisSpec(1), of(3, 7))
            .sample(
                    "transposed, strided",
                    new AxisSpec(1),
                    of(9, 5).transposed(),
                    of(9, 8).layout(SampleInput.Layout.STRIDED))
            .sample("with an empty one", new AxisSpec(0), of(0, 4), of(3, 4))
            .sample("indices", new AxisSpec(0), index(9, 3), index(9, 6))
            .error("shapes differ outside axis 1", new AxisSpec(1), of(2, 3), of(3, 3))
            .error("dtypes differ", new AxisSpec(0), of(2), index(3, 2))
            .error("axis 2 does not exist", new AxisSpec(2), of(2, 3), of(2, 3));

    /** Elements start, start + step, … of one axis; always a view. */
    static final Op<SliceSpec> SLICE = Op.named("slice", SliceSpec.class)
            .anyDType()
            .shapes((a, in) -> {
                checkSlice(a, in.get(0).shape().dim(a.axis()));
                return Rules.like(in.get(0), in.get(0).shape().with(a.axis(), a.count()));
            })
            .reference(c -> {
                SliceSpec a = c.attributes();
                Lines in = new Lines(c.inShape(0), a.axis());
                Lines out = new Lines(c.outShape(0), a.axis());
                for (int i = 0; i < c.out(0).length; i++) {
                    c.out(0)[i] = c.in(0)[in.at(out.outer(i), a.start() + a.step() * out.along(i), out.inner(i))];
                }
            })
            .gradient(c -> {
                int extent = c.inShape(0).dim(c.attributes().axis());
                return new Tensor[] {unslice(c.g(), new ScatterSpec(c.attributes(), extent))};
            })
            .view((a, x) -> {
                long[] strides = x.strides();
                long offset = x.offset() + (a.count() == 0 ? 0 : a.start() * strides[a.axis()]);
                strides[a.axis()] *= a.step();
                return x.view(x.shape().with(a.axis(), a.count()), strides, offset);
            })
            .flops((a, in, out) -> 0)
            .sample("middle", new SliceSpec(1, 2, 5, 1), of(3, 7, 4))
            .sample("last axis", new SliceSpec(1, 5, 24, 1), of(5, 37))
            .sample("every second, transposed", new SliceSpec(0, 1, 9, 2), of(9, 5).transposed())
            .sample(
                    "every third of a strided one",
                    new SliceSpec(1, 0, 17, 3),
                    of(2, 17).layout(SampleInput.Layout.STRIDED))
            .sample("nothing", new SliceSpec(0, 4, 4, 1), of(4, 3))
            .error("is not within", new SliceSpec(1, 2, 9, 1), of(3, 7))
            .error("step must be at least 1", new SliceSpec(0, 0, 3, 0), of(3, 7))
            .error("axis 2 does not exist", new SliceSpec(2, 0, 1, 1), of(3, 7));

    /** The pieces of a slice in their places, +0 elsewhere: the gradient of slice. */
    static final Op<ScatterSpec> UNSLICE = Op.named("slice_gradient", ScatterSpec.class)
            .shapes((a, in) -> {
                checkSlice(a.slice(), a.extent());
                TensorSpec g = Rules.floating(in.get(0), "the gradient");
                int axis = a.slice().axis();
                Rules.check(
                        g.shape().dim(axis) == a.slice().count(),
                        "the gradient must have extent %d along axis %d, but its shape is %s",
                        a.slice().count(),
                        axis,
                        g.shape());
                return Rules.like(g, g.shape().with(axis, a.extent()));
            })
            .reference(c -> {
                SliceSpec a = c.attributes().slice();
                Lines in = new Lines(c.inShape(0), a.axis());
                Lines out = new Lines(c.outShape(0), a.axis());
                for (int i = 0; i < c.in(0).length; i++) {
                    c.out(0)[out.at(in.outer(i), a.start() + a.step() * in.along(i), in.inner(i))] = c.in(0)[i];
                }
            })
            .gradient(c -> new Tensor[] {Engine.run(slice(), c.attributes().slice(), c.g())})
            .flops((a, in, out) -> 0)
            .sample("middle", new ScatterSpec(new SliceSpec(1, 2, 5, 1), 7), of(3, 3, 4))
            .sample("every second", new ScatterSpec(new SliceSpec(1, 1, 18, 2), 19), of(5, 9))
            .sample("first axis, transposed", new ScatterSpec(new SliceSpec(0, 0, 9, 1), 11), of(9, 5).transposed())
            .sample("nothing", new ScatterSpec(new SliceSpec(0, 1, 1, 1), 2), of(0, 3))
            .error("must have extent 3", new ScatterSpec(new SliceSpec(0, 2, 5, 1), 7), of(4, 3));

    /** A border of one value. */
    static final Op<PadSpec> PAD = Op.named("pad", PadSpec.class)
            .shapes((a, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x");
                int rank = x.shape().rank();
                Rules.check(
                        a.before().size() == rank && a.after().size() == rank,
                        "needs one number before and after for each of the %d axes, not %s and %s",
                        rank,
                        a.before(),
                        a.after());
                Shape s = x.shape();
                for (int i = 0; i < rank; i++) {
                    int before = a.before().get(i);
                    int after = a.after().get(i);
                    Rules.check(before >= 0 && after >= 0, "nothing can be cut off: %s, %s", a.before(), a.after());
                    s = s.with(i, before + s.dim(i) + after);
                }
                return Rules.like(x, s);
            })
            .reference(c -> {
                java.util.Arrays.fill(c.out(0), c.math().round(c.attributes().value()));
                long[] strides = c.outShape(0).strides();
                for (int i = 0; i < c.in(0).length; i++) {
                    int rest = i;
                    long at = 0;
                    for (int a = strides.length - 1; a >= 0; a--) {
                        at += (rest % c.inShape(0).dim(a)
                                        + c.attributes().before().get(a))
                                * strides[a];
                        rest /= c.inShape(0).dim(a);
                    }
                    c.out(0)[(int) at] = c.in(0)[i];
                }
            })
            .gradient(c -> {
                Tensor g = c.g();
                for (int a = 0; a < g.rank(); a++) {
                    int before = c.attributes().before().get(a);
                    g = slice(g, a, before, before + c.inShape(0).dim(a));
                }
                return new Tensor[] {g};
            })
            .flops((a, in, out) -> 0)
            .sample("image", new PadSpec(List.of(0, 1, 2, 0), List.of(0, 0, 1, 0), 0), of(2, 3, 5, 7))
            .sample("with a value", new PadSpec(List.of(1, 0), List.of(2, 3), -0.7), of(4, 17))
            .sample("channels", new PadSpec(List.of(0, 0, 8), List.of(0, 0, 8), 0), of(2, 3, 16))
            .sample("transposed", new PadSpec(List.of(0, 1), List.of(1, 0), 1), of(9, 5).transposed())
            .sample("around nothing", new PadSpec(List.of(1, 2), List.of(0, 0), 2), of(0, 3))
            .sample("special values", new PadSpec(List.of(3), List.of(4), 0), of(31).fill(SampleInput.Fill.SPECIAL))
            .error("for each of the 2 axes", new PadSpec(List.of(1), List.of(1), 0), of(2, 3))
            .error("nothing can be cut off", new PadSpec(List.of(-1), List.of(1), 0), of(3));

    static final List<Op<?>> OPS = List.of(CONCAT, SLICE, UNSLICE, PAD);

    private Shaping() {}

    /** The tensors one after the other along {@code axis}; the other extents and the dtypes agree. */
    public static Tensor concat(int axis, Tensor... tensors) {
        Rules.check(tensors.length > 0, "concat: needs at least one tensor");
        return Engine.run(CONCAT, new AxisSpec(tensors[0].shape().axis(axis)), tensors);
    }

    /** Elements start ≤ i &lt; end of one axis, as a view. */
    public static Tensor slice(Tensor x, int axis, int start, int end) {
        return slice(x, axis, start, end, 1);
    }

    /** Elements start, start + step, … before end of one axis, as a view. */
    public static Tensor slice(Tensor x, int axis, int start, int end, int step) {
        return Engine.run(SLICE, new SliceSpec(x.shape().axis(axis), start, end, step), x);
    }

    /** x with {@code before[a]} and {@code after[a]} elements of the given value around it along each axis a. */
    public static Tensor pad(Tensor x, int[] before, int[] after, double value) {
        return Engine.run(PAD, new PadSpec(list(before), list(after), value), x);
    }

    /** Tensors of one shape side by side along a new axis. */
    public static Tensor stack(int axis, Tensor... tensors) {
        Rules.check(tensors.length > 0, "stack: needs at least one tensor");
        int a = axis < 0 ? axis + tensors[0].rank() + 1 : axis;
        Tensor[] raised = new Tensor[tensors.length];
        for (int i = 0; i < raised.length; i++) {
            raised[i] = Views.reshape(tensors[i], tensors[i].shape().insert(a, 1));
        }
        return concat(a, raised);
    }

    /** Pieces of the given extents along an axis, in order, as views; together they are x. */
    public static List<Tensor> split(Tensor x, int axis, int... extents) {
        List<Tensor> pieces = new ArrayList<>(extents.length);
        int start = 0;
        for (int e : extents) {
            pieces.add(slice(x, axis, start, start + e));
            start += e;
        }
        Rules.check(
                start == x.dim(axis), "split: the pieces make %d of the %d along axis %d", start, x.dim(axis), axis);
        return pieces;
    }

    /** {@code pieces} equal pieces along an axis, as views. */
    public static List<Tensor> chunk(Tensor x, int axis, int pieces) {
        Rules.check(
                pieces > 0 && x.dim(axis) % pieces == 0,
                "chunk: %d along axis %d cannot be cut into %d equal pieces",
                x.dim(axis),
                axis,
                pieces);
        int[] extents = new int[pieces];
        java.util.Arrays.fill(extents, x.dim(axis) / pieces);
        return split(x, axis, extents);
    }

    /** Elements index[0], index[1], … of one axis of x; the index is I32 or I64 and 1-d. */
    public static Tensor gather(Tensor x, int axis, Tensor index) {
        return Engine.run(Indexing.GATHER, new AxisSpec(x.shape().axis(axis)), x, index);
    }

    /** The rows of table[V, D] that ids[…] name, as [..., D]. */
    public static Tensor embedding(Tensor table, Tensor ids) {
        Rules.check(table.rank() == 2, "embedding: the table must have rank 2, but its shape is %s", table.shape());
        Tensor rows = gather(table, 0, Views.reshape(ids, -1));
        return Views.reshape(rows, ids.shape().insert(ids.rank(), table.dim(1)));
    }

    /** ids[…] → [..., classes], 1 at the id and 0 elsewhere, in the floating type of the device. */
    public static Tensor oneHot(Tensor ids, int classes) {
        return Engine.run(Indexing.ONE_HOT, new OneHotSpec(classes, ids.device().computeType()), ids);
    }

    private static Tensor unslice(Tensor g, ScatterSpec spec) {
        return Engine.run(UNSLICE, spec, g);
    }

    private static Op<SliceSpec> slice() {
        return SLICE;
    }

    private static void checkSlice(SliceSpec a, int extent) {
        Rules.check(a.step() >= 1, "the step must be at least 1, not %d", a.step());
        Rules.check(
                0 <= a.start() && a.start() <= a.end() && a.end() <= extent,
                "%d … %d is not within the %d elements of axis %d",
                a.start(),
                a.end(),
                extent,
                a.axis());
    }

    private static List<Integer> list(int[] values) {
        return java.util.Arrays.stream(values).boxed().toList();
    }
}
