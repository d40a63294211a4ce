package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.CastSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** The declarations of the functions of one number that {@link Pointwise} offers, and of the change of dtype. */
final class Functions {
    static final Op<NoAttributes> NEG =
            Unary.function("neg", (m, x) -> -x, Fill.NORMAL).gradient(c -> new Tensor[] {Pointwise.neg(c.g())});

    static final Op<NoAttributes> ABS = Unary.function("abs", (m, x) -> Math.abs(x), Fill.AWAY_FROM_ZERO)
            .gradient(c -> new Tensor[] {Pointwise.mul(c.g(), Pointwise.sign(c.in(0)))});

    static final Op<NoAttributes> SIGN = Unary.function("sign", (m, x) -> x > 0 ? 1 : x < 0 ? -1 : x, Fill.NORMAL)
            .notDifferentiable();

    static final Op<NoAttributes> SQUARE = Unary.function("square", (m, x) -> m.mul(x, x), Fill.NORMAL)
            .gradient(c -> new Tensor[] {Pointwise.mul(c.g(), Pointwise.scale(c.in(0), 2))});

    static final Op<NoAttributes> SQRT = Unary.function("sqrt", Arithmetic::sqrt, Fill.POSITIVE)
            .gradient(c -> new Tensor[] {Pointwise.scale(Pointwise.div(c.g(), c.out(0)), 0.5)});

    static final Op<NoAttributes> RSQRT = Unary.function("rsqrt", (m, x) -> m.div(1, m.sqrt(x)), Fill.POSITIVE)
            .gradient(c ->
                    new Tensor[] {Pointwise.scale(Pointwise.mul(c.g(), Pointwise.div(c.out(0), c.in(0))), -0.5)});

    static final Op<NoAttributes> EXP = Unary.function("exp", Arithmetic::exp, Fill.NORMAL)
            .gradient(c -> new Tensor[] {Pointwise.mul(c.g(), c.out(0))});

    static final Op<NoAttributes> EXPM1 = Unary.function("expm1", Arithmetic::expm1, Fill.NORMAL)
            .gradient(c -> new Tensor[] {Pointwise.mul(c.g(), Pointwise.addScalar(c.out(0), 1))});

    static final Op<NoAttributes> LOG = Unary.function("log", Arithmetic::log, Fill.POSITIVE)
            .gradient(c -> new Tensor[] {Pointwise.div(c.g(), c.in(0))});

    static final Op<NoAttributes> LOG1P = Unary.function("log1p", Arithmetic::log1p, Fill.POSITIVE)
            .gradient(c -> new Tensor[] {Pointwise.div(c.g(), Pointwise.addScalar(c.in(0), 1))});

    static final Op<NoAttributes> SIN = Unary.function("sin", Arithmetic::sin, Fill.NORMAL)
            .gradient(c -> new Tensor[] {Pointwise.mul(c.g(), Pointwise.cos(c.in(0)))});

    static final Op<NoAttributes> COS = Unary.function("cos", Arithmetic::cos, Fill.NORMAL)
            .gradient(c -> new Tensor[] {Pointwise.neg(Pointwise.mul(c.g(), Pointwise.sin(c.in(0))))});

    /** The derivative is 2/√π · exp(−x²). */
    static final Op<NoAttributes> ERF = Unary.function("erf", Arithmetic::erf, Fill.NORMAL)
            .gradient(c -> {
                Tensor bell = Pointwise.exp(Pointwise.neg(Pointwise.square(c.in(0))));
                return new Tensor[] {Pointwise.mul(c.g(), Pointwise.scale(bell, 2 / Math.sqrt(Math.PI)))};
            });

    /**
     * The same numbers in another dtype. To a floating type: rounded to nearest even. From floating to I32 and I64: cut off
     * towards 0, held to the type's range, NaN is 0. To U8: as to I32, then the low 8 bits. I64 beyond 2⁵³ goes through f64.
     */
    static final Op<CastSpec> CAST = Op.named("cast", CastSpec.class)
            .anyDType()
            .shapes((a, in) -> {
                Rules.check(in.get(0) != null, "x is missing");
                Rules.check(a.dtype() != null, "the dtype is missing");
                return List.of(new TensorSpec(a.dtype(), in.get(0).shape()));
            })
            .reference(c -> System.arraycopy(c.in(0), 0, c.out(0), 0, c.out(0).length))
            .gradient(c -> new Tensor[] {
                c.in(0).dtype().isFloating()
                        ? Engine.run(cast(), new CastSpec(c.in(0).dtype()), c.g())
                        : null
            })
            .sample("f32 to f16", new CastSpec(DType.F16), of(1031).fill(Fill.SPECIAL))
            .sample("f32 to bf16", new CastSpec(DType.BF16), of(1031).fill(Fill.SPECIAL))
            .sample("f32 to i32", new CastSpec(DType.I32), of(517).fill(Fill.SPECIAL))
            .sample("f32 to i64", new CastSpec(DType.I64), of(517).fill(Fill.SPECIAL))
            .sample("f32 to u8", new CastSpec(DType.U8), of(517).fill(Fill.SPECIAL))
            .sample(
                    "f32 to f32, transposed",
                    new CastSpec(DType.F32),
                    of(9, 33).transposed().fill(Fill.SPECIAL))
            .sample(
                    "f16 to f32",
                    new CastSpec(DType.F32),
                    of(7, 19).as(DType.F16).fill(Fill.SPECIAL))
            .sample(
                    "bf16 to f32",
                    new CastSpec(DType.F32),
                    of(7, 19).as(DType.BF16).fill(Fill.SPECIAL))
            .sample("i32 to f32", new CastSpec(DType.F32), SampleInput.index(1 << 30, 5, 7))
            .sample(
                    "u8 to f32, transposed",
                    new CastSpec(DType.F32),
                    SampleInput.index(256, 5, 37).as(DType.U8).transposed())
            .sample(
                    "i64 to f32",
                    new CastSpec(DType.F32),
                    SampleInput.index(1 << 30, 37).as(DType.I64))
            .sample("f32 to f64", new CastSpec(DType.F64), of(3, 7))
            .sample("empty", new CastSpec(DType.F16), of(0, 3).fill(Fill.SPECIAL))
            .error("the dtype is missing", new CastSpec(null), of(3));

    static final List<Op<?>> OPS =
            List.of(NEG, ABS, SIGN, SQUARE, SQRT, RSQRT, EXP, EXPM1, LOG, LOG1P, SIN, COS, ERF, CAST);

    private Functions() {}

    private static Op<CastSpec> cast() {
        return CAST;
    }
}
