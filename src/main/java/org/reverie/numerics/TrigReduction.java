package org.reverie.numerics;

import static org.reverie.numerics.Coefficients.*;

/**
 * A non-negative angle as {@code quadrant · π/2 + r}, |r| ≤ π/4.
 *
 * @param quadrant the multiple of π/2; only its last two bits mean anything
 * @param r what is left of the angle
 */
record TrigReduction(int quadrant, float r) {
    /** 2/π in binary after a word of zeros: word i holds the bits of weight 2^(31 − 32 i) down to 2^(−32 i). */
    private static final int[] TWO_OVER_PI_WORDS = {
        0, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab
    };

    static TrigReduction of(float a) {
        return a >= TRIG_LARGE && a < Float.POSITIVE_INFINITY ? large(a) : moderate(a);
    }

    /** By three parts of π/2; the first subtraction is exact. */
    private static TrigReduction moderate(float a) {
        float t = Math.fma(a, TWO_OVER_PI, ROUND);
        float n = t - ROUND;
        float r = Math.fma(n, -PIO2_1, a);
        r = Math.fma(n, -PIO2_2, r);
        r = Math.fma(n, -PIO2_3, r);
        return new TrigReduction(Float.floatToRawIntBits(t) - ROUND_BITS, r);
    }

    /**
     * Payne and Hanek's method: a = m·2ᵉ is multiplied with those 96 bits of 2/π that neither vanish modulo 4 nor lie
     * too deep to matter. The 64 highest bits of the product are a quadrant (2 bits) and a fraction of one.
     */
    private static TrigReduction large(float a) {
        int bits = Float.floatToRawIntBits(a);
        long m = bits & 0x7fffff | 0x800000;
        int first = (bits >>> 23) - 150 + 30;
        int word = first >>> 5;
        int shift = first & 31;
        long w0 = window(word, shift);
        long w1 = window(word + 1, shift);
        long w2 = window(word + 2, shift);
        long product = (m * w0 << 32) + m * w1 + (m * w2 >>> 32);
        int quadrant = (int) ((product >>> 61) + 1 >>> 1);
        long fraction = product - ((long) quadrant << 62);

        // The fraction, a signed multiple of 2⁻⁶², as (hi + lo)·2⁻ˢʰⁱᶠᵗ: 48 significant bits in two floats.
        long magnitude = Math.abs(fraction);
        int zeros = Long.numberOfLeadingZeros(magnitude);
        long normal = magnitude << zeros;
        float hi = (float) (int) (normal >>> 40) * 0x1p-22f;
        float lo = (float) ((int) (normal >>> 16) & 0xffffff) * 0x1p-46f;
        float p = hi * PIO2_1;
        float rest = Math.fma(hi, PIO2_1, -p);
        rest = Math.fma(hi, PIO2_2, rest);
        rest = Math.fma(lo, PIO2_1, rest);
        float r = (p + rest) * Float.intBitsToFloat((127 - zeros) << 23);
        return new TrigReduction(quadrant, fraction < 0 ? -r : r);
    }

    /** 32 bits of 2/π starting {@code shift} bits into the given word. */
    private static long window(int word, int shift) {
        long pair = (TWO_OVER_PI_WORDS[word] & 0xffffffffL) << 32 | TWO_OVER_PI_WORDS[word + 1] & 0xffffffffL;
        return pair << shift >>> 32;
    }
}
