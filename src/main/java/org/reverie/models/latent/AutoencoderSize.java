package org.reverie.models.latent;

import java.util.List;

/**
 * The size of a {@link SmallAutoencoder}.
 *
 * @param channels of the images
 * @param latentChannels of the latent images
 * @param widths channels of each level, outermost first; between two levels the sides are halved
 * @param blocks residual blocks of a level
 * @param groups of the group norms
 */
public record AutoencoderSize(int channels, int latentChannels, List<Integer> widths, int blocks, int groups) {
    public AutoencoderSize {
        widths = List.copyOf(widths);
        if (channels < 1 || latentChannels < 1 || widths.isEmpty() || blocks < 0) {
            throw new IllegalArgumentException("an autoencoder needs channels, latent channels and a level, not "
                    + channels + ", " + latentChannels + " and " + widths);
        }
        for (int w : widths) {
            if (groups < 1 || w % groups != 0) {
                throw new IllegalArgumentException(
                        "an autoencoder's level of " + w + " channels cannot be cut into " + groups + " groups");
            }
        }
    }

    /** Side of an image for each side of its latent image. */
    public int factor() {
        return 1 << widths.size() - 1;
    }
}
