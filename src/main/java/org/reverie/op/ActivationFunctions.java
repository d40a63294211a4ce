package org.reverie.op;

import static org.reverie.numerics.Coefficients.GELU_CUBIC;
import static org.reverie.numerics.Coefficients.QUICK_GELU;
import static org.reverie.numerics.Coefficients.SQRT_HALF;
import static org.reverie.numerics.Coefficients.SQRT_TWO_OVER_PI;

import org.reverie.device.spec.Activation;

/**
 * What the activations mean, for epilogues and for the activation ops alike. Each line is one order of roundings, the
 * same as in {@code numerics.Elementary}; in binary32 every arithmetic operation below rounds.
 */
public final class ActivationFunctions {
    private ActivationFunctions() {}

    /** The activation of one number. NaN gives NaN; ReLU and ReLU6 give +0 for every x ≤ 0, so also for −0. */
    public static double apply(Arithmetic m, Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case RELU -> relu(x);
            case RELU6 -> x > 6 ? 6 : relu(x);
            case SILU -> m.mul(x, m.sigmoid(x));
            case GELU -> m.mul(m.mul(0.5, x), m.add(1, m.erf(m.mul(x, SQRT_HALF))));
            case GELU_TANH -> geluTanh(m, x);
            case QUICK_GELU -> m.mul(x, m.sigmoid(m.mul(QUICK_GELU, x)));
            case SIGMOID -> m.sigmoid(x);
            case TANH -> m.tanh(x);
        };
    }

    private static double relu(double x) {
        return x <= 0 ? 0 : x;
    }

    /** (½·x) · (1 + tanh(√(2/π) · fma(0.044715·(x·x), x, x))). */
    private static double geluTanh(Arithmetic m, double x) {
        double u = m.fma(m.mul(GELU_CUBIC, m.mul(x, x)), x, x);
        return m.mul(m.mul(0.5, x), m.add(1, m.tanh(m.mul(SQRT_TWO_OVER_PI, u))));
    }
}
