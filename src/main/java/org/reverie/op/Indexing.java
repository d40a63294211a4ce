package org.reverie.op;

import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.Indices;
import org.reverie.device.spec.AxisSpec;
import org.reverie.device.spec.IndexSpec;
import org.reverie.device.spec.OneHotSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** The declarations of the ops that follow indices; {@link Shaping} offers them. An index outside the axis is refused on every backend ({@link Indices}). */
final class Indexing {
    /** (x, index[n]) → elements index[0], index[1], … of one axis of x. */
    static final Op<AxisSpec> GATHER = Op.named("gather", AxisSpec.class)
            .shapes((a, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x");
                TensorSpec at = Rules.rank(Rules.integer(in.get(1), "the index"), 1, "the index");
                return Rules.like(x, x.shape().with(a.axis(), at.shape().dim(0)));
            })
            .reference(c -> {
                int axis = c.attributes().axis();
                Lines in = new Lines(c.inShape(0), axis);
                Lines out = new Lines(c.outShape(0), axis);
                int[] at = indices("gather", c.in(1), in.extent);
                for (int i = 0; i < c.out(0).length; i++) {
                    c.out(0)[i] = c.in(0)[in.at(out.outer(i), at[out.along(i)], out.inner(i))];
                }
            })
            .gradient(c -> {
                int axis = c.attributes().axis();
                return new Tensor[] {
                    gatherGradient(c.g(), axis, c.in(1), c.inShape(0).dim(axis)), null
                };
            })
            .flops((a, in, out) -> 0)
            .sample("rows", new AxisSpec(0), of(7, 19), index(7, 11))
            .sample("columns", new AxisSpec(1), of(5, 9), index(9, 4))
            .sample(
                    "middle axis, i64",
                    new AxisSpec(1),
                    of(2, 6, 3),
                    index(6, 5).as(DType.I64))
            .sample("transposed", new AxisSpec(0), of(9, 33).transposed(), index(9, 3))
            .sample("no index", new AxisSpec(0), of(4, 3), index(4, 0))
            .error("the index must have rank 1", new AxisSpec(0), of(4, 3), index(4, 2, 2))
            .error("the index must be i32 or i64", new AxisSpec(0), of(4, 3), of(2))
            .error("is not in 0 … 3", new AxisSpec(0), of(4, 3), index(1000, 5));

    /**
     * (g, index[n]) → zeros, to which element i of the axis is added at index[i]; i ascending (docs/numerics.md, rule 7).
     */
    static final Op<IndexSpec> GATHER_GRADIENT = Op.named("gather_gradient", IndexSpec.class)
            .shapes((a, in) -> {
                TensorSpec g = Rules.floating(in.get(0), "the gradient");
                TensorSpec at = Rules.rank(Rules.integer(in.get(1), "the index"), 1, "the index");
                Rules.check(
                        g.shape().dim(a.axis()) == at.shape().dim(0),
                        "%d indices for the %d elements along axis %d of %s",
                        at.shape().dim(0),
                        g.shape().dim(a.axis()),
                        a.axis(),
                        g.shape());
                return Rules.like(g, g.shape().with(a.axis(), a.extent()));
            })
            .reference(c -> {
                int axis = c.attributes().axis();
                Lines in = new Lines(c.inShape(0), axis);
                Lines out = new Lines(c.outShape(0), axis);
                int[] at = indices("gather_gradient", c.in(1), out.extent);
                for (int i = 0; i < c.in(0).length; i++) {
                    int o = out.at(in.outer(i), at[in.along(i)], in.inner(i));
                    c.out(0)[o] = c.math().add(c.out(0)[o], c.in(0)[i]);
                }
            })
            .gradient(c -> new Tensor[] {gather(c.g(), c.attributes().axis(), c.in(1)), null})
            .sample("rows, repeated", new IndexSpec(0, 5), of(23, 19), index(5, 23))
            .sample("columns", new IndexSpec(1, 9), of(5, 40), index(9, 40))
            .sample(
                    "middle axis, i64",
                    new IndexSpec(1, 3),
                    of(2, 6, 3),
                    index(3, 6).as(DType.I64))
            .sample("transposed", new IndexSpec(0, 4), of(9, 33).transposed(), index(4, 9))
            .sample("no index", new IndexSpec(0, 4), of(0, 3), index(4, 0))
            .error("2 indices for the 4", new IndexSpec(0, 9), of(4, 3), index(4, 2))
            .error("is not in 0 … 3", new IndexSpec(0, 4), of(5, 3), index(1000, 5));

    /** ids[…] → [..., classes], 1 at the id and 0 elsewhere. */
    static final Op<OneHotSpec> ONE_HOT = Op.named("one_hot", OneHotSpec.class)
            .shapes((a, in) -> {
                Shape ids = Rules.integer(in.get(0), "the ids").shape();
                Rules.check(a.classes() > 0, "the number of classes must be positive, not %d", a.classes());
                return List.of(new TensorSpec(a.dtype(), ids.insert(ids.rank(), a.classes())));
            })
            .reference(c -> {
                int classes = c.attributes().classes();
                int[] at = indices("one_hot", c.in(0), classes);
                for (int i = 0; i < at.length; i++) {
                    c.out(0)[i * classes + at[i]] = 1;
                }
            })
            .notDifferentiable()
            .flops((a, in, out) -> 0)
            .sample("labels", new OneHotSpec(10, DType.F32), index(10, 7))
            .sample("matrix, i64", new OneHotSpec(3, DType.F32), index(3, 5, 4).as(DType.I64))
            .sample("transposed", new OneHotSpec(3, DType.F32), index(3, 5, 4).transposed())
            .sample("empty", new OneHotSpec(3, DType.F32), index(3, 0))
            .error("the ids must be i32 or i64", new OneHotSpec(3, DType.F32), of(2))
            .error("must be positive", new OneHotSpec(0, DType.F32), index(3, 2))
            .error("is not in 0 … 2", new OneHotSpec(3, DType.F32), index(1000, 5));

    static final List<Op<?>> OPS = List.of(GATHER, GATHER_GRADIENT, ONE_HOT);

    private Indexing() {}

    private static Tensor gather(Tensor g, int axis, Tensor index) {
        return Engine.run(GATHER, new AxisSpec(axis), g, index);
    }

    static Tensor gatherGradient(Tensor g, int axis, Tensor index, int extent) {
        return Engine.run(GATHER_GRADIENT, new IndexSpec(axis, extent), g, index);
    }

    static int[] indices(String op, double[] values, int extent) {
        int[] at = new int[values.length];
        for (int i = 0; i < at.length; i++) {
            at[i] = Indices.check(op, (long) values[i], i, extent);
        }
        return at;
    }
}
