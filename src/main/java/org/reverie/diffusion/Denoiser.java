package org.reverie.diffusion;

import org.reverie.tensor.Tensor;

/** A denoising network. */
@FunctionalInterface
public interface Denoiser {
    /**
     * @param x noisy samples [N, …]
     * @param t their time steps, I32 [N], 0 … T − 1
     * @return what it predicts, of x's shape (see {@link Prediction}); with guidance [2N, …], first what it predicts of each sample
     *     when it is told nothing
     */
    Tensor predict(Tensor x, Tensor t);

    /** How far to go from the first prediction u of a sample to the second, c: u + guidance·(c − u). With 1 there is one prediction. */
    default double guidance() {
        return 1;
    }
}
