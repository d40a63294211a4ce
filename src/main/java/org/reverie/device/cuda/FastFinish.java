package org.reverie.device.cuda;

import org.reverie.device.spec.Activation;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/** What follows a fast contraction in its kernel, as the struct Finish of {@code kernels/cuda/fast/finish.h} says it. */
final class FastFinish {
    private static final int NONE = 0;
    private static final int CLAMP = 1;
    private static final int SWISH = 2;
    private static final int ERF = 3;
    private static final int LOGISTIC = 4;

    /** Of tanh's form of GELU as a logistic function: twice √(2/π). */
    private static final float TWICE_ROOT = 1.5957691216f;

    private static final float CUBIC = 0.044715f;
    private static final float QUICK = 1.702f;

    private FastFinish() {}

    /** Nothing but the sums, in binary32. */
    static int[] sums() {
        return words(Activation.NONE, 1, null, null, DType.F32);
    }

    /**
     * @param scale what the sums are multiplied with
     * @param bias F32 or of the operands' dtype, one number to a column; or null
     * @param residual of the output's dtype and shape, or null; rows may be apart, or one row repeated
     */
    static int[] words(Activation activation, double scale, Tensor bias, Tensor residual, DType output) {
        int[] kind = switch (activation) {
            case NONE -> kind(NONE, 0, 0, 0);
            case RELU -> kind(CLAMP, 0, Float.POSITIVE_INFINITY, 0);
            case RELU6 -> kind(CLAMP, 0, 6, 0);
            case SILU -> kind(SWISH, 1, 0, 0);
            case QUICK_GELU -> kind(SWISH, QUICK, 0, 0);
            case GELU_TANH -> kind(SWISH, TWICE_ROOT, TWICE_ROOT * CUBIC, 0);
            case GELU -> kind(ERF, 0, 0, 0);
            case SIGMOID -> kind(LOGISTIC, 1, 1, 0);
            case TANH -> kind(LOGISTIC, 2, 2, -1);
        };
        return new int[] {
            kind[0],
            kind[1],
            kind[2],
            kind[3],
            bits((float) scale),
            parameter(bias),
            residual == null ? 0 : 1,
            residual == null || residual.rank() < 2 ? 0 : Math.toIntExact(residual.stride(-2)),
            output == DType.F32 ? 1 : 0
        };
    }

    /** How kernels are told of a parameter: 0 absent, 1 in F32, 2 in the operands' dtype. */
    static int parameter(Tensor t) {
        return t == null ? 0 : t.dtype() == DType.F32 ? 1 : 2;
    }

    private static int[] kind(int kind, float p, float q, float r) {
        return new int[] {kind, bits(p), bits(q), bits(r)};
    }

    private static int bits(float x) {
        return Float.floatToRawIntBits(x);
    }
}
