package org.reverie.ood.dlsr;

import org.reverie.models.Progress;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.Mahalanobis;

/**
 * How unusual a reconstruction error is: the Mahalanobis distance of the residual z̃₀ − z₀ from those of the training
 * images. MSE and MFsim count an error alike in every direction; here one along a direction that the denoiser always gets
 * right weighs more than one along a direction that it never gets right. Of the best linear
 * denoiser the residual is an invertible linear map of the features, and the score their own Mahalanobis distance; what a
 * trained denoiser adds is all that isn't Gaussian about them.
 *
 * <p>The reconstruction is one call without noise at the last time step, where the features are scaled down most, so that
 * the result depends most on what was learned. An addition of ours to the paper's scores.
 */
final class ResidualDistance {
    /** Time step of the reconstruction. */
    static final int TIME = Schedules.STEPS - 1;

    private final Denoiser denoiser;
    private final int dimension;
    private final Mahalanobis distance;

    /**
     * @param denoiser makes reconstructions by {@link #reconstruction}
     * @param train normalised features of the images the denoiser was trained on, {@code [n, dimension]}
     */
    ResidualDistance(Denoiser denoiser, float[] train, int dimension, int threads, Progress progress) {
        this.denoiser = denoiser;
        this.dimension = dimension;
        this.distance = Mahalanobis.fit(residuals(train, progress), threads);
    }

    static Reconstruction reconstruction() {
        return new Reconstruction(Reconstruction.Mode.FAST, TIME, 1, false);
    }

    /** One score a row of normalised features. */
    float[] score(float[] normalized, Progress progress) {
        return distance.score(residuals(normalized, progress));
    }

    private FeatureMatrix residuals(float[] z, Progress progress) {
        float[] r = denoiser.reconstruct(z, progress);
        for (int i = 0; i < r.length; i++) {
            r[i] -= z[i];
        }
        return new FeatureMatrix(r, r.length / dimension, dimension);
    }
}
