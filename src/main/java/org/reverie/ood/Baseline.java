package org.reverie.ood;

/**
 * A detector without training of its own: it knows the features of the ID training images and nothing else. It stands
 * beside every DLSR score, because on good features it is hard to beat. Scores depend on no other image of the query,
 * on no thread count and on no vector width.
 */
public sealed interface Baseline permits Mahalanobis, NearestNeighbour {
    /** Short name for tables and JSON keys. */
    String name();

    /**
     * One score for each row, higher means OOD.
     *
     * @param queries any number of rows of the dimension that the baseline was fitted on
     * @throws IllegalArgumentException if the dimension differs
     */
    float[] score(FeatureMatrix queries);
}
