package org.reverie.diffusion;

import org.reverie.tensor.Tensor;

/** A denoising network. */
@FunctionalInterface
public interface Denoiser {
    /**
     * @param x noisy samples [N, …]
     * @param t their time steps, I32 [N], 0 … T − 1
     * @return what it predicts, of x's shape (see {@link Prediction})
     */
    Tensor predict(Tensor x, Tensor t);
}
