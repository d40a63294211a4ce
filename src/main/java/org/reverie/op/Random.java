package org.reverie.op;

import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.DrawSpec;
import org.reverie.device.spec.DropoutSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Draws from the streams of {@link Philox}: a number depends on seed, stream and index, and on nothing else. */
public final class Random {
    private interface Draw {
        float at(long seed, long stream, long index);
    }

    /** Uniform on [0, 1). */
    static final Op<DrawSpec> UNIFORM = draw("uniform", Philox::uniform);

    /** Standard normal. */
    static final Op<DrawSpec> NORMAL = draw("normal", Philox::normal);

    /**
     * rows[N] → [N, …]: with k numbers to a row, row n holds numbers offset + rows[n]·k + 0 … k − 1 of the stream. Thus a
     * sample gets the same noise whatever batch it is in.
     */
    static final Op<DrawSpec> NORMAL_ROWS = Op.named("normal_rows", DrawSpec.class)
            .shapes((a, in) -> {
                checkOffset(a);
                Shape rows = Rules.rank(Rules.integer(in.get(0), "the rows"), 1, "the rows")
                        .shape();
                return List.of(new TensorSpec(a.dtype(), a.shape().insert(0, rows.dim(0))));
            })
            .reference(c -> {
                DrawSpec a = c.attributes();
                int each = Math.toIntExact(a.shape().elements());
                for (int i = 0; i < c.out(0).length; i++) {
                    long row = (long) c.in(0)[i / each];
                    Rules.check(row >= 0, "normal_rows: row %d at position %d is negative", row, i / each);
                    c.out(0)[i] = Philox.normal(a.seed(), a.stream(), a.offset() + row * each + i % each);
                }
            })
            .notDifferentiable()
            .flops((a, in, out) -> 30.0 * out.get(0).shape().elements())
            .sample("vectors", new DrawSpec(Shape.of(37), DType.F32, 1, 2, 0), index(9, 5))
            .sample(
                    "images, i64",
                    new DrawSpec(Shape.of(3, 5, 1), DType.F32, 8, 3, 7),
                    index(99, 3).as(DType.I64))
            .sample("far rows", new DrawSpec(Shape.of(6), DType.F32, 1, 2, 1L << 40), index(Integer.MAX_VALUE, 3))
            .sample("numbers", new DrawSpec(Shape.SCALAR, DType.F32, 1, 2, 0), index(40, 21))
            .sample("no rows", new DrawSpec(Shape.of(3), DType.F32, 1, 2, 0), index(4, 0))
            .error("the rows must be i32 or i64", new DrawSpec(Shape.of(3), DType.F32, 1, 2, 0), of(2))
            .error("the offset must not be negative", new DrawSpec(Shape.of(3), DType.F32, 1, 2, -1), index(4, 2));

    /** x · scale where the stream's uniform number is at least the probability, +0 elsewhere. */
    static final Op<DropoutSpec> DROPOUT = Op.named("dropout", DropoutSpec.class)
            .shapes((a, in) -> {
                Rules.check(
                        a.probability() >= 0 && a.probability() <= 1,
                        "the probability must be in [0, 1], not %s",
                        a.probability());
                Rules.check(a.offset() >= 0, "the offset must not be negative: %d", a.offset());
                return List.of(Rules.floating(in.get(0), "x"));
            })
            .reference(c -> {
                DropoutSpec a = c.attributes();
                for (int i = 0; i < c.out(0).length; i++) {
                    boolean stays = Philox.uniform(a.seed(), a.stream(), a.offset() + i) >= (float) a.probability();
                    c.out(0)[i] = stays ? c.math().mul(c.in(0)[i], a.scale()) : 0;
                }
            })
            .gradient(c -> new Tensor[] {Engine.run(dropout(), c.attributes(), c.g())})
            .sample("odd size", new DropoutSpec(0.3, 1, 2, 0), of(3, 37))
            .sample(
                    "transposed, with an offset",
                    new DropoutSpec(0.5, 7, 1L << 40, 6),
                    of(9, 33).transposed())
            .sample("nothing dropped", new DropoutSpec(0, 1, 2, 0), of(19))
            .sample("all dropped", new DropoutSpec(1, 1, 2, 0), of(19))
            .sample("special values", new DropoutSpec(0.25, 1, 2, 0), of(131).fill(Fill.SPECIAL))
            .error("must be in [0, 1]", new DropoutSpec(1.5, 1, 2, 0), of(3))
            .error("the offset must not be negative", new DropoutSpec(0.5, 1, 2, -4), of(3))
            .error("must be f32", new DropoutSpec(0.5, 1, 2, 0), index(3, 2));

    static final List<Op<?>> OPS = List.of(UNIFORM, NORMAL, NORMAL_ROWS, DROPOUT);

    private Random() {}

    /** Uniform numbers on [0, 1) from the start of a stream. */
    public static Tensor uniform(Device device, Shape shape, long seed, long stream) {
        return uniform(device, shape, seed, stream, 0);
    }

    /** Uniform numbers on [0, 1): element i is number offset + i of the stream. */
    public static Tensor uniform(Device device, Shape shape, long seed, long stream, long offset) {
        return Engine.create(UNIFORM, new DrawSpec(shape, device.computeType(), seed, stream, offset), device);
    }

    /** Standard normal numbers from the start of a stream. */
    public static Tensor normal(Device device, Shape shape, long seed, long stream) {
        return normal(device, shape, seed, stream, 0);
    }

    /** Standard normal numbers: element i is number offset + i of the stream. */
    public static Tensor normal(Device device, Shape shape, long seed, long stream, long offset) {
        return Engine.create(NORMAL, new DrawSpec(shape, device.computeType(), seed, stream, offset), device);
    }

    /**
     * Standard normal numbers [N, …row]: rows[N] (I32 or I64, not negative) says which row of the stream each one is, so
     * that a sample's noise does not depend on the batch it is in.
     */
    public static Tensor normalRows(Tensor rows, Shape row, long seed, long stream) {
        return Engine.run(NORMAL_ROWS, new DrawSpec(row, rows.device().computeType(), seed, stream, 0), rows);
    }

    /** x with each element set to 0 with probability p, and divided by 1 − p otherwise. */
    public static Tensor dropout(Tensor x, double p, long seed, long stream) {
        return dropout(x, p, seed, stream, 0);
    }

    /** As above; element i looks at number offset + i of the stream. */
    public static Tensor dropout(Tensor x, double p, long seed, long stream, long offset) {
        return Engine.run(DROPOUT, new DropoutSpec(p, seed, stream, offset), x);
    }

    private static Op<DropoutSpec> dropout() {
        return DROPOUT;
    }

    private static void checkOffset(DrawSpec a) {
        Rules.check(a.offset() >= 0, "the offset must not be negative: %d", a.offset());
    }

    private static Op<DrawSpec> draw(String name, Draw draw) {
        return Op.named(name, DrawSpec.class)
                .shapes((a, in) -> {
                    checkOffset(a);
                    return List.of(new TensorSpec(a.dtype(), a.shape()));
                })
                .reference(c -> {
                    DrawSpec a = c.attributes();
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = draw.at(a.seed(), a.stream(), a.offset() + i);
                    }
                })
                .notDifferentiable()
                .flops((a, in, out) -> 30.0 * out.get(0).shape().elements())
                .sample("start of a stream", new DrawSpec(Shape.of(3, 37), DType.F32, 42, 7, 0))
                .sample("offset inside a block", new DrawSpec(Shape.of(1031), DType.F32, -5, 1L << 40, 5))
                .sample("far along a stream", new DrawSpec(Shape.of(71), DType.F32, Long.MAX_VALUE, -1, (1L << 35) + 3))
                .sample("one number", new DrawSpec(Shape.SCALAR, DType.F32, 1, 2, 3))
                .sample("empty", new DrawSpec(Shape.of(0), DType.F32, 1, 2, 0))
                .error("the offset must not be negative", new DrawSpec(Shape.of(3), DType.F32, 1, 2, -1));
    }
}
