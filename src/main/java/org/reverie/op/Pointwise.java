package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.NoAttributes;
import org.reverie.device.spec.ScalarSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Arithmetic element by element, with NumPy's broadcasting. One rounding per op. */
public final class Pointwise {
    static final Op<NoAttributes> ADD = binary("add", Arithmetic::add, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(c.g(), c.in(0).shape()) : null,
        c.needs(1) ? Reductions.sumTo(c.g(), c.in(1).shape()) : null
    });

    static final Op<NoAttributes> SUB = binary("sub", Arithmetic::sub, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(c.g(), c.in(0).shape()) : null,
        c.needs(1) ? Reductions.sumTo(scale(c.g(), -1), c.in(1).shape()) : null
    });

    static final Op<NoAttributes> MUL = binary("mul", Arithmetic::mul, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(mul(c.g(), c.in(1)), c.in(0).shape()) : null,
        c.needs(1) ? Reductions.sumTo(mul(c.g(), c.in(0)), c.in(1).shape()) : null
    });

    static final Op<NoAttributes> DIV = binary("div", Arithmetic::div, c -> new Tensor[] {
        c.needs(0) ? Reductions.sumTo(div(c.g(), c.in(1)), c.in(0).shape()) : null,
        c.needs(1)
                ? Reductions.sumTo(
                        scale(div(mul(c.g(), c.out(0)), c.in(1)), -1), c.in(1).shape())
                : null
    });

    /** x · a. */
    static final Op<ScalarSpec> SCALE =
            scalar("scale", Arithmetic::mul, c -> scale(c.g(), c.attributes().value()));

    /** x + a. */
    static final Op<ScalarSpec> ADD_SCALAR = scalar("add_scalar", Arithmetic::add, GradientCall::g);

    /** A tensor like x with every element equal to a. */
    static final Op<ScalarSpec> FULL_LIKE = scalar("full_like", (m, x, a) -> a, null);

    static final List<Op<?>> OPS = List.of(ADD, SUB, MUL, DIV, SCALE, ADD_SCALAR, FULL_LIKE);

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
        Op<ScalarSpec> op = Op.named(name, ScalarSpec.class)
                .shapes((a, in) -> List.of(Rules.floating(in.get(0), "x")))
                .reference(c -> {
                    double a = c.math().round(c.attributes().value());
                    for (int i = 0; i < c.out(0).length; i++) {
                        c.out(0)[i] = f.of(c.math(), c.in(0)[i], a);
                    }
                })
                .sample("odd size", new ScalarSpec(0.3), of(3, 37))
                .sample("transposed", new ScalarSpec(-1), of(9, 33).transposed())
                .sample("special values", new ScalarSpec(1e30), of(1031).fill(Fill.SPECIAL))
                .error("must be f32", new ScalarSpec(1), SampleInput.index(3, 2));
        return gradient == null ? op.notDifferentiable() : op.gradient(c -> new Tensor[] {gradient.apply(c)});
    }
}
