package org.reverie.ood.dream;

import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.models.Imagination;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.models.latent.ClassTokens;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * Images that passed through a generator and show what they showed before. ID images of this kind teach a classifier that the
 * generator's traces say nothing of an image's being foreign.
 */
public final class PassedImages {
    /** The share of a sampler's steps that images are sent through again. */
    public static final double HALF_WAY = 0.5;

    private PassedImages() {}

    /** Through the autoencoder alone. */
    public static PixelSet reconstructed(Imagination generator, PixelSet set) {
        return set.withPixels(generator.reconstruct(tensor(set)).toFloats());
    }

    /** All images of an experiment through the autoencoder. */
    static DreamSplits reconstructed(Imagination generator, DreamSplits splits) {
        return new DreamSplits(
                reconstructed(generator, splits.train()),
                reconstructed(generator, splits.validation()),
                reconstructed(generator, splits.test()),
                splits.outliers().stream()
                        .map(set -> reconstructed(generator, set))
                        .toList());
    }

    /**
     * Through all of the generator: noised, and drawn again from the images' own embeddings, without guidance, which would make
     * them more like their class than they are.
     *
     * @param embeddings of the images in their order, {@code [n, width]} or {@code [classes, n / classes, width]}, of any length
     * @param strength see {@link Imagination#rework}
     */
    public static PixelSet reworked(
            Imagination generator,
            PixelSet set,
            HostTensor embeddings,
            double strength,
            Drawing how,
            long seed,
            Progress progress) {
        HostTensor own = ClassTokens.scaled(embeddings);
        return set.withPixels(generator
                .rework(tensor(set), own, strength, how.withGuidance(1), seed, 0, progress)
                .toFloats());
    }

    /** NHWC in [−1, 1]. */
    static HostTensor tensor(PixelSet set) {
        return HostTensor.of(Shape.of(set.size(), set.side(), set.side(), set.channels()), set.pixels());
    }
}
