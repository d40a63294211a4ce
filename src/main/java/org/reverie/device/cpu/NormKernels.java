package org.reverie.device.cpu;

import org.reverie.device.spec.Activation;

/**
 * Normalisations: {@code y = activation(fma(n, weight, bias))} with {@code n = (x − mean) · (1 / √(variance + ε))},
 * every operation rounded. Means are rule 3 sums divided by the count; variances are the means of (x − mean)². An
 * absent weight (address 0) is 1, an absent bias 0.
 */
public interface NormKernels {
    /** Means and variances [outer · groups] of x. */
    void statistics(NormGeometry geometry, long x, long means, long variances);

    /**
     * y from x and the statistics; y may be x.
     *
     * @param own whether the statistics are those of x: they are then written, not read
     */
    void normalize(
            NormGeometry geometry,
            boolean own,
            long x,
            long means,
            long variances,
            long weight,
            long bias,
            float epsilon,
            Activation activation,
            long y);

    /**
     * The gradients with respect to x, weight and bias when the statistics are those of x. With u the gradient before
     * the activation and h = u · weight: {@code dx = ((h − mean h) − n · mean(h · n)) · (1 / √(variance + ε))}, {@code
     * dWeight = Σ u · n}, {@code dBias = Σ u}; no fma in these.
     *
     * @param own whether the statistics are to be computed, as in {@link #normalize}
     * @param workspace room for three tensors like x
     */
    void gradient(
            NormGeometry geometry,
            boolean own,
            long x,
            long means,
            long variances,
            long weight,
            long bias,
            long g,
            float epsilon,
            Activation activation,
            long dx,
            long dWeight,
            long dBias,
            long workspace);
}
