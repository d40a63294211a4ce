package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.reverie.ood.dream.EmbeddingSampling.Side;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Outliers as NPOS draws them (Tao et al. 2023), by the {@link EmbeddingSampler} of stage 2 in the classifier's own features
 * instead of the text's space. They get the mean length of their class's features. A pool is drawn once; steps take from it.
 */
final class NeighbourOutliers implements FeatureOutliers {
    private static final double SIGMA = 0.1;
    private static final int NEIGHBOUR = 50;
    private static final int BOUNDARY = 100;
    private static final int ANCHORS = 40;
    private static final int CANDIDATES = 60;
    private static final int KEPT = 2;
    private static final int ROUNDS = 4;

    private final Device device;
    private final List<float[]> classes = new ArrayList<>();
    private final int d;
    private float[][] pools;

    NeighbourOutliers(Device device, float[] features, int[] labels, int classes, int d) {
        this.device = device;
        this.d = d;
        for (int c = 0; c < classes; c++) {
            this.classes.add(rows(features, labels, c));
        }
    }

    /** The features of a class that have a direction: behind a ReLU a feature may be zero. */
    private float[] rows(float[] features, int[] labels, int c) {
        float[] own = new float[features.length];
        int n = 0;
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] == c && length(features, i * d) > 0) {
                System.arraycopy(features, i * d, own, n++ * d, d);
            }
        }
        return Arrays.copyOf(own, n * d);
    }

    private double length(float[] values, int from) {
        double squares = 0;
        for (int j = 0; j < d; j++) {
            squares += (double) values[from + j] * values[from + j];
        }
        return Math.sqrt(squares);
    }

    @Override
    public float[] draw(int count, long seed, long step) {
        if (pools == null) {
            pools = pools(Philox.stream("dream.npos.seed", seed, step));
        }
        float[] out = new float[count * d];
        long stream = Philox.stream("dream.npos.choice", step);
        for (int i = 0; i < count; i++) {
            float[] pool = pools[i % pools.length];
            int row = Philox.below(seed, stream, i, pool.length / d);
            System.arraycopy(pool, row * d, out, i * d, d);
        }
        return out;
    }

    private float[][] pools(long seed) {
        float[][] all = new float[classes.size()][];
        for (int c = 0; c < all.length; c++) {
            float[] own = classes.get(c);
            int n = own.length / d;
            if (n == 0) {
                throw new IllegalArgumentException("class " + c + " has no feature to draw around");
            }
            double mean = 0;
            for (int i = 0; i < n; i++) {
                mean += length(own, i * d) / n;
            }
            int k = Math.min(NEIGHBOUR, n);
            int anchors = Math.min(ANCHORS, n);
            EmbeddingSampling how =
                    new EmbeddingSampling(Side.OUTLIER, SIGMA, k, BOUNDARY, anchors, CANDIDATES, KEPT, ROUNDS, false);
            try (Scope scope = Scope.open()) {
                Tensor features = Tensor.of(device, Shape.of(n, d), own);
                all[c] = new EmbeddingSampler(how, seed).draw(features, mean, c).toFloats();
            }
        }
        return all;
    }
}
