package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.CastSpec;
import org.reverie.device.spec.ClampSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.device.spec.ScalarSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Arithmetic element by element, with NumPy's broadcasting. One rounding per op. */
public final class Pointwise {
    static final Op<NoAttributes> ADD = binary("add", Arithmetic::add, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(c.g(), c.inShape(0)) : null,
        c.needs(1) ? Reductions.sumTo(c.g(), c.inShape(1)) : null
    });

    static final Op<NoAttributes> SUB = binary("sub", Arithmetic::sub, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(c.g(), c.inShape(0)) : null,
        c.needs(1) ? Reductions.sumTo(scale(c.g(), -1), c.inShape(1)) : null
    });

    static final Op<NoAttributes> MUL = binary("mul", Arithmetic::mul, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(mul(c.g(), c.in(1)), c.inShape(0)) : null,
        c.needs(1) ? Reductions.sumTo(mul(c.g(), c.in(0)), c.inShape(1)) : null
    });

    static final Op<NoAttributes> DIV = binary("div", Arithmetic::div, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(div(c.g(), c.in(1)), c.inShape(0)) : null,
        c.needs(1) ? Reductions.sumTo(scale(div(mul(c.g(), c.out(0)), c.in(1)), -1), c.inShape(1)) : null
    });

    /** x · a. */
    static final Op<ScalarSpec> SCALE =
            scalar("scale", Arithmetic::mul, c -> scale(c.g(), c.attributes().value()));

    /** x + a. */
    static final Op<ScalarSpec> ADD_SCALAR = scalar("add_scalar", Arithmetic::add, GradientCall::g);

    /** A tensor like x with every element equal to a. */
    static final Op<ScalarSpec> FULL_LIKE = scalar("full_like", (m, x, a) -> a, null);

    /** The larger of two; NaN wins, +0 is more than −0. A gradient goes right only where left is less. */
    static final Op<NoAttributes> MAXIMUM =
            binary("maximum", (m, a, b) -> Math.max(a, b), c -> taken(c, Compare.less(c.in(0), c.in(1))));

    /** The smaller of two; NaN wins, −0 is less than +0. A gradient goes right only where left is more. */
    static final Op<NoAttributes> MINIMUM =
            binary("minimum", (m, a, b) -> Math.min(a, b), c -> taken(c, Compare.greater(c.in(0), c.in(1))));

    /** xᵖ for one p, by {@code Elementary.pow}. */
    static final Op<ScalarSpec> POW = scalar("pow", Arithmetic::pow, Fill.POSITIVE, c -> {
        double p = c.attributes().value();
        return scale(mul(c.g(), pow(c.in(0), p - 1)), p);
    });

    static final Op<ClampSpec> CLAMP = Op.named("clamp", ClampSpec.class)
            .shapes((a, in) -> {
                Rules.check(a.low() <= a.high(), "low %s is not below high %s", a.low(), a.high());
                return List.of(Rules.floating(in.get(0), "x"));
            })
            .reference(c -> {
                double low = c.math().round(c.attributes().low());
                double high = c.math().round(c.attributes().high());
                for (int i = 0; i < c.out(0).length; i++) {
                    double x = c.in(0)[i];
                    c.out(0)[i] = x < low ? low : x > high ? high : x;
                }
            })
            .gradient(c -> new Tensor[] {clampGradient(c.attributes(), c.in(0), c.g())})
            .sample("odd size", new ClampSpec(-0.5, 0.75), of(3, 37))
            .sample("transposed", new ClampSpec(-1, 1), of(9, 33).transposed())
            .sample("open above", new ClampSpec(0.25, Double.POSITIVE_INFINITY), of(19))
            .sample("special values", new ClampSpec(-1e-41, 1e30), of(1031).fill(Fill.SPECIAL))
            .error("is not below", new ClampSpec(1, 0), of(3))
            .error("must be f32", new ClampSpec(0, 1), SampleInput.index(3, 2));

    /** (x, g) → g where low ≤ x ≤ high, +0 elsewhere. */
    static final Op<ClampSpec> CLAMP_GRADIENT = Op.named("clamp_gradient", ClampSpec.class)
            .shapes((a, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x");
                Rules.shape(Rules.floating(in.get(1), "the gradient"), x.shape(), "the gradient");
                return List.of(x);
            })
            .reference(c -> {
                double low = c.math().round(c.attributes().low());
                double high = c.math().round(c.attributes().high());
                for (int i = 0; i < c.out(0).length; i++) {
                    double x = c.in(0)[i];
                    c.out(0)[i] = x >= low && x <= high ? c.in(1)[i] : 0;
                }
            })
            .gradient(c -> new Tensor[] {null, clampGradient(c.attributes(), c.in(0), c.g())})
            .sample("odd size", new ClampSpec(-0.5, 0.75), of(3, 37), of(3, 37))
            .sample("transposed", new ClampSpec(-1, 1), of(9, 33).transposed(), of(9, 33))
            .sample("special values", new ClampSpec(-1, 1), of(131).fill(Fill.SPECIAL), of(131).fill(Fill.SPECIAL))
            .error("the gradient must have shape [3]", new ClampSpec(0, 1), of(3), of(2));

    static final List<Op<?>> OPS =
            List.of(ADD, SUB, MUL, DIV, SCALE, ADD_SCALAR, FULL_LIKE, MAXIMUM, MINIMUM, POW, CLAMP, CLAMP_GRADIENT);

    private Pointwise() {}

    /** a + b, broadcast. */
    public static Tensor add(Tensor a, Tensor b) {
        return Engine.run(ADD, NONE, a, b);
    }

    /** a − b, broadcast. */
    public static Tensor sub(Tensor a, Tensor b) {
        return Engine.run(SUB, NONE, a, b);
    }

    /** a · b, broadcast. */
    public static Tensor mul(Tensor a, Tensor b) {
        return Engine.run(MUL, NONE, a, b);
    }

    /** a / b, broadcast. */
    public static Tensor div(Tensor a, Tensor b) {
        return Engine.run(DIV, NONE, a, b);
    }

    /** x · factor; the factor is rounded to f32 first. */
    public static Tensor scale(Tensor x, double factor) {
        return Engine.run(SCALE, new ScalarSpec(factor), x);
    }

    /** x + term; the term is rounded to f32 first. */
    public static Tensor addScalar(Tensor x, double term) {
        return Engine.run(ADD_SCALAR, new ScalarSpec(term), x);
    }

    /** A tensor of x's shape and dtype filled with one value. */
    public static Tensor fullLike(Tensor x, double value) {
        return Engine.run(FULL_LIKE, new ScalarSpec(value), x);
    }

    /** The larger of a and b, broadcast; NaN wins. */
    public static Tensor maximum(Tensor a, Tensor b) {
        return Engine.run(MAXIMUM, NONE, a, b);
    }

    /** The smaller of a and b, broadcast; NaN wins. */
    public static Tensor minimum(Tensor a, Tensor b) {
        return Engine.run(MINIMUM, NONE, a, b);
    }

    /** xᵖ, element by element; p is rounded to f32 first. */
    public static Tensor pow(Tensor x, double p) {
        return Engine.run(POW, new ScalarSpec(p), x);
    }

    /** x held to [low, high]; NaN stays. */
    public static Tensor clamp(Tensor x, double low, double high) {
        return Engine.run(CLAMP, new ClampSpec(low, high), x);
    }

    /** −x. */
    public static Tensor neg(Tensor x) {
        return Engine.run(Functions.NEG, NONE, x);
    }

    /** |x|. */
    public static Tensor abs(Tensor x) {
        return Engine.run(Functions.ABS, NONE, x);
    }

    /** 1, −1, or x itself where it is ±0 or NaN. */
    public static Tensor sign(Tensor x) {
        return Engine.run(Functions.SIGN, NONE, x);
    }

    /** x·x. */
    public static Tensor square(Tensor x) {
        return Engine.run(Functions.SQUARE, NONE, x);
    }

    /** √x. */
    public static Tensor sqrt(Tensor x) {
        return Engine.run(Functions.SQRT, NONE, x);
    }

    /** 1/√x. */
    public static Tensor rsqrt(Tensor x) {
        return Engine.run(Functions.RSQRT, NONE, x);
    }

    /** eˣ. */
    public static Tensor exp(Tensor x) {
        return Engine.run(Functions.EXP, NONE, x);
    }

    /** eˣ − 1. */
    public static Tensor expm1(Tensor x) {
        return Engine.run(Functions.EXPM1, NONE, x);
    }

    /** Natural logarithm. */
    public static Tensor log(Tensor x) {
        return Engine.run(Functions.LOG, NONE, x);
    }

    /** ln(1 + x). */
    public static Tensor log1p(Tensor x) {
        return Engine.run(Functions.LOG1P, NONE, x);
    }

    /** Sine of x radians. */
    public static Tensor sin(Tensor x) {
        return Engine.run(Functions.SIN, NONE, x);
    }

    /** Cosine of x radians. */
    public static Tensor cos(Tensor x) {
        return Engine.run(Functions.COS, NONE, x);
    }

    /** The error function. */
    public static Tensor erf(Tensor x) {
        return Engine.run(Functions.ERF, NONE, x);
    }

    /** x in another dtype, see {@link Functions#CAST}; F32 stands for the type that x's device computes in. */
    public static Tensor cast(Tensor x, DType dtype) {
        DType target = dtype == DType.F32 ? x.device().computeType() : dtype;
        return x.dtype() == target ? x : Engine.run(Functions.CAST, new CastSpec(target), x);
    }

    private static Tensor clampGradient(ClampSpec interval, Tensor x, Tensor g) {
        return Engine.run(CLAMP_GRADIENT, interval, x, g);
    }

    /** Hands a gradient on to the right operand where {@code right} is set, to the left one elsewhere. */
    private static Tensor[] taken(GradientCall<NoAttributes> c, Tensor right) {
        Tensor zero = fullLike(c.g(), 0);
        return new Tensor[] {
            c.needs(0) ? Reductions.sumTo(Compare.where(right, zero, c.g()), c.inShape(0)) : null,
            c.needs(1) ? Reductions.sumTo(Compare.where(right, c.g(), zero), c.inShape(1)) : null
        };
    }

    interface Binary {
        double of(Arithmetic m, double a, double b);
    }

    private static Op<NoAttributes> binary(String name, Binary f, Op.Gradient<NoAttributes> gradient) {
        return Op.named(name, NoAttributes.class)
                .shapes((a, in) -> {
                    TensorSpec x = Rules.floating(in.get(0), "the left operand");
                    TensorSpec y = Rules.floating(in.get(1), "the right operand");
                    return Rules.like(x, Shape.broadcast(x.shape(), y.shape()));
                })
                .reference(c -> {
                    Broadcast x = new Broadcast(c.inShape(0), c.outShape(0));
                    Broadcast y = new Broadcast(c.inShape(1), c.outShape(0));
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = f.of(c.math(), c.in(0)[x.index(i)], c.in(1)[y.index(i)]);
                    }
                })
                .gradient(gradient)
                .sample("same shape, odd size", NONE, of(3, 37), of(3, 37).fill(Fill.AWAY_FROM_ZERO))
                .sample("row", NONE, of(5, 19), of(19).fill(Fill.AWAY_FROM_ZERO))
                .sample("column", NONE, of(5, 19), of(5, 1).fill(Fill.AWAY_FROM_ZERO))
                .sample("scalar on the left", NONE, of(), of(2, 3, 7).fill(Fill.AWAY_FROM_ZERO))
                .sample("both broadcast", NONE, of(4, 1, 3), of(5, 1).fill(Fill.AWAY_FROM_ZERO))
                .sample(
                        "channels of an image",
                        NONE,
                        of(2, 5, 3, 8),
                        of(2, 1, 1, 8).fill(Fill.AWAY_FROM_ZERO))
                .sample("transposed", NONE, of(9, 33).transposed(), of(9, 33).fill(Fill.AWAY_FROM_ZERO))
                .sample("empty", NONE, of(0, 4), of(4))
                .sample("special values", NONE, of(1031).fill(Fill.SPECIAL), of(1031).fill(Fill.SPECIAL))
                .error("do not broadcast", NONE, of(2, 3), of(2, 4))
                .error("must be f32", NONE, of(2), SampleInput.index(3, 2));
    }

    private static Op<ScalarSpec> scalar(
            String name, Binary f, java.util.function.Function<GradientCall<ScalarSpec>, Tensor> gradient) {
        return scalar(name, f, Fill.NORMAL, gradient);
    }

    private static Op<ScalarSpec> scalar(
            String name, Binary f, Fill fill, java.util.function.Function<GradientCall<ScalarSpec>, Tensor> gradient) {
        Op<ScalarSpec> op = Op.named(name, ScalarSpec.class)
                .shapes((a, in) -> List.of(Rules.floating(in.get(0), "x")))
                .reference(c -> {
                    double a = c.math().round(c.attributes().value());
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = f.of(c.math(), c.in(0)[i], a);
                    }
                })
                .sample("odd size", new ScalarSpec(0.3), of(3, 37).fill(fill))
                .sample("transposed", new ScalarSpec(-1), of(9, 33).fill(fill).transposed())
                .sample("special values", new ScalarSpec(1e30), of(1031).fill(Fill.SPECIAL))
                .error("must be f32", new ScalarSpec(1), SampleInput.index(3, 2));
        return gradient == null ? op.notDifferentiable() : op.gradient(c -> new Tensor[] {gradient.apply(c)});
    }
}
