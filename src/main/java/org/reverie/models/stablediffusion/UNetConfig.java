package org.reverie.models.stablediffusion;

import java.util.List;

/**
 * The size of a latent diffusion U-Net.
 *
 * @param channels of the latent images, in and out
 * @param width channels of the outermost level
 * @param multipliers of the width on each level, outermost first
 * @param attention whether a level attends
 * @param blocks residual blocks of a level on the way down
 * @param heads of every attention
 * @param contextWidth width of the text's states
 * @param groups of the group norms
 * @param lean the way up has as many blocks as the way down, each with the result of one of those as its skip; otherwise it has
 *     one more on each level, and the first convolution and the halvings are skips too
 */
public record UNetConfig(
        int channels,
        int width,
        List<Integer> multipliers,
        List<Boolean> attention,
        int blocks,
        int heads,
        int contextWidth,
        int groups,
        boolean lean) {
    /** That of Stable Diffusion 1: 859,520,964 parameters. */
    public static final UNetConfig STABLE_DIFFUSION_1 = ofWidth(320, 768);

    public UNetConfig {
        multipliers = List.copyOf(multipliers);
        attention = List.copyOf(attention);
        if (multipliers.isEmpty() || multipliers.size() != attention.size()) {
            throw new IllegalArgumentException(
                    "a U-Net needs one multiplier and one choice of attention for each level," + " not " + multipliers
                            + " and " + attention);
        }
        for (int m : multipliers) {
            if (width * m % groups != 0 || width * m % heads != 0) {
                throw new IllegalArgumentException("a U-Net's level of " + width * m + " channels cannot be cut into "
                        + groups + " groups and " + heads + " heads");
            }
        }
    }

    /** Stable Diffusion 1 with another width and another text encoder. */
    public static UNetConfig ofWidth(int width, int contextWidth) {
        List<Boolean> attention = List.of(true, true, true, false);
        return new UNetConfig(4, width, List.of(1, 2, 4, 4), attention, 2, 8, contextWidth, 32, false);
    }

    public int levels() {
        return multipliers.size();
    }

    /** Residual blocks of a level on the way up. */
    int blocksUp() {
        return lean ? blocks : blocks + 1;
    }

    /** Channels of a level. */
    public int width(int level) {
        return width * multipliers.get(level);
    }

    /** Width of the embedding of time. */
    public int timeWidth() {
        return 4 * width;
    }
}
