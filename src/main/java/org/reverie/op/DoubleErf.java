package org.reverie.op;

/** The error function in binary64, for gradient checks: Taylor series near zero, continued fraction in the tails. */
final class DoubleErf {
    private DoubleErf() {}

    static double erf(double x) {
        double a = Math.abs(x);
        if (Double.isNaN(x) || a == 0) {
            return x;
        }
        if (a > 6) {
            return Math.signum(x);
        }
        return Math.signum(x) * (a < 2.5 ? series(a) : 1 - tail(a));
    }

    /** 2/√π · Σ (−1)ⁿ x^(2n+1) / (n! (2n+1)), in the form without cancellation: e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!. */
    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200 && term > 1e-18 * sum; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /** erfc by its continued fraction, evaluated from the back. */
    private static double tail(double x) {
        double f = 0;
        for (int n = 120; n >= 1; n--) {
            f = n / 2.0 / (x + f);
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f);
    }
}
