package org.reverie.numerics;

/**
 * Every constant of the elementary functions, written once. The scalar functions, the vector ones and the device
 * headers carry these values and no others; docs/elementary.md says how they were derived.
 *
 * <p>Polynomials are listed from the lowest power up: {@code NAME_0 + NAME_1 z + NAME_2 z² + …}.
 */
public final class Coefficients {
    /** 1.5·2²³: adding it to |v| &lt; 2²² leaves v, rounded to the nearest integer, in the low bits of the sum. */
    public static final float ROUND = 0x1.8p23f;

    public static final int ROUND_BITS = 0x4b400000;

    public static final float LOG2E = 0x1.715476p0f;

    /** ln 2 = LN2_HI + LN2_LO, the high part being the nearest float. */
    public static final float LN2_HI = 0x1.62e43p-1f;

    public static final float LN2_LO = -0x1.05c61p-29f;

    /** ln 2 = LN2_SHORT + LN2_REST, the first so short (15 bits) that its product with an exponent is exact. */
    public static final float LN2_SHORT = 0x1.62e4p-1f;

    public static final float LN2_REST = 0x1.7f7d1cp-20f;

    /** Outside [EXP_MIN, EXP_MAX] the exponential is 0 or infinite. */
    public static final float EXP_MIN = -104.5f;

    public static final float EXP_MAX = 89f;

    /** eʳ = 1 + r + r²·P(r) on |r| ≤ ln 2 / 2. */
    public static final float EXP_0 = 0x1.fffffcp-2f;

    public static final float EXP_1 = 0x1.555492p-3f;
    public static final float EXP_2 = 0x1.5558b2p-5f;
    public static final float EXP_3 = 0x1.123994p-7f;
    public static final float EXP_4 = 0x1.6a4b44p-10f;

    /** eʳ − 1 = r + r²·P(r) on |r| ≤ ln 2 / 2. */
    public static final float EXPM1_0 = 0.5f;

    public static final float EXPM1_1 = 0x1.555554p-3f;
    public static final float EXPM1_2 = 0x1.5554f8p-5f;
    public static final float EXPM1_3 = 0x1.1112d8p-7f;
    public static final float EXPM1_4 = 0x1.6d3a4ep-10f;
    public static final float EXPM1_5 = 0x1.9e735ap-13f;

    /** Below this eˣ − 1 rounds to −1. */
    public static final float EXPM1_MIN = -18f;

    /** Bits of the largest float below √½: a significand is brought to [√½, √2). */
    public static final int SQRT_HALF_BITS = 0x3f3504f3;

    /** ln(1 + f) = f − f²/2 + f³·P(f) on √½ ≤ 1 + f ≤ √2. */
    public static final float LOG_0 = 0x1.555548p-2f;

    public static final float LOG_1 = -0x1.000006p-2f;
    public static final float LOG_2 = 0x1.99a476p-3f;
    public static final float LOG_3 = -0x1.555c46p-3f;
    public static final float LOG_4 = 0x1.233ba6p-3f;
    public static final float LOG_5 = -0x1.fc287ap-4f;
    public static final float LOG_6 = 0x1.e6bf64p-4f;
    public static final float LOG_7 = -0x1.de0360p-4f;
    public static final float LOG_8 = 0x1.147680p-4f;

    /** tanh x = x + x³·P(x²) for |x| &lt; TANH_SMALL; 1 for |x| ≥ TANH_ONE, and 1 − 2 / (e²ˣ + 1) between. */
    public static final float TANH_SMALL = 0.5625f;

    public static final float TANH_ONE = 9.5f;
    public static final float TANH_0 = -0x1.555548p-2f;
    public static final float TANH_1 = 0x1.110c5ap-3f;
    public static final float TANH_2 = -0x1.b90498p-5f;
    public static final float TANH_3 = 0x1.5804e4p-6f;
    public static final float TANH_4 = -0x1.93fb86p-8f;

    /** erf x = x + x·P(x²) for |x| &lt; ERF_SMALL. */
    public static final float ERF_SMALL = 0.9375f;

    public static final float ERF_0 = 0x1.06eba8p-3f;
    public static final float ERF_1 = -0x1.812740p-2f;
    public static final float ERF_2 = 0x1.ce2d66p-4f;
    public static final float ERF_3 = -0x1.b80170p-6f;
    public static final float ERF_4 = 0x1.544eaep-8f;
    public static final float ERF_5 = -0x1.a63c7ap-11f;
    public static final float ERF_6 = 0x1.5028dap-14f;

    /** erf x = 1 − exp(−(x + x·P(x))) from ERF_SMALL to ERF_ONE, where it is 1. */
    public static final float ERF_ONE = 4f;

    public static final float ERFC_0 = 0x1.0778dcp-3f;
    public static final float ERFC_1 = 0x1.45328ep-1f;
    public static final float ERFC_2 = 0x1.b32566p-4f;
    public static final float ERFC_3 = -0x1.855122p-6f;
    public static final float ERFC_4 = 0x1.dd6ba6p-9f;
    public static final float ERFC_5 = -0x1.527944p-12f;
    public static final float ERFC_6 = 0x1.78d008p-17f;

    public static final float TWO_OVER_PI = 0x1.45f306p-1f;

    /** π/2 = PIO2_1 + PIO2_2 + PIO2_3, each the nearest float to what the earlier ones leave. */
    public static final float PIO2_1 = 0x1.921fb6p0f;

    public static final float PIO2_2 = -0x1.777a5cp-25f;
    public static final float PIO2_3 = -0x1.ee59dap-50f;

    /** From here on the argument of sin and cos is reduced with integers. */
    public static final float TRIG_LARGE = 65536f;

    /** sin r = r + r³·P(r²) on |r| ≤ π/4. */
    public static final float SIN_0 = -0x1.555556p-3f;

    public static final float SIN_1 = 0x1.111176p-7f;
    public static final float SIN_2 = -0x1.a05bbap-13f;
    public static final float SIN_3 = 0x1.7cd82ep-19f;

    /** cos r = 1 − r²/2 + r⁴·P(r²) on |r| ≤ π/4. */
    public static final float COS_0 = 0x1.55554ap-5f;

    public static final float COS_1 = -0x1.6c0c2ap-10f;
    public static final float COS_2 = 0x1.99e910p-16f;

    /** atanh q = q + q³·(⅓ + q²·P(q²)) on |q| ≤ (√2 − 1) / (√2 + 1); ⅓ = THIRD_HI + THIRD_LO. */
    public static final float THIRD_HI = 0x1.555556p-2f;

    public static final float THIRD_LO = -0x1.555556p-27f;
    public static final float ATANH_0 = 0x1.999998p-3f;
    public static final float ATANH_1 = 0x1.2493b6p-3f;
    public static final float ATANH_2 = 0x1.c63d9cp-4f;
    public static final float ATANH_3 = 0x1.9086f0p-4f;

    /** 1/√2, √(2/π), 0.044715 and 1.702: the constants of the GELU forms. */
    public static final float SQRT_HALF = 0x1.6a09e6p-1f;

    public static final float SQRT_TWO_OVER_PI = 0x1.988454p-1f;
    public static final float GELU_CUBIC = 0.044715f;
    public static final float QUICK_GELU = 1.702f;

    private Coefficients() {}
}
