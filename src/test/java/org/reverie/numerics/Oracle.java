package org.reverie.numerics;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/** The elementary functions in double, accurate far beyond a float ulp, and the error of a float against them. */
final class Oracle {
    /** A float function under test, its double counterpart, and whether it is even or odd. */
    record Pair(FloatFunction function, DoubleUnaryOperator exact, Parity parity) {
        Pair(FloatFunction function, DoubleUnaryOperator exact) {
            this(function, exact, Parity.NEITHER);
        }
    }

    enum Parity {
        EVEN,
        ODD,
        NEITHER
    }

    @FunctionalInterface
    interface FloatFunction {
        float apply(float x);
    }

    /** The unary functions by name. */
    static final Map<String, Pair> UNARY = new LinkedHashMap<>();

    static {
        UNARY.put("exp", new Pair(Elementary::exp, Math::exp));
        UNARY.put("expm1", new Pair(Elementary::expm1, Math::expm1));
        UNARY.put("log", new Pair(Elementary::log, Math::log));
        UNARY.put("log1p", new Pair(Elementary::log1p, Oracle::log1p));
        UNARY.put("tanh", new Pair(Elementary::tanh, Math::tanh, Parity.ODD));
        UNARY.put("sigmoid", new Pair(Elementary::sigmoid, Oracle::sigmoid));
        UNARY.put("erf", new Pair(Elementary::erf, Oracle::erf, Parity.ODD));
        UNARY.put("sin", new Pair(Elementary::sin, Math::sin, Parity.ODD));
        UNARY.put("cos", new Pair(Elementary::cos, Math::cos, Parity.EVEN));
        UNARY.put("rsqrt", new Pair(Elementary::rsqrt, x -> 1 / Math.sqrt(x)));
        UNARY.put("softplus", new Pair(Elementary::softplus, Oracle::softplus));
    }

    private static final int TERMS = 16;
    private static final int STEPS = 16;

    /** Taylor coefficients of erf about i / STEPS, 0 ≤ i ≤ 6·STEPS. */
    private static final double[][] ERF = new double[6 * STEPS + 1][];

    static {
        for (int i = 0; i < ERF.length; i++) {
            double x = (double) i / STEPS;
            double[] c = new double[TERMS];
            double previous = 0;
            double g = 2 / Math.sqrt(Math.PI) * Math.exp(-x * x);
            c[0] = erfSeries(x);
            for (int n = 0; n + 1 < TERMS; n++) {
                c[n + 1] = g / (n + 1);
                double next = -2 * (x * g + previous) / (n + 1);
                previous = g;
                g = next;
            }
            ERF[i] = c;
        }
    }

    private Oracle() {}

    /** erf x = 2/√π exp(−x²) Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n + 1)), all terms positive. */
    private static double erfSeries(double x) {
        double term = x;
        double sum = 0;
        for (int n = 0; n < 400; n++) {
            sum += term;
            term *= 2 * x * x / (2 * n + 3);
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    static double erf(double x) {
        double a = Math.abs(x);
        if (!(a < 6)) {
            return Double.isNaN(x) ? x : Math.signum(x);
        }
        int i = (int) (a * STEPS + 0.5);
        double[] c = ERF[i];
        double h = a - (double) i / STEPS;
        double y = 0;
        for (int n = TERMS - 1; n > 0; n--) {
            y = (y + c[n]) * h;
        }
        return Math.copySign(c[0] + y, x);
    }

    /** ln u · x / (u − 1) with u = 1 + x: the errors of u cancel. */
    static double log1p(double x) {
        double u = 1 + x;
        return u == 1 || u == Double.POSITIVE_INFINITY ? x : Math.log(u) * (x / (u - 1));
    }

    static double sigmoid(double x) {
        double e = Math.exp(-Math.abs(x));
        return (x < 0 ? e : 1) / (1 + e);
    }

    static double softplus(double x) {
        return Math.max(x, 0) + log1p(Math.exp(-Math.abs(x)));
    }

    /**
     * The distance of y from the exact value in units of the float spacing at the exact value; an infinity counts as
     * 2¹²⁸, and a NaN, infinity or zero of either sign that the exact value demands must be met (else +∞).
     */
    static double ulps(float y, double exact) {
        if (Double.isNaN(exact) || Float.isNaN(y)) {
            return Double.isNaN(exact) && Float.isNaN(y) ? 0 : Double.POSITIVE_INFINITY;
        }
        if (Double.isInfinite(exact) || exact == 0) {
            return Double.doubleToRawLongBits(exact) == Double.doubleToRawLongBits(y) ? 0 : Double.POSITIVE_INFINITY;
        }
        double value = Float.isInfinite(y) ? Math.copySign(0x1p128, y) : y;
        if (Math.abs(exact) >= 0x1p128) {
            return value == Math.copySign(0x1p128, exact)
                    ? 0
                    : Math.abs(value - Math.copySign(0x1p128, exact)) / 0x1p104;
        }
        int exponent = Math.max(Math.getExponent(exact), Float.MIN_EXPONENT);
        double perUlp = Double.longBitsToDouble((long) (1023 + 23 - exponent) << 52);
        return Math.abs(value - exact) * perUlp;
    }
}
