package org.reverie.models;

import org.reverie.tensor.HostTensor;

/**
 * A latent diffusion model as Dream-OOD uses it: it draws images from embeddings that stand in the place of the class word, and
 * it passes images through its autoencoder.
 */
public interface Imagination extends AutoCloseable {
    /**
     * How images are drawn.
     *
     * @param sampler {@code plms}, {@code ddim}, {@code ddpm} or {@code dpm}
     * @param steps of the sampler
     * @param guidance how much the embedding counts; 1 is without
     * @param batch images at once; the result does not depend on it
     */
    record Drawing(String sampler, int steps, double guidance, int batch) {
        /** The reduced setting's. */
        public static final Drawing SMALL = new Drawing("plms", 25, 2, 64);

        public Drawing withGuidance(double other) {
            return new Drawing(sampler, steps, other, batch);
        }
    }

    /** Width of an embedding. */
    int width();

    /** Height and width of an image. */
    int side();

    /** Channels of an image. */
    int channels();

    /**
     * Draws an image for each embedding. Image i depends on embedding i, the seed and the number {@code first + i}, and on
     * nothing else, so a long job can be done in pieces.
     *
     * @param embeddings F32 {@code [n, width]}
     * @return F32 NHWC {@code [n, side, side, channels]} in [−1, 1]
     */
    HostTensor imagine(HostTensor embeddings, Drawing how, long seed, long first, Progress progress);

    /**
     * Draws images anew that are there already: they get noise up to a time that {@code strength} names, and lose it again
     * towards what their embeddings say (Meng et al., "SDEdit", 2022). They keep their large shapes and get the traces that
     * the whole generator leaves.
     *
     * @param images F32 NHWC {@code [n, side, side, channels]} in [−1, 1]
     * @param embeddings F32 {@code [n, width]}
     * @param strength share of the sampler's steps, above 0 and at most 1
     * @return images of the same layout
     */
    HostTensor rework(
            HostTensor images,
            HostTensor embeddings,
            double strength,
            Drawing how,
            long seed,
            long first,
            Progress progress);

    /** Images of the same layout through encoder and decoder, without noise. */
    HostTensor reconstruct(HostTensor images);

    @Override
    void close();
}
