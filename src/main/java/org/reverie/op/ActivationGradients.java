package org.reverie.op;

import org.reverie.device.spec.Activation;
import org.reverie.tensor.Tensor;

/**
 * First derivatives of the activations as scalars, one order of roundings each, and second derivatives as compositions of
 * ops. A derivative at a kink is that of the side towards 0 (ReLU at 0) or 0 (ReLU6 at 6).
 */
final class ActivationGradients {
    private static final double SQRT_HALF = 0.70710678f;
    private static final double INVERSE_SQRT_TWO_PI = 0.3989422804f;
    private static final double SQRT_TWO_OVER_PI = 0.7978845608f;
    private static final double CUBIC = 0.044715f;
    private static final double THREE_CUBIC = 0.134145f;
    private static final double QUICK = 1.702f;

    private ActivationGradients() {}

    /** g · f′(x). Where ReLU and ReLU6 are flat the result is +0 whatever g is. */
    static double apply(Arithmetic m, Activation activation, double x, double g) {
        return switch (activation) {
            case NONE -> g;
            case RELU -> x <= 0 ? 0 : g;
            case RELU6 -> x <= 0 || x >= 6 ? 0 : g;
            default -> m.mul(g, slope(m, activation, x));
        };
    }

    private static double slope(Arithmetic m, Activation activation, double x) {
        return switch (activation) {
            case SILU -> swishSlope(m, x, 1);
            case QUICK_GELU -> swishSlope(m, x, QUICK);
            case GELU -> geluSlope(m, x);
            case GELU_TANH -> geluTanhSlope(m, x);
            case SIGMOID -> sigmoidSlope(m, x);
            case TANH -> tanhSlope(m, m.tanh(x));
            default -> throw new IllegalArgumentException(activation + " has no smooth derivative");
        };
    }

    /** s · fma(a·x, 1 − s, 1) with s = sigmoid(a·x): the derivative of x · sigmoid(a·x). */
    private static double swishSlope(Arithmetic m, double x, double a) {
        double ax = m.mul(a, x);
        double s = m.sigmoid(ax);
        return m.mul(s, m.fma(ax, m.sub(1, s), 1));
    }

    /** fma(x, φ(x), Φ(x)), Φ = ½·(1 + erf(x·√½)), φ = e^(−½·(x·x)) / √(2π). */
    static double geluSlope(Arithmetic m, double x) {
        double below = m.mul(0.5, m.add(1, m.erf(m.mul(x, SQRT_HALF))));
        double density = m.mul(INVERSE_SQRT_TWO_PI, m.exp(m.mul(-0.5, m.mul(x, x))));
        return m.fma(x, density, below);
    }

    /** fma((½·x)·(1 − t·t), u′, ½·(1 + t)), t = tanh(u), u′ = √(2/π)·fma(3·0.044715, x·x, 1). */
    private static double geluTanhSlope(Arithmetic m, double x) {
        double square = m.mul(x, x);
        double t = m.tanh(m.mul(SQRT_TWO_OVER_PI, m.fma(m.mul(CUBIC, square), x, x)));
        double inner = m.mul(SQRT_TWO_OVER_PI, m.fma(THREE_CUBIC, square, 1));
        return m.fma(m.mul(m.mul(0.5, x), tanhSlope(m, t)), inner, m.mul(0.5, m.add(1, t)));
    }

    /** s · (1 − s). */
    private static double sigmoidSlope(Arithmetic m, double x) {
        double s = m.sigmoid(x);
        return m.mul(s, m.sub(1, s));
    }

    /** fma(−t, t, 1). */
    private static double tanhSlope(Arithmetic m, double t) {
        return m.fma(-t, t, 1);
    }

    /** f″(x) as a tensor; null where it is 0 everywhere. */
    static Tensor second(Activation activation, Tensor x) {
        return switch (activation) {
            case NONE, RELU, RELU6 -> null;
            case SILU -> swishSecond(x, 1);
            case QUICK_GELU -> swishSecond(x, QUICK);
            case GELU -> geluSecond(x);
            case GELU_TANH -> geluTanhSecond(x);
            case SIGMOID -> {
                Tensor s = Activations.sigmoid(x);
                yield Pointwise.mul(sigmoidSlope(s), oneMinusTwice(s));
            }
            case TANH -> {
                Tensor t = Activations.tanh(x);
                yield Pointwise.scale(Pointwise.mul(t, oneMinusSquare(t)), -2);
            }
        };
    }

    /** a · s·(1 − s) · (2 + a·x·(1 − 2s)). */
    private static Tensor swishSecond(Tensor x, double a) {
        Tensor ax = Pointwise.scale(x, a);
        Tensor s = Activations.sigmoid(ax);
        Tensor bend = Pointwise.addScalar(Pointwise.mul(ax, oneMinusTwice(s)), 2);
        return Pointwise.scale(Pointwise.mul(sigmoidSlope(s), bend), a);
    }

    /** φ(x) · (2 − x²). */
    static Tensor geluSecond(Tensor x) {
        Tensor square = Pointwise.mul(x, x);
        Tensor density = Pointwise.scale(Pointwise.exp(Pointwise.scale(square, -0.5)), INVERSE_SQRT_TWO_PI);
        return Pointwise.mul(density, Pointwise.addScalar(Pointwise.scale(square, -1), 2));
    }

    /** (1 − t²) · (u′ + ½·x·(u″ − 2t·u′²)). */
    private static Tensor geluTanhSecond(Tensor x) {
        Tensor square = Pointwise.mul(x, x);
        Tensor u = Pointwise.mul(Pointwise.addScalar(Pointwise.scale(square, CUBIC), 1), x);
        Tensor t = Activations.tanh(Pointwise.scale(u, SQRT_TWO_OVER_PI));
        Tensor first = Pointwise.scale(Pointwise.addScalar(Pointwise.scale(square, THREE_CUBIC), 1), SQRT_TWO_OVER_PI);
        Tensor second = Pointwise.scale(x, 2 * THREE_CUBIC * SQRT_TWO_OVER_PI);
        Tensor bend = Pointwise.sub(second, Pointwise.scale(Pointwise.mul(t, Pointwise.mul(first, first)), 2));
        Tensor slope = Pointwise.add(first, Pointwise.scale(Pointwise.mul(x, bend), 0.5));
        return Pointwise.mul(oneMinusSquare(t), slope);
    }

    /** s · (1 − s). */
    static Tensor sigmoidSlope(Tensor s) {
        return Pointwise.mul(s, Pointwise.addScalar(Pointwise.scale(s, -1), 1));
    }

    private static Tensor oneMinusTwice(Tensor s) {
        return Pointwise.addScalar(Pointwise.scale(s, -2), 1);
    }

    private static Tensor oneMinusSquare(Tensor t) {
        return Pointwise.addScalar(Pointwise.scale(Pointwise.mul(t, t), -1), 1);
    }
}
