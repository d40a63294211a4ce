package org.reverie.numerics;

import static org.reverie.numerics.Coefficients.*;

/** The power function: a logarithm in two floats, times the exponent, and an exponential that takes both. */
final class Power {
    private Power() {}

    static float pow(float x, float y) {
        if (x == 1f || y == 0f) {
            return 1f;
        }
        if (x != x || y != y) {
            return Float.NaN;
        }
        float ax = Math.abs(x);
        float ay = Math.abs(y);
        boolean whole = isWhole(ay);
        boolean odd = whole && !isWhole(0.5f * ay);
        boolean negative = odd && Float.floatToRawIntBits(x) < 0;
        float result;
        if (ay == Float.POSITIVE_INFINITY) {
            result = ax == 1f ? 1f : (ax > 1f) == (y > 0f) ? Float.POSITIVE_INFINITY : 0f;
        } else if (ax == 0f || ax == Float.POSITIVE_INFINITY) {
            result = (ax == 0f) == (y < 0f) ? Float.POSITIVE_INFINITY : 0f;
        } else if (x < 0f && !whole) {
            result = Float.NaN;
        } else {
            result = ofPositive(ax, y);
        }
        return negative ? -result : result;
    }

    /** No fraction: every float from 2²³ on, below it what survives rounding to an integer. */
    private static boolean isWhole(float a) {
        return a >= 0x1p23f || a + 0x1p23f - 0x1p23f == a;
    }

    /** xʸ for positive finite x and finite y. */
    private static float ofPositive(float x, float y) {
        boolean tiny = x < Float.MIN_NORMAL;
        int i = Float.floatToRawIntBits(tiny ? x * 0x1p24f : x) - SQRT_HALF_BITS;
        float k = (float) ((i >> 23) - (tiny ? 24 : 0));
        float m = Float.intBitsToFloat((i & 0x7fffff) + SQRT_HALF_BITS);

        // q + ql = (m − 1) / (m + 1)
        float f = m - 1f;
        float d = m + 1f;
        float dl = m - (d - 1f);
        float q = f / d;
        float ql = Math.fma(-q, dl, Math.fma(-q, d, f)) / d;

        // s + sl = q², c + cl = ⅓ + q²·P(q²), e + el = q³·(c + cl)
        float s = q * q;
        float sl = Math.fma(q + q, ql, Math.fma(q, q, -s));
        float p = ATANH_3;
        p = Math.fma(p, s, ATANH_2);
        p = Math.fma(p, s, ATANH_1);
        p = Math.fma(p, s, ATANH_0);
        float tail = s * p;
        float c = THIRD_HI + tail;
        float cl = (tail - (c - THIRD_HI)) + THIRD_LO;
        float g = s * c;
        float gl = Math.fma(s, cl, Math.fma(sl, c, Math.fma(s, c, -g)));
        float e = q * g;
        float el = Math.fma(q, gl, Math.fma(ql, g, Math.fma(q, g, -e)));

        // h + l = ln m = 2 (q + ql + e + el), then + k·ln 2
        float h = q + e;
        float l = (e - (h - q)) + (el + ql);
        h = h + h;
        l = l + l;
        float a = k * LN2_SHORT;
        float sum = a + h;
        float rest = (h - (sum - a)) + Math.fma(k, LN2_REST, l);

        // y·ln x, and its exponential
        float z = y * sum;
        float zl = Math.fma(y, rest, Math.fma(y, sum, -z));
        boolean outside = !(z <= EXP_MAX && z >= EXP_MIN);
        zl = outside ? 0f : zl;
        z = z > EXP_MAX ? EXP_MAX : z;
        z = z < EXP_MIN ? EXP_MIN : z;
        float t = Math.fma(z, LOG2E, ROUND);
        float n = t - ROUND;
        float r = Math.fma(n, -LN2_HI, z);
        r = r + Math.fma(n, -LN2_LO, zl);
        return Elementary.scale(Elementary.expPolynomial(r), Float.floatToRawIntBits(t) - ROUND_BITS);
    }
}
