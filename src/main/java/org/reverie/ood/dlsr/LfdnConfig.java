package org.reverie.ood.dlsr;

/**
 * The size of the denoiser. The paper's is 720 → 1440 with time width 720 and 16 blocks.
 *
 * @param features length d of a feature vector
 * @param width hidden width of the blocks
 * @param timeWidth width of the time embedding; its sinusoids have twice as many numbers
 * @param blocks number of residual blocks
 */
public record LfdnConfig(int features, int width, int timeWidth, int blocks) {
    public LfdnConfig {
        if (features < 1 || width < 1 || timeWidth < 1 || blocks < 1) {
            throw new IllegalArgumentException("sizes of the denoiser must be positive: " + features
                    + " features, width " + width + ", time width " + timeWidth + ", " + blocks + " blocks");
        }
    }

    /** The paper's denoiser for EfficientNet-B4 features (§3.2): 86,740,560 parameters. */
    public static LfdnConfig paper() {
        return new LfdnConfig(720, 1440, 720, 16);
    }
}
