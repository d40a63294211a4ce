package org.reverie.data;

import java.util.List;

/**
 * The images of an experiment of Dream-OOD. The three parts of the ID set have no image in common; nothing may be tuned on
 * {@code test} or {@code outliers}.
 *
 * @param train ID images with labels 0 … classes − 1
 * @param validation ID images held out of the training, for thresholds and the filter
 * @param test ID images
 * @param outliers OOD test sets, near and far
 */
public record DreamSplits(PixelSet train, PixelSet validation, PixelSet test, List<PixelSet> outliers) {
    public DreamSplits {
        if (outliers.isEmpty()) {
            throw new IllegalArgumentException("there are no OOD sets to test with");
        }
        outliers = List.copyOf(outliers);
    }
}
