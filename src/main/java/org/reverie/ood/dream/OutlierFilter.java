package org.reverie.ood.dream;

import java.util.stream.IntStream;
import org.reverie.data.PixelSet;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.Metrics;
import org.reverie.ood.NearestNeighbour;

/**
 * Tells which generated images are outliers indeed: those whose own embedding is farther from its neighbours among the
 * training images' than {@value #PERCENT} % of the held-out ID images' are. Only images of the validation part decide where
 * that is.
 */
public final class OutlierFilter {
    /** Which neighbour's distance counts. */
    public static final int NEIGHBOUR = 10;

    /** The share of held-out ID images that lie within. */
    public static final double PERCENT = 95;

    private final Encoder encoder;
    private final NearestNeighbour neighbours;
    private final double threshold;

    /** @param validation ID images that the encoder was not trained on and that nothing is tested with */
    public OutlierFilter(Encoder encoder, PixelSet train, PixelSet validation) {
        this.encoder = encoder;
        this.neighbours = NearestNeighbour.fit(encoder.apply(train), NEIGHBOUR, 1);
        this.threshold = Metrics.percentile(neighbours.score(encoder.apply(validation)), PERCENT);
    }

    /** The distance that an outlier exceeds. */
    public double threshold() {
        return threshold;
    }

    /** The images that are outliers, by their index. */
    public int[] kept(PixelSet generated) {
        return kept(encoder.apply(generated));
    }

    /** The same from embeddings. */
    public int[] kept(FeatureMatrix embeddings) {
        float[] distances = neighbours.score(embeddings);
        return IntStream.range(0, distances.length)
                .filter(i -> distances[i] > threshold)
                .toArray();
    }
}
