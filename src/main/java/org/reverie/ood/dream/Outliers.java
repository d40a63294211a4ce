package org.reverie.ood.dream;

import org.reverie.data.PixelSet;

/** What a classifier learns to know as foreign. */
public sealed interface Outliers {
    /** Nothing: the training is that of an ordinary classifier. */
    record None() implements Outliers {}

    /**
     * Images, which are used again and again.
     *
     * @param images at least one
     */
    record Pool(PixelSet images) implements Outliers {}

    /** Images of uniform noise. */
    record Noise() implements Outliers {}

    /**
     * Features at the edge of the classes, drawn before the last layer. Where the classes lie is looked up at the beginning
     * of each epoch, with the weights of then; before {@code start} there are none.
     *
     * @param start the first epoch that has outliers, as a share of all
     */
    record Features(FeatureOutliers.Kind kind, double start) implements Outliers {
        /** The usual start: VOS and NPOS wait until the features mean something. */
        public static final double START = 0.4;
    }

    /** No outliers. */
    Outliers NONE = new None();
}
