package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Comparisons and logic. Results are U8, 0 or 1; comparisons with NaN are false but for {@code notEqual}. */
public final class Compare {
    interface Comparison {
        boolean of(double a, double b);
    }

    static final Op<NoAttributes> EQUAL = comparison("equal", (a, b) -> a == b);
    static final Op<NoAttributes> NOT_EQUAL = comparison("not_equal", (a, b) -> a != b);
    static final Op<NoAttributes> LESS = comparison("less", (a, b) -> a < b);
    static final Op<NoAttributes> LESS_EQUAL = comparison("less_equal", (a, b) -> a <= b);
    static final Op<NoAttributes> GREATER = comparison("greater", (a, b) -> a > b);
    static final Op<NoAttributes> GREATER_EQUAL = comparison("greater_equal", (a, b) -> a >= b);
    static final Op<NoAttributes> AND = logic("logical_and", (a, b) -> a != 0 && b != 0);
    static final Op<NoAttributes> OR = logic("logical_or", (a, b) -> a != 0 || b != 0);

    static final Op<NoAttributes> NOT = Op.named("logical_not", NoAttributes.class)
            .shapes((a, in) -> List.of(mask(in.get(0), "x")))
            .reference(c -> {
                for (int i = 0; i < c.out(0).length; i++) {
                    c.out(0)[i] = c.in(0)[i] == 0 ? 1 : 0;
                }
            })
            .notDifferentiable()
            .sample("odd size", NONE, SampleInput.index(3, 5, 7).as(DType.U8))
            .sample("transposed", NONE, SampleInput.mask(9, 33).transposed())
            .error("must be u8", NONE, of(3));

    static final Op<NoAttributes> IS_NAN = Op.named("is_nan", NoAttributes.class)
            .shapes((a, in) -> List.of(
                    new TensorSpec(DType.U8, Rules.floating(in.get(0), "x").shape())))
            .reference(c -> {
                for (int i = 0; i < c.out(0).length; i++) {
                    c.out(0)[i] = Double.isNaN(c.in(0)[i]) ? 1 : 0;
                }
            })
            .notDifferentiable()
            .sample("special values", NONE, of(131).fill(Fill.SPECIAL))
            .sample("transposed", NONE, of(9, 33).fill(Fill.SPECIAL).transposed())
            .error("must be f32", NONE, SampleInput.index(3, 2));

    /** (mask, a, b) → a where the mask is not 0, b elsewhere; all three broadcast. */
    static final Op<NoAttributes> WHERE = Op.named("where", NoAttributes.class)
            .shapes((s, in) -> {
                TensorSpec mask = mask(in.get(0), "the mask");
                TensorSpec a = Rules.floating(in.get(1), "a");
                TensorSpec b = Rules.floating(in.get(2), "b");
                return Rules.like(a, Shape.broadcast(mask.shape(), Shape.broadcast(a.shape(), b.shape())));
            })
            .reference(c -> {
                Broadcast mask = new Broadcast(c.inShape(0), c.outShape(0));
                Broadcast a = new Broadcast(c.inShape(1), c.outShape(0));
                Broadcast b = new Broadcast(c.inShape(2), c.outShape(0));
                for (int i = 0; i < c.out(0).length; i++) {
                    c.out(0)[i] = c.in(0)[mask.index(i)] != 0 ? c.in(1)[a.index(i)] : c.in(2)[b.index(i)];
                }
            })
            .gradient(c -> {
                Tensor zero = Pointwise.fullLike(c.g(), 0);
                return new Tensor[] {
                    null,
                    c.needs(1) ? Reductions.sumTo(where(c.in(0), c.g(), zero), c.inShape(1)) : null,
                    c.needs(2) ? Reductions.sumTo(where(c.in(0), zero, c.g()), c.inShape(2)) : null
                };
            })
            .sample("odd size", NONE, SampleInput.mask(3, 37), of(3, 37), of(3, 37))
            .sample("all broadcast", NONE, SampleInput.mask(5, 1, 1), of(3, 1), of(7))
            .sample("transposed", NONE, SampleInput.mask(9, 33).transposed(), of(9, 33), of())
            .sample("empty", NONE, SampleInput.mask(0, 3), of(0, 3), of(3))
            .sample(
                    "special values",
                    NONE,
                    SampleInput.mask(131),
                    of(131).fill(Fill.SPECIAL),
                    of(131).fill(Fill.SPECIAL))
            .error("the mask must be u8", NONE, of(3), of(3), of(3))
            .error("do not broadcast", NONE, SampleInput.mask(2), of(3), of(3));

    static final List<Op<?>> OPS =
            List.of(EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, AND, OR, NOT, IS_NAN, WHERE);

    private Compare() {}

    /** a = b, broadcast; any dtype, the same on both sides. */
    public static Tensor equal(Tensor a, Tensor b) {
        return Engine.run(EQUAL, NONE, a, b);
    }

    /** a ≠ b. */
    public static Tensor notEqual(Tensor a, Tensor b) {
        return Engine.run(NOT_EQUAL, NONE, a, b);
    }

    /** a &lt; b. */
    public static Tensor less(Tensor a, Tensor b) {
        return Engine.run(LESS, NONE, a, b);
    }

    /** a ≤ b. */
    public static Tensor lessEqual(Tensor a, Tensor b) {
        return Engine.run(LESS_EQUAL, NONE, a, b);
    }

    /** a &gt; b. */
    public static Tensor greater(Tensor a, Tensor b) {
        return Engine.run(GREATER, NONE, a, b);
    }

    /** a ≥ b. */
    public static Tensor greaterEqual(Tensor a, Tensor b) {
        return Engine.run(GREATER_EQUAL, NONE, a, b);
    }

    /** Both are not 0; U8 masks, broadcast. */
    public static Tensor logicalAnd(Tensor a, Tensor b) {
        return Engine.run(AND, NONE, a, b);
    }

    /** One of them is not 0. */
    public static Tensor logicalOr(Tensor a, Tensor b) {
        return Engine.run(OR, NONE, a, b);
    }

    /** 1 where x is 0, 0 elsewhere. */
    public static Tensor logicalNot(Tensor x) {
        return Engine.run(NOT, NONE, x);
    }

    /** 1 where x is NaN. */
    public static Tensor isNan(Tensor x) {
        return Engine.run(IS_NAN, NONE, x);
    }

    /** a where the U8 mask is not 0, b elsewhere; all three broadcast. */
    public static Tensor where(Tensor mask, Tensor a, Tensor b) {
        return Engine.run(WHERE, NONE, mask, a, b);
    }

    private static TensorSpec mask(TensorSpec spec, String what) {
        Rules.check(spec != null, "%s is missing", what);
        Rules.check(spec.dtype() == DType.U8, "%s must be u8, not %s", what, spec);
        return spec;
    }

    private static Op<NoAttributes> comparison(String name, Comparison f) {
        return binary(name, f)
                .shapes((s, in) -> {
                    TensorSpec a = in.get(0);
                    TensorSpec b = in.get(1);
                    Rules.check(a.dtype() == b.dtype(), "the operands differ in dtype: %s against %s", a, b);
                    return List.of(new TensorSpec(DType.U8, Shape.broadcast(a.shape(), b.shape())));
                })
                .sample("row", NONE, of(5, 19), of(19))
                .sample("transposed", NONE, of(9, 33).transposed(), of(9, 33))
                .sample("whole numbers", NONE, SampleInput.index(3, 5, 7), SampleInput.index(3, 7))
                .sample("empty", NONE, of(0, 4), of(4))
                .sample("special values", NONE, of(1031).fill(Fill.SPECIAL), of(1031).fill(Fill.SPECIAL))
                .error("do not broadcast", NONE, of(2, 3), of(2, 4))
                .error("differ in dtype", NONE, of(2), SampleInput.index(3, 2));
    }

    private static Op<NoAttributes> logic(String name, Comparison f) {
        return binary(name, f)
                .shapes((s, in) -> List.of(new TensorSpec(
                        DType.U8,
                        Shape.broadcast(
                                mask(in.get(0), "the left operand").shape(),
                                mask(in.get(1), "the right operand").shape()))))
                .sample(
                        "odd size",
                        NONE,
                        SampleInput.mask(5, 37),
                        SampleInput.index(3, 5, 37).as(DType.U8))
                .sample("column", NONE, SampleInput.mask(5, 1), SampleInput.mask(5, 19))
                .sample("transposed", NONE, SampleInput.mask(9, 33).transposed(), SampleInput.mask(9, 33))
                .error("must be u8", NONE, SampleInput.mask(3), of(3))
                .error("do not broadcast", NONE, SampleInput.mask(3), SampleInput.mask(2));
    }

    private static Op<NoAttributes> binary(String name, Comparison f) {
        return Op.named(name, NoAttributes.class)
                .reference(c -> {
                    Broadcast a = new Broadcast(c.inShape(0), c.outShape(0));
                    Broadcast b = new Broadcast(c.inShape(1), c.outShape(0));
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = f.of(c.in(0)[a.index(i)], c.in(1)[b.index(i)]) ? 1 : 0;
                    }
                })
                .notDifferentiable();
    }
}
