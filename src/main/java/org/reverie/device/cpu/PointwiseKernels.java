package org.reverie.device.cpu;

/**
 * Arithmetic element by element on f32 in memory, one rounding for each operation written here. Elements are contiguous
 * where no stride is given. An output may be one of the inputs, but must not overlap them otherwise.
 */
public interface PointwiseKernels {
    /**
     * Functions of one number; the activations and the rest as in {@code numerics.Elementary} and {@code
     * spec.Activation}.
     */
    enum Unary {
        NEG,
        ABS,
        SIGN,
        SQUARE,
        SQRT,
        RSQRT,
        EXP,
        EXPM1,
        LOG,
        LOG1P,
        SIN,
        COS,
        ERF,
        RELU,
        RELU6,
        SILU,
        GELU,
        GELU_TANH,
        QUICK_GELU,
        SIGMOID,
        TANH,
        SOFTPLUS
    }

    /**
     * Functions of two numbers. {@code F_GRADIENT} is (x, g) → g · F′(x). Maximum and minimum: NaN wins, −0 is below
     * +0.
     */
    enum Binary {
        ADD,
        SUB,
        MUL,
        DIV,
        MAXIMUM,
        MINIMUM,
        POW,
        RELU_GRADIENT,
        RELU6_GRADIENT,
        SILU_GRADIENT,
        QUICK_GELU_GRADIENT,
        GELU_GRADIENT,
        GELU_TANH_GRADIENT,
        SIGMOID_GRADIENT,
        TANH_GRADIENT,
        SOFTPLUS_GRADIENT
    }

    /** {@code y[i] = f(x[i])}. */
    void unary(Unary f, long n, long x, long y);

    /** {@code y[i] = f(a[i], b[i])}. */
    void binary(Binary f, long n, long a, long b, long y);

    /** {@code y[i] = f(a[i], b)}. */
    void binary(Binary f, long n, long a, float b, long y);

    /**
     * {@code y[p][i][j] = f(a[p][i][j], b[p][i][j])} with broadcasting: a stride of 0 repeats an operand along that
     * axis.
     *
     * @param a, b column strides are 0 or 1
     * @param y contiguous
     */
    void binary(Binary f, int batch, int rows, int cols, Strided a, Strided b, long y);

    /** {@code y[i] = fma(a, x[i], y[i])}. */
    void axpy(long n, float a, long x, long y);

    /** {@code average[i] = fma(rate, value[i] − average[i], average[i])}. */
    void ema(long n, float rate, long value, long average);

    /**
     * One step of AdamW, in place: {@code p·decay; m = fma(firstRate, g − m, m);
     * v = fma(secondRate·g, g, secondKept·v); p = fma(−stepSize, m / (√v / secondRoot + epsilon), p)}.
     */
    void adamw(
            long n,
            long p,
            long m,
            long v,
            long g,
            float decay,
            float firstRate,
            float secondKept,
            float secondRate,
            float stepSize,
            float secondRoot,
            float epsilon);

    /** f32 from f16. */
    void fromHalf(long n, long x, long y);

    /** f32 from bf16. */
    void fromBfloat(long n, long x, long y);

    /** f32 from unsigned bytes, 0 to 255. */
    void fromBytes(long n, long x, long y);
}
