package org.reverie.numerics;

import static org.reverie.numerics.Coefficients.*;

/**
 * The elementary functions of the contract (rule 5), one float at a time. They <em>are</em> the specification: every
 * backend returns these bits. Only binary32 operations occur (+, −, ·, /, √, {@code fma} where written) and integer
 * operations on their bits; no double, no library function.
 *
 * <p>The named functions are within 2 ulp of the exact value for every argument (measured over all 2³² in
 * docs/elementary.md), honour signed zeros, infinities and subnormals, and return NaN for NaN.
 */
public final class Elementary {
    private Elementary() {}

    /** eˣ. */
    public static float exp(float x) {
        float c = x > EXP_MAX ? EXP_MAX : x;
        c = c < EXP_MIN ? EXP_MIN : c;
        float t = Math.fma(c, LOG2E, ROUND);
        float n = t - ROUND;
        float r = Math.fma(n, -LN2_HI, c);
        r = Math.fma(n, -LN2_LO, r);
        return scale(expPolynomial(r), Float.floatToRawIntBits(t) - ROUND_BITS);
    }

    /** eˣ − 1; −0 for −0. */
    public static float expm1(float x) {
        float c = x > EXP_MAX ? EXP_MAX : x;
        c = c < EXPM1_MIN ? EXPM1_MIN : c;
        float t = Math.fma(c, LOG2E, ROUND);
        float n = t - ROUND;
        float r = Math.fma(n, -LN2_HI, c);
        r = Math.fma(n, -LN2_LO, r);
        float p = EXPM1_5;
        p = Math.fma(p, r, EXPM1_4);
        p = Math.fma(p, r, EXPM1_3);
        p = Math.fma(p, r, EXPM1_2);
        p = Math.fma(p, r, EXPM1_1);
        p = Math.fma(p, r, EXPM1_0);
        float u = Math.fma(p, r * r, r);
        // Half of 2ⁿ, so that n = 128 stays finite; n = 0 takes u itself, which half of it would not keep if subnormal.
        float s = Float.intBitsToFloat((Float.floatToRawIntBits(t) - ROUND_BITS + 126) << 23);
        float h = Math.fma(s, u, s - 0.5f);
        return withSign(n == 0f ? u : h + h, x);
    }

    /** Natural logarithm; −∞ for ±0, NaN below 0. */
    public static float log(float x) {
        boolean tiny = x < Float.MIN_NORMAL;
        int i = Float.floatToRawIntBits(tiny ? x * 0x1p24f : x) - SQRT_HALF_BITS;
        float k = (float) ((i >> 23) - (tiny ? 24 : 0));
        float f = Float.intBitsToFloat((i & 0x7fffff) + SQRT_HALF_BITS) - 1f;
        float y = logSum(f, k);
        y = x < Float.POSITIVE_INFINITY ? y : x;
        y = x == 0f ? Float.NEGATIVE_INFINITY : y;
        return x < 0f ? Float.NaN : y;
    }

    /** ln(1 + x); −0 for −0, −∞ for −1, NaN below −1. */
    public static float log1p(float x) {
        float u = 1f + x;
        float b = u - 1f;
        float lost = (1f - (u - b)) + (x - b);
        int i = Float.floatToRawIntBits(u) - SQRT_HALF_BITS;
        int k = i >> 23;
        // Beyond 2²⁵ what 1 + x loses does not matter, and 2⁻ᵏ might not be a float.
        float c = x < 0x1p25f ? lost * Float.intBitsToFloat((127 - k) << 23) : 0f;
        float f = (Float.intBitsToFloat((i & 0x7fffff) + SQRT_HALF_BITS) - 1f) + c;
        float y = logSum(f, (float) k);
        y = x < Float.POSITIVE_INFINITY ? y : x;
        y = x == -1f ? Float.NEGATIVE_INFINITY : y;
        return x < -1f ? Float.NaN : withSign(y, x);
    }

    /** Hyperbolic tangent. */
    public static float tanh(float x) {
        float a = Math.abs(x);
        float s = a * a;
        float p = TANH_4;
        p = Math.fma(p, s, TANH_3);
        p = Math.fma(p, s, TANH_2);
        p = Math.fma(p, s, TANH_1);
        p = Math.fma(p, s, TANH_0);
        float small = Math.fma(s * p, a, a);
        float c = a > TANH_ONE ? TANH_ONE : a;
        float big = 1f - 2f / (expMiddle(c + c) + 1f);
        return withSign(a < TANH_SMALL ? small : big, x);
    }

    /**
     * 1 / (1 + e⁻ˣ). With e^−|x| = (1 + u)·s·s₂ it is (1 + u)·s·s₂ / (1 + e^−|x|) for negative x and 1 / (1 + e^−|x|)
     * else; multiplying by 1 + u after the division keeps the rounding of 1 + u out of the numerator, and what the
     * denominator loses to rounding goes into the same factor (1.5 − d/2 stands for 1/d there).
     */
    public static float sigmoid(float x) {
        float c = -Math.abs(x);
        c = c < EXP_MIN ? EXP_MIN : c;
        float t = Math.fma(c, LOG2E, ROUND);
        float n = t - ROUND;
        float r = Math.fma(n, -LN2_HI, c);
        r = Math.fma(n, -LN2_LO, r);
        float u = r * expTail(r);
        int e = Float.floatToRawIntBits(t) - ROUND_BITS;
        int half = e >> 1;
        float s = Float.intBitsToFloat((half + 127) << 23);
        float s2 = Float.intBitsToFloat((e - half + 127) << 23);
        float z = Math.fma(u, s, s) * s2;
        float d = 1f + z;
        float lost = z - (d - 1f);
        boolean below = x < 0f;
        float q = (below ? s : 1f) / d;
        float v = Math.fma(-lost, Math.fma(d, -0.5f, 1.5f), below ? u : 0f);
        return Math.fma(v, q, q) * (below ? s2 : 1f);
    }

    /** Error function, 2/√π ∫₀ˣ exp(−t²) dt. */
    public static float erf(float x) {
        float a = Math.abs(x);
        float s = a * a;
        float p = ERF_6;
        p = Math.fma(p, s, ERF_5);
        p = Math.fma(p, s, ERF_4);
        p = Math.fma(p, s, ERF_3);
        p = Math.fma(p, s, ERF_2);
        p = Math.fma(p, s, ERF_1);
        p = Math.fma(p, s, ERF_0);
        float small = Math.fma(p, a, a);
        float c = a > ERF_ONE ? ERF_ONE : a;
        float q = ERFC_6;
        q = Math.fma(q, c, ERFC_5);
        q = Math.fma(q, c, ERFC_4);
        q = Math.fma(q, c, ERFC_3);
        q = Math.fma(q, c, ERFC_2);
        q = Math.fma(q, c, ERFC_1);
        q = Math.fma(q, c, ERFC_0);
        float big = 1f - expMiddle(-Math.fma(q, c, c));
        return withSign(a < ERF_SMALL ? small : big, x);
    }

    /** Sine of x radians; NaN for an infinity. */
    public static float sin(float x) {
        float a = Math.abs(x);
        TrigReduction w = TrigReduction.of(a);
        int q = w.quadrant();
        float y = (q & 1) == 0 ? sinPolynomial(w.r()) : cosPolynomial(w.r());
        int sign = (q & 2) << 30 ^ Float.floatToRawIntBits(x) & 0x80000000;
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ sign);
    }

    /** Cosine of x radians; NaN for an infinity. */
    public static float cos(float x) {
        TrigReduction w = TrigReduction.of(Math.abs(x));
        int q = w.quadrant() + 1;
        float y = (q & 1) == 0 ? sinPolynomial(w.r()) : cosPolynomial(w.r());
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ (q & 2) << 30);
    }

    /** x to the power y, with the special cases of C and IEEE 754 (1ʸ and x⁰ are 1, also for NaN). */
    public static float pow(float x, float y) {
        return Power.pow(x, y);
    }

    /** 1 / √x, two correctly rounded operations. */
    public static float rsqrt(float x) {
        return 1f / sqrt(x);
    }

    /** The correctly rounded square root (through double, where rounding twice is harmless). */
    public static float sqrt(float x) {
        return (float) Math.sqrt((double) x);
    }

    /** ln(1 + eˣ) = max(x, 0) + log1p(exp(−|x|)). */
    public static float softplus(float x) {
        return (x < 0f ? 0f : x) + log1p(exp(-Math.abs(x)));
    }

    /** x · sigmoid(x). */
    public static float silu(float x) {
        return x * sigmoid(x);
    }

    /** (½·x) · (1 + erf(x·√½)): the GELU by the error function. */
    public static float gelu(float x) {
        return 0.5f * x * (1f + erf(x * SQRT_HALF));
    }

    /** (½·x) · (1 + tanh(√(2/π) · (x + 0.044715 x³))): the GELU by the hyperbolic tangent. */
    public static float geluTanh(float x) {
        float u = Math.fma(GELU_CUBIC * (x * x), x, x);
        return 0.5f * x * (1f + tanh(SQRT_TWO_OVER_PI * u));
    }

    /** x · sigmoid(1.702·x). */
    public static float quickGelu(float x) {
        return x * sigmoid(QUICK_GELU * x);
    }

    /** eˣ for −40 ≤ x ≤ 40, where 2ⁿ is a normal float; NaN for NaN. */
    private static float expMiddle(float x) {
        float t = Math.fma(x, LOG2E, ROUND);
        float n = t - ROUND;
        float r = Math.fma(n, -LN2_HI, x);
        r = Math.fma(n, -LN2_LO, r);
        int e = Float.floatToRawIntBits(t) - ROUND_BITS;
        return Float.intBitsToFloat((e + 127) << 23) * expPolynomial(r);
    }

    /** eʳ. */
    static float expPolynomial(float r) {
        return Math.fma(expTail(r), r, 1f);
    }

    /** (eʳ − 1) / r. */
    private static float expTail(float r) {
        float p = EXP_4;
        p = Math.fma(p, r, EXP_3);
        p = Math.fma(p, r, EXP_2);
        p = Math.fma(p, r, EXP_1);
        p = Math.fma(p, r, EXP_0);
        return Math.fma(p, r, 1f);
    }

    /** p·2ⁿ for p about 1 and −152 ≤ n ≤ 129, rounded once also where the result is subnormal. */
    static float scale(float p, int n) {
        int half = n >> 1;
        return p * Float.intBitsToFloat((half + 127) << 23) * Float.intBitsToFloat((n - half + 127) << 23);
    }

    /** ln(1 + f) + k·ln 2. */
    private static float logSum(float f, float k) {
        float z = f * f;
        float p = LOG_8;
        p = Math.fma(p, f, LOG_7);
        p = Math.fma(p, f, LOG_6);
        p = Math.fma(p, f, LOG_5);
        p = Math.fma(p, f, LOG_4);
        p = Math.fma(p, f, LOG_3);
        p = Math.fma(p, f, LOG_2);
        p = Math.fma(p, f, LOG_1);
        p = Math.fma(p, f, LOG_0);
        float y = (f * z) * p;
        y = Math.fma(-0.5f, z, y);
        y = Math.fma(k, LN2_LO, y);
        y = y + f;
        return Math.fma(k, LN2_HI, y);
    }

    private static float sinPolynomial(float r) {
        float s = r * r;
        float p = SIN_3;
        p = Math.fma(p, s, SIN_2);
        p = Math.fma(p, s, SIN_1);
        p = Math.fma(p, s, SIN_0);
        return Math.fma(s * p, r, r);
    }

    private static float cosPolynomial(float r) {
        float s = r * r;
        float p = COS_2;
        p = Math.fma(p, s, COS_1);
        p = Math.fma(p, s, COS_0);
        return Math.fma(s * s, p, Math.fma(s, -0.5f, 1f));
    }

    /** The magnitude of y with the sign of x. */
    private static float withSign(float y, float x) {
        return Float.intBitsToFloat(Float.floatToRawIntBits(y) & 0x7fffffff | Float.floatToRawIntBits(x) & 0x80000000);
    }
}
