package org.reverie.models.clip;

/**
 * The size of a CLIP text encoder.
 *
 * @param vocabulary token ids
 * @param positions tokens of a prompt
 * @param width of the residual stream
 * @param layers of the transformer
 * @param hidden width of the layers' perceptrons
 * @param heads of each attention
 */
public record ClipTextConfig(int vocabulary, int positions, int width, int layers, int hidden, int heads) {
    private static final int HEAD = 64;

    /** That of CLIP ViT-L/14, which Stable Diffusion 1 uses: 123,060,480 parameters. */
    public static final ClipTextConfig VIT_L_14 = new ClipTextConfig(49_408, 77, 768, 12, 3072);

    public ClipTextConfig {
        if (vocabulary < 1 || positions < 1 || width < 1 || layers < 1 || hidden < 1 || heads < 1) {
            throw new IllegalArgumentException("the extents of a text encoder are positive: " + vocabulary + ", "
                    + positions + ", " + width + ", " + layers + ", " + hidden + ", " + heads);
        }
        if (width % heads != 0) {
            throw new IllegalArgumentException(
                    "a text encoder of width " + width + " cannot be cut into " + heads + " heads");
        }
    }

    /** As CLIP is: heads are 64 wide, or one takes all where the width is less. */
    public ClipTextConfig(int vocabulary, int positions, int width, int layers, int hidden) {
        this(vocabulary, positions, width, layers, hidden, clipHeads(width));
    }

    private static int clipHeads(int width) {
        if (width > HEAD && width % HEAD != 0) {
            throw new IllegalArgumentException(
                    "a text encoder of width " + width + " cannot be cut into heads of width " + HEAD);
        }
        return Math.max(1, width / HEAD);
    }
}
