package org.reverie.diffusion;

/** What a denoising network predicts from a noisy sample. */
public enum Prediction {
    /** The noise that was added. */
    EPSILON,
    /** The clean sample. */
    X0
}
