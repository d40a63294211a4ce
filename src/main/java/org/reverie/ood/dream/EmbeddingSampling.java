package org.reverie.ood.dream;

/**
 * How embeddings are drawn around the features of a class.
 *
 * @param side where from, and which are kept
 * @param sigma deviation of the noise in each coordinate, on features of length 1
 * @param k which neighbour's distance tells how far out a point is; a feature counts as its own first neighbour
 * @param boundary features that may be drawn around; all of a class that has fewer
 * @param anchors of those that a round draws around
 * @param candidates around each anchor
 * @param kept of an anchor's candidates
 * @param rounds with fresh noise and other anchors
 * @param legacySelection chooses as the official program does, whose mistakes make the choice almost random: distances are
 *     read transposed, and where one candidate is kept all come from one anchor
 */
public record EmbeddingSampling(
        Side side,
        double sigma,
        int k,
        int boundary,
        int anchors,
        int candidates,
        int kept,
        int rounds,
        boolean legacySelection) {
    /** Where embeddings are drawn. */
    public enum Side {
        /** Around the features farthest out, keeping what is farther still. */
        OUTLIER,
        /** Around the features deepest inside, keeping what is deepest. */
        INLIER
    }

    /** The paper's for ImageNet-100: 10,000 embeddings of each class. */
    public static final EmbeddingSampling IMAGENET_100 =
            new EmbeddingSampling(Side.OUTLIER, 0.03, 300, 200, 50, 1500, 2, 100, false);

    /** The paper's for CIFAR-100: 10,000 embeddings of each class. */
    public static final EmbeddingSampling CIFAR_100 =
            new EmbeddingSampling(Side.OUTLIER, 0.07, 300, 50, 50, 1500, 2, 100, false);

    /** The paper's for more training images (Dream-ID): 10,000 embeddings of each class. */
    public static final EmbeddingSampling INLIERS =
            new EmbeddingSampling(Side.INLIER, 0.01, 300, 1000, 100, 1500, 1, 100, false);

    public EmbeddingSampling {
        if (!(sigma > 0) || k < 1 || boundary < 1 || anchors < 1 || candidates < 1 || kept < 1 || rounds < 1) {
            throw new IllegalArgumentException("sigma, k and all counts must be positive, not " + sigma + ", " + k
                    + ", " + boundary + ", " + anchors + ", " + candidates + ", " + kept + ", " + rounds);
        }
        if (kept > candidates) {
            throw new IllegalArgumentException("cannot keep " + kept + " of " + candidates + " candidates");
        }
    }

    /** The same with another deviation. */
    public EmbeddingSampling withSigma(double other) {
        return new EmbeddingSampling(side, other, k, boundary, anchors, candidates, kept, rounds, legacySelection);
    }

    /** The same with the official program's choice, or without. */
    public EmbeddingSampling withLegacySelection(boolean legacy) {
        return new EmbeddingSampling(side, sigma, k, boundary, anchors, candidates, kept, rounds, legacy);
    }

    /** Embeddings of one class. */
    public int count() {
        return Math.multiplyExact(Math.multiplyExact(rounds, anchors), kept);
    }
}
