package org.reverie.models.stablediffusion;

import java.util.List;

/**
 * The size of an autoencoder between images and latent images.
 *
 * @param latentChannels of a latent image
 * @param width channels of the outermost level
 * @param multipliers of the width on each level, outermost first; between two levels the sides are halved
 * @param blocks residual blocks of a level of the encoder; the decoder has one more
 * @param groups of the group norms
 * @param scale what latent images are multiplied with before diffusion, so that their deviation is about 1
 */
public record AutoencoderConfig(
        int latentChannels, int width, List<Integer> multipliers, int blocks, int groups, double scale) {
    /** That of Stable Diffusion 1: 83,653,863 parameters. */
    public static final AutoencoderConfig STABLE_DIFFUSION_1 = ofWidth(128);

    public AutoencoderConfig {
        multipliers = List.copyOf(multipliers);
        for (int m : multipliers) {
            if (width * m % groups != 0) {
                throw new IllegalArgumentException("an autoencoder's level of " + width * m
                        + " channels cannot be cut into " + groups + " groups");
            }
        }
    }

    /** Stable Diffusion 1 with another width. */
    public static AutoencoderConfig ofWidth(int width) {
        return new AutoencoderConfig(4, width, List.of(1, 2, 4, 4), 2, 32, 0.18215);
    }

    public int levels() {
        return multipliers.size();
    }

    /** Channels of a level. */
    public int width(int level) {
        return width * multipliers.get(level);
    }

    /** Side of an image for each side of its latent image. */
    public int factor() {
        return 1 << levels() - 1;
    }
}
