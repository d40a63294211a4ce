package org.reverie.device.cpu;

/**
 * Formulas of several operations on f32 in memory, element by element, in one pass. Each operation written here is rounded
 * once. Elements are contiguous; an output may be one of the inputs unless said otherwise.
 */
public interface FusedKernels {
    /** {@code y[i] = value}. */
    void fill(long n, float value, long y);

    /** {@code y[i] = x < low ? low : x > high ? high : x}; NaN stays. */
    void clamp(long n, float low, float high, long x, long y);

    /** {@code y[i] = low ≤ x[i] ≤ high ? g[i] : +0}. */
    void clampGradient(long n, float low, float high, long x, long g, long y);

    /** {@code y[r][i] = fma(b[r], z[r][i], a[r] · x[r][i])} for rows of {@code cols} elements. */
    void combine(float[] a, float[] b, int cols, long x, long z, long y);

    /** {@code y[i] = scale · fma(−noise, e[i], x[i])}. */
    void denoise(long n, float scale, float noise, long x, long e, long y);

    /**
     * One step of gradient descent, in place: {@code d = fma(decay, p, g)}, or g if decay is 0; with a velocity v (0: none)
     * {@code v = fma(momentum, v, d)} and {@code d = nesterov ? fma(momentum, v, d) : v}; {@code p = fma(−lr, d, p)}.
     */
    void sgd(long n, long p, long v, long g, float lr, float momentum, boolean nesterov, float decay);

    /** Rows x = (a, b) of 2·cols elements: {@code y = a · gelu(b)}; y must not overlap x. */
    void geglu(int rows, int cols, long x, long y);

    /** Rows x = (a, b): {@code dx = (g · gelu(b), (g · a) · gelu′(b))}; dx must not overlap x or g. */
    void gegluGradient(int rows, int cols, long x, long g, long dx);

    /** {@code y[i] = d · d, d = a[i] − b[i]}. */
    void squaredDifference(long n, long a, long b, long y);

    /** {@code y[i] = weight · (a[i] − b[i])}. */
    void weightedDifference(long n, float weight, long a, long b, long y);

    /** {@code y[i] = (max(x, 0) − x · z) + log1p(exp(−|x|))}. */
    void logisticLoss(long n, long x, long z, long y);

    /** {@code y[i] = weight · (sigmoid(x) − z)}. */
    void logisticGradient(long n, float weight, long x, long z, long y);
}
