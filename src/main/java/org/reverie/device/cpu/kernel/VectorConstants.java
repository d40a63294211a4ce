package org.reverie.device.cpu.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.reverie.numerics.Coefficients;

/**
 * The {@link Coefficients} on all lanes. Vectors held in constants rather than broadcast where they are used: each
 * broadcast adds so much to the JIT's graph that a function of thirty of them would reach its limit for inlining.
 */
final class VectorConstants {
    static final FloatVector ZERO = all(0f);
    static final FloatVector ONE = all(1f);
    static final FloatVector TWO = all(2f);
    static final FloatVector HALF = all(0.5f);
    static final FloatVector MINUS_HALF = all(-0.5f);
    static final FloatVector ONE_AND_HALF = all(1.5f);
    static final FloatVector MINUS_ONE = all(-1f);
    static final FloatVector TWENTY_FOUR = all(24f);
    static final FloatVector INFINITY = all(Float.POSITIVE_INFINITY);
    static final FloatVector MINUS_INFINITY = all(Float.NEGATIVE_INFINITY);
    static final FloatVector NAN = all(Float.NaN);
    static final FloatVector MIN_NORMAL = all(Float.MIN_NORMAL);
    static final FloatVector TWO_TO_24 = all(0x1p24f);
    static final FloatVector TWO_TO_25 = all(0x1p25f);

    static final FloatVector ROUND = all(Coefficients.ROUND);
    static final FloatVector LOG2E = all(Coefficients.LOG2E);
    static final FloatVector LOG2E_NEGATIVE = all(-Coefficients.LOG2E);
    static final FloatVector LN2_HI = all(Coefficients.LN2_HI);
    static final FloatVector LN2_HI_NEGATIVE = all(-Coefficients.LN2_HI);
    static final FloatVector LN2_LO = all(Coefficients.LN2_LO);
    static final FloatVector LN2_LO_NEGATIVE = all(-Coefficients.LN2_LO);
    static final FloatVector LN2_SHORT = all(Coefficients.LN2_SHORT);
    static final FloatVector LN2_REST = all(Coefficients.LN2_REST);
    static final FloatVector EXP_MIN = all(Coefficients.EXP_MIN);
    static final FloatVector EXP_MAX = all(Coefficients.EXP_MAX);
    static final FloatVector SIGMOID_END = all(-Coefficients.EXP_MIN);
    static final FloatVector LOWERED = all(0x1p-64f);
    static final FloatVector EXP_0 = all(Coefficients.EXP_0);
    static final FloatVector EXP_1 = all(Coefficients.EXP_1);
    static final FloatVector EXP_1_NEGATIVE = all(-Coefficients.EXP_1);
    static final FloatVector EXP_2 = all(Coefficients.EXP_2);
    static final FloatVector EXP_3 = all(Coefficients.EXP_3);
    static final FloatVector EXP_3_NEGATIVE = all(-Coefficients.EXP_3);
    static final FloatVector EXP_4 = all(Coefficients.EXP_4);
    static final FloatVector EXPM1_0 = all(Coefficients.EXPM1_0);
    static final FloatVector EXPM1_1 = all(Coefficients.EXPM1_1);
    static final FloatVector EXPM1_2 = all(Coefficients.EXPM1_2);
    static final FloatVector EXPM1_3 = all(Coefficients.EXPM1_3);
    static final FloatVector EXPM1_4 = all(Coefficients.EXPM1_4);
    static final FloatVector EXPM1_5 = all(Coefficients.EXPM1_5);
    static final FloatVector EXPM1_MIN = all(Coefficients.EXPM1_MIN);
    static final FloatVector LOG_0 = all(Coefficients.LOG_0);
    static final FloatVector LOG_1 = all(Coefficients.LOG_1);
    static final FloatVector LOG_2 = all(Coefficients.LOG_2);
    static final FloatVector LOG_3 = all(Coefficients.LOG_3);
    static final FloatVector LOG_4 = all(Coefficients.LOG_4);
    static final FloatVector LOG_5 = all(Coefficients.LOG_5);
    static final FloatVector LOG_6 = all(Coefficients.LOG_6);
    static final FloatVector LOG_7 = all(Coefficients.LOG_7);
    static final FloatVector LOG_8 = all(Coefficients.LOG_8);
    static final FloatVector TANH_SMALL = all(Coefficients.TANH_SMALL);
    static final FloatVector TANH_ONE = all(Coefficients.TANH_ONE);
    static final FloatVector TANH_0 = all(Coefficients.TANH_0);
    static final FloatVector TANH_1 = all(Coefficients.TANH_1);
    static final FloatVector TANH_2 = all(Coefficients.TANH_2);
    static final FloatVector TANH_3 = all(Coefficients.TANH_3);
    static final FloatVector TANH_4 = all(Coefficients.TANH_4);
    static final FloatVector ERF_SMALL = all(Coefficients.ERF_SMALL);
    static final FloatVector ERF_0 = all(Coefficients.ERF_0);
    static final FloatVector ERF_1 = all(Coefficients.ERF_1);
    static final FloatVector ERF_2 = all(Coefficients.ERF_2);
    static final FloatVector ERF_3 = all(Coefficients.ERF_3);
    static final FloatVector ERF_4 = all(Coefficients.ERF_4);
    static final FloatVector ERF_5 = all(Coefficients.ERF_5);
    static final FloatVector ERF_6 = all(Coefficients.ERF_6);
    static final FloatVector ERF_ONE = all(Coefficients.ERF_ONE);
    static final FloatVector ERFC_0 = all(Coefficients.ERFC_0);
    static final FloatVector ERFC_1 = all(Coefficients.ERFC_1);
    static final FloatVector ERFC_2 = all(Coefficients.ERFC_2);
    static final FloatVector ERFC_3 = all(Coefficients.ERFC_3);
    static final FloatVector ERFC_4 = all(Coefficients.ERFC_4);
    static final FloatVector ERFC_5 = all(Coefficients.ERFC_5);
    static final FloatVector ERFC_6 = all(Coefficients.ERFC_6);
    static final FloatVector TWO_OVER_PI = all(Coefficients.TWO_OVER_PI);
    static final FloatVector PIO2_1 = all(Coefficients.PIO2_1);
    static final FloatVector PIO2_1_NEGATIVE = all(-Coefficients.PIO2_1);
    static final FloatVector PIO2_2 = all(Coefficients.PIO2_2);
    static final FloatVector PIO2_2_NEGATIVE = all(-Coefficients.PIO2_2);
    static final FloatVector PIO2_3 = all(Coefficients.PIO2_3);
    static final FloatVector PIO2_3_NEGATIVE = all(-Coefficients.PIO2_3);
    static final FloatVector TRIG_LARGE = all(Coefficients.TRIG_LARGE);
    static final FloatVector SIN_0 = all(Coefficients.SIN_0);
    static final FloatVector SIN_1 = all(Coefficients.SIN_1);
    static final FloatVector SIN_2 = all(Coefficients.SIN_2);
    static final FloatVector SIN_3 = all(Coefficients.SIN_3);
    static final FloatVector COS_0 = all(Coefficients.COS_0);
    static final FloatVector COS_1 = all(Coefficients.COS_1);
    static final FloatVector COS_2 = all(Coefficients.COS_2);
    static final FloatVector THIRD_HI = all(Coefficients.THIRD_HI);
    static final FloatVector THIRD_LO = all(Coefficients.THIRD_LO);
    static final FloatVector ATANH_0 = all(Coefficients.ATANH_0);
    static final FloatVector ATANH_1 = all(Coefficients.ATANH_1);
    static final FloatVector ATANH_2 = all(Coefficients.ATANH_2);
    static final FloatVector ATANH_3 = all(Coefficients.ATANH_3);
    static final FloatVector SQRT_HALF = all(Coefficients.SQRT_HALF);
    static final FloatVector SQRT_TWO_OVER_PI = all(Coefficients.SQRT_TWO_OVER_PI);
    static final FloatVector GELU_CUBIC = all(Coefficients.GELU_CUBIC);

    static final IntVector ROUND_BITS = all(Coefficients.ROUND_BITS);
    static final IntVector SQRT_HALF_BITS = all(Coefficients.SQRT_HALF_BITS);
    static final IntVector BIAS = all(127);
    static final IntVector BIAS_BITS = all(Coefficients.ROUND_BITS - 127);
    static final IntVector RAISED_BITS = all(Coefficients.ROUND_BITS - 127 - 64);
    static final IntVector SIGMOID_END_BITS = all(Float.floatToRawIntBits(-Coefficients.EXP_MIN));
    static final IntVector TANH_ONE_BITS = all(Float.floatToRawIntBits(Coefficients.TANH_ONE));
    static final IntVector ERF_ONE_BITS = all(Float.floatToRawIntBits(Coefficients.ERF_ONE));
    static final IntVector BELOW_BIAS_BITS = all(Coefficients.ROUND_BITS - 126);
    static final IntVector FRACTION = all(0x7fffff);
    static final IntVector MAGNITUDE = all(0x7fffffff);
    static final IntVector SIGN = all(0x80000000);
    static final IntVector BIT_0 = all(1);
    static final IntVector BIT_1 = all(2);
    static final IntVector NO_BITS = all(0);

    private VectorConstants() {}

    private static FloatVector all(float value) {
        return FloatVector.broadcast(Lanes.F, value);
    }

    private static IntVector all(int value) {
        return IntVector.broadcast(Lanes.I, value);
    }
}
