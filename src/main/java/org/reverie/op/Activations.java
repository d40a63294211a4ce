package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Activation functions, element by element, f32 → f32 of the same shape. What each one is, rounding by rounding, stands in
 * {@link ActivationFunctions}; op names are the enum's in lower case, the gradient of {@code silu} is {@code silu_gradient}.
 */
public final class Activations {
    private static final Map<Activation, Op<NoAttributes>> FORWARD = new EnumMap<>(Activation.class);
    private static final Map<Activation, Op<NoAttributes>> GRADIENT = new EnumMap<>(Activation.class);

    static {
        for (Activation a : Activation.values()) {
            if (a != Activation.NONE) {
                FORWARD.put(a, forward(a));
                GRADIENT.put(a, backward(a));
            }
        }
    }

    static final Op<NoAttributes> SOFTPLUS = Unary.function("softplus", Activations::softplus, Fill.NORMAL)
            .gradient(c -> new Tensor[] {softplusGradient(c.in(0), c.g())});

    /** (x, g) → g · sigmoid(x). */
    static final Op<NoAttributes> SOFTPLUS_GRADIENT = Unary.derivative(
                    "softplus_gradient", Arithmetic::sigmoid, Fill.NORMAL)
            .gradient(c -> {
                Tensor slope = c.needs(0) ? ActivationGradients.sigmoidSlope(sigmoid(c.in(0))) : null;
                return new Tensor[] {
                    c.needs(0) ? Pointwise.mul(Pointwise.mul(c.g(), c.in(1)), slope) : null,
                    c.needs(1) ? softplusGradient(c.in(0), c.g()) : null
                };
            });

    /** x[…, 2n] = (a, b) → a · gelu(b), [..., n]. */
    static final Op<NoAttributes> GEGLU = Op.named("geglu", NoAttributes.class)
            .shapes((s, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x");
                return Rules.like(x, x.shape().with(-1, half(x.shape())));
            })
            .reference(c -> {
                int n = c.outShape(0).dim(-1);
                for (int i = 0; i < c.out(0).length; i++) {
                    int a = i / n * 2 * n + i % n;
                    double gate = ActivationFunctions.apply(c.math(), Activation.GELU, c.in(0)[a + n]);
                    c.out(0)[i] = c.math().mul(c.in(0)[a], gate);
                }
            })
            .gradient(c -> new Tensor[] {gegluGradient(c.in(0), c.g())})
            .sample("odd size", NONE, of(3, 2, 38))
            .sample("one", NONE, of(2))
            .sample("transposed", NONE, of(9, 34).transposed())
            .sample("empty", NONE, of(0, 4))
            .sample("special values", NONE, of(31, 66).fill(Fill.SPECIAL))
            .error("must be even", NONE, of(2, 3))
            .error("must be f32", NONE, SampleInput.index(3, 2));

    /** (x[…, 2n] = (a, b), g[..., n]) → (g · gelu(b), (g·a) · gelu′(b)), [..., 2n]. */
    static final Op<NoAttributes> GEGLU_GRADIENT = Op.named("geglu_gradient", NoAttributes.class)
            .shapes((s, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x");
                TensorSpec g = Rules.floating(in.get(1), "the gradient");
                Rules.shape(g, x.shape().with(-1, half(x.shape())), "the gradient");
                return List.of(x);
            })
            .reference(c -> {
                Arithmetic m = c.math();
                int n = c.inShape(1).dim(-1);
                for (int i = 0; i < c.in(1).length; i++) {
                    int a = i / n * 2 * n + i % n;
                    double b = c.in(0)[a + n];
                    double g = c.in(1)[i];
                    c.out(0)[a] = m.mul(g, ActivationFunctions.apply(m, Activation.GELU, b));
                    c.out(0)[a + n] = m.mul(m.mul(g, c.in(0)[a]), ActivationGradients.geluSlope(m, b));
                }
            })
            .gradient(Activations::gegluSecond)
            .sample("odd size", NONE, of(3, 2, 38), of(3, 2, 19))
            .sample("transposed", NONE, of(9, 34).transposed(), of(9, 17).transposed())
            .sample("empty", NONE, of(0, 4), of(0, 2))
            .sample(
                    "special values",
                    NONE,
                    of(31, 66).fill(Fill.SPECIAL),
                    of(31, 33).fill(Fill.SPECIAL))
            .error("the gradient must have shape [2, 3]", NONE, of(2, 6), of(2, 6))
            .error("must be f32", NONE, of(4), SampleInput.index(3, 2));

    static final List<Op<?>> OPS = family();

    private Activations() {}

    private static List<Op<?>> family() {
        List<Op<?>> all = new ArrayList<>(FORWARD.values());
        all.addAll(GRADIENT.values());
        all.addAll(List.of(SOFTPLUS, SOFTPLUS_GRADIENT, GEGLU, GEGLU_GRADIENT));
        return List.copyOf(all);
    }

    private static Op<NoAttributes> forward(Activation a) {
        return Unary.function(name(a), (m, x) -> ActivationFunctions.apply(m, a, x), fill(a))
                .gradient(c -> new Tensor[] {gradient(a, c.in(0), c.g())});
    }

    /** (x, g) → g · f′(x); differentiated again by the second derivative, a composition of ops. */
    private static Op<NoAttributes> backward(Activation a) {
        return Unary.gated(name(a) + "_gradient", (m, x, g) -> ActivationGradients.apply(m, a, x, g), fill(a))
                .gradient(c -> {
                    Tensor second = c.needs(0) ? ActivationGradients.second(a, c.in(0)) : null;
                    return new Tensor[] {
                        second == null ? null : Pointwise.mul(Pointwise.mul(c.g(), c.in(1)), second),
                        c.needs(1) ? gradient(a, c.in(0), c.g()) : null
                    };
                });
    }

    private static String name(Activation a) {
        return a.name().toLowerCase(Locale.ROOT);
    }

    private static Fill fill(Activation a) {
        return a == Activation.RELU || a == Activation.RELU6 ? Fill.AWAY_FROM_ZERO : Fill.NORMAL;
    }

    /** f(x) for any activation; x itself for NONE. */
    public static Tensor apply(Activation activation, Tensor x) {
        return activation == Activation.NONE ? x : Engine.run(FORWARD.get(activation), NONE, x);
    }

    /** g · f′(x) for any activation; g itself for NONE. */
    public static Tensor gradient(Activation activation, Tensor x, Tensor g) {
        return activation == Activation.NONE ? g : Engine.run(GRADIENT.get(activation), NONE, x, g);
    }

    /** max(x, 0). */
    public static Tensor relu(Tensor x) {
        return apply(Activation.RELU, x);
    }

    /** min(max(x, 0), 6). */
    public static Tensor relu6(Tensor x) {
        return apply(Activation.RELU6, x);
    }

    /** x · sigmoid(x). */
    public static Tensor silu(Tensor x) {
        return apply(Activation.SILU, x);
    }

    /** x · Φ(x), by the error function. */
    public static Tensor gelu(Tensor x) {
        return apply(Activation.GELU, x);
    }

    /** The approximation of GELU by the hyperbolic tangent. */
    public static Tensor geluTanh(Tensor x) {
        return apply(Activation.GELU_TANH, x);
    }

    /** x · sigmoid(1.702·x). */
    public static Tensor quickGelu(Tensor x) {
        return apply(Activation.QUICK_GELU, x);
    }

    /** 1 / (1 + e⁻ˣ). */
    public static Tensor sigmoid(Tensor x) {
        return apply(Activation.SIGMOID, x);
    }

    /** Hyperbolic tangent. */
    public static Tensor tanh(Tensor x) {
        return apply(Activation.TANH, x);
    }

    /** ln(1 + eˣ). */
    public static Tensor softplus(Tensor x) {
        return Engine.run(SOFTPLUS, NONE, x);
    }

    /** x[…, 2n] = (a, b) → a · gelu(b), [..., n]. */
    public static Tensor geglu(Tensor x) {
        return Engine.run(GEGLU, NONE, x);
    }

    private static Tensor softplusGradient(Tensor x, Tensor g) {
        return Engine.run(SOFTPLUS_GRADIENT, NONE, x, g);
    }

    private static Tensor gegluGradient(Tensor x, Tensor g) {
        return Engine.run(GEGLU_GRADIENT, NONE, x, g);
    }

    /** max(x, 0) + log1p(exp(−|x|)). */
    private static double softplus(Arithmetic m, double x) {
        return m.add(x < 0 ? 0 : x, m.log1p(m.exp(-Math.abs(x))));
    }

    /** The gradients of geglu_gradient; h = (p, q) has arrived at its two halves. */
    private static Tensor[] gegluSecond(GradientCall<NoAttributes> c) {
        int n = c.inShape(1).dim(-1);
        Tensor a = Shaping.slice(c.in(0), -1, 0, n);
        Tensor b = Shaping.slice(c.in(0), -1, n, 2 * n);
        Tensor p = Shaping.slice(c.g(), -1, 0, n);
        Tensor q = Shaping.slice(c.g(), -1, n, 2 * n);
        Tensor slope = gradient(Activation.GELU, b, Pointwise.fullLike(b, 1));
        Tensor dx = null;
        if (c.needs(0)) {
            Tensor da = Pointwise.mul(Pointwise.mul(q, c.in(1)), slope);
            Tensor bend = Pointwise.mul(Pointwise.mul(q, a), ActivationGradients.geluSecond(b));
            Tensor db = Pointwise.mul(c.in(1), Pointwise.add(Pointwise.mul(p, slope), bend));
            dx = Shaping.concat(-1, da, db);
        }
        Tensor dg =
                c.needs(1) ? Pointwise.add(Pointwise.mul(p, gelu(b)), Pointwise.mul(Pointwise.mul(q, a), slope)) : null;
        return new Tensor[] {dx, dg};
    }

    private static int half(Shape x) {
        Rules.check(x.rank() > 0 && x.dim(-1) % 2 == 0, "the last axis of %s must be even: it is cut in two", x);
        return x.dim(-1) / 2;
    }
}
