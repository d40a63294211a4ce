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

    /** Images of the same layout through encoder and decoder, without noise. */
    HostTensor reconstruct(HostTensor images);

    @Override
    void close();
}
