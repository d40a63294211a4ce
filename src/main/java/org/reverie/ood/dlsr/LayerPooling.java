package org.reverie.ood.dlsr;

import org.reverie.op.Pooling;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** How an activation map {@code [N, H, W, C]} becomes one number a channel. */
public enum LayerPooling {
    /** The mean over all positions (the paper's words, §3.1). */
    AVERAGE,
    /**
     * What the published code computes: a bilinear resize with aligned corners to 14×14, then the mean. The map is linear
     * and separable, so it is a weighted mean; for large maps it reads few of their rows (docs/dlsr.md).
     */
    ALIGNED;

    private static final int GRID = 14;

    /** {@code [N, H, W, C] → [N, C]}. */
    public Tensor pool(Tensor map) {
        return switch (this) {
            case AVERAGE -> Pooling.globalAvgPool(map);
            case ALIGNED -> Pooling.weightedPool(map, weights(map, 1), weights(map, 2));
        };
    }

    private static Tensor weights(Tensor map, int axis) {
        float[] w = alignedWeights(map.dim(axis));
        return Tensor.from(map.device(), HostTensor.of(Shape.of(w.length), w));
    }

    /** The weight of each of n positions in the mean of their aligned-corners resize to 14. Sums to 1. */
    static float[] alignedWeights(int n) {
        double[] w = new double[n];
        for (int o = 0; o < GRID; o++) {
            double at = o * (n - 1) / (double) (GRID - 1);
            int low = Math.min(n - 1, (int) at);
            double part = at - low;
            w[low] += (1 - part) / GRID;
            if (part > 0) {
                w[low + 1] += part / GRID;
            }
        }
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) w[i];
        }
        return f;
    }
}
