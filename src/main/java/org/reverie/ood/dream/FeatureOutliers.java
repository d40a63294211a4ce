package org.reverie.ood.dream;

import org.reverie.tensor.Device;

/** Draws features that lie at the edge of the classes: what others do instead of imagining images. */
public interface FeatureOutliers {
    /** Whose way. */
    enum Kind {
        /** Gaussians of one covariance; the least likely draws (Du et al. 2022, "VOS"). */
        VOS,
        /** Around the features farthest from their neighbours, keeping what is farther still (Tao et al. 2023, "NPOS"). */
        NPOS
    }

    /**
     * Features for one step, {@code [count, d]}; they depend on seed and step alone.
     *
     * @param count how many; they come from the classes in turn
     */
    float[] draw(int count, long seed, long step);

    /**
     * Looks at the features of the classes.
     *
     * @param features {@code [n, d]}
     * @param labels class of each row
     */
    static FeatureOutliers of(Kind kind, Device device, float[] features, int[] labels, int classes, int d) {
        return switch (kind) {
            case VOS -> new GaussianOutliers(features, labels, classes, d);
            case NPOS -> new NeighbourOutliers(device, features, labels, classes, d);
        };
    }
}
