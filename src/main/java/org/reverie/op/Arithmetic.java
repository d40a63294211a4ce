package org.reverie.op;

import org.reverie.numerics.Elementary;

/**
 * The arithmetic that scalar references are written in. {@link #EXACT} rounds every operation to binary32 and is the
 * specification; {@link #DOUBLE} leaves the same loops in binary64, which is what gradients are checked in.
 *
 * <p>In {@code EXACT} all operands are floats held in doubles. Adding, multiplying, dividing and taking roots in binary64
 * and rounding once more to binary32 gives the correctly rounded result (53 ≥ 2·24 + 2), so only fma needs its own path.
 */
public interface Arithmetic {
    double round(double x);

    double add(double a, double b);

    double sub(double a, double b);

    double mul(double a, double b);

    double div(double a, double b);

    double fma(double a, double b, double c);

    double sqrt(double x);

    double exp(double x);

    double expm1(double x);

    double log(double x);

    double log1p(double x);

    double tanh(double x);

    double sigmoid(double x);

    double erf(double x);

    double sin(double x);

    double cos(double x);

    double pow(double x, double y);

    /** True for the specification; references of ops that draw bits need to know. */
    default boolean exact() {
        return this == EXACT;
    }

    Arithmetic EXACT = new Arithmetic() {
        @Override
        public double round(double x) {
            return (float) x;
        }

        @Override
        public double add(double a, double b) {
            return (float) a + (float) b;
        }

        @Override
        public double sub(double a, double b) {
            return (float) a - (float) b;
        }

        @Override
        public double mul(double a, double b) {
            return (float) a * (float) b;
        }

        @Override
        public double div(double a, double b) {
            return (float) a / (float) b;
        }

        @Override
        public double fma(double a, double b, double c) {
            return Math.fma((float) a, (float) b, (float) c);
        }

        @Override
        public double sqrt(double x) {
            return (float) Math.sqrt(x);
        }

        @Override
        public double exp(double x) {
            return Elementary.exp((float) x);
        }

        @Override
        public double expm1(double x) {
            return Elementary.expm1((float) x);
        }

        @Override
        public double log(double x) {
            return Elementary.log((float) x);
        }

        @Override
        public double log1p(double x) {
            return Elementary.log1p((float) x);
        }

        @Override
        public double tanh(double x) {
            return Elementary.tanh((float) x);
        }

        @Override
        public double sigmoid(double x) {
            return Elementary.sigmoid((float) x);
        }

        @Override
        public double erf(double x) {
            return Elementary.erf((float) x);
        }

        @Override
        public double sin(double x) {
            return Elementary.sin((float) x);
        }

        @Override
        public double cos(double x) {
            return Elementary.cos((float) x);
        }

        @Override
        public double pow(double x, double y) {
            return Elementary.pow((float) x, (float) y);
        }
    };

    Arithmetic DOUBLE = new Arithmetic() {
        @Override
        public double round(double x) {
            return x;
        }

        @Override
        public double add(double a, double b) {
            return a + b;
        }

        @Override
        public double sub(double a, double b) {
            return a - b;
        }

        @Override
        public double mul(double a, double b) {
            return a * b;
        }

        @Override
        public double div(double a, double b) {
            return a / b;
        }

        @Override
        public double fma(double a, double b, double c) {
            return a * b + c;
        }

        @Override
        public double sqrt(double x) {
            return Math.sqrt(x);
        }

        @Override
        public double exp(double x) {
            return Math.exp(x);
        }

        @Override
        public double expm1(double x) {
            return Math.expm1(x);
        }

        @Override
        public double log(double x) {
            return Math.log(x);
        }

        @Override
        public double log1p(double x) {
            return Math.log1p(x);
        }

        @Override
        public double tanh(double x) {
            return Math.tanh(x);
        }

        @Override
        public double sigmoid(double x) {
            return 1 / (1 + Math.exp(-x));
        }

        @Override
        public double erf(double x) {
            return DoubleErf.erf(x);
        }

        @Override
        public double sin(double x) {
            return Math.sin(x);
        }

        @Override
        public double cos(double x) {
            return Math.cos(x);
        }

        @Override
        public double pow(double x, double y) {
            return Math.pow(x, y);
        }
    };
}
