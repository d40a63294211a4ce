package org.reverie.ood.dlsr;

import java.util.List;

/**
 * DLSR's normalisation: each sample's groups are brought to mean 0 and (unbiased) deviation 1 on their own, without any
 * statistics of the data set (specification §2.5). The deviation has 1e-5 added outside the root.
 */
final class LayerNormalizer {
    private static final float EPS = 1e-5f;

    private LayerNormalizer() {}

    /** Normalised copies of rows of {@code dimension = groupEnds.last} numbers. */
    static float[] normalize(float[] values, List<Integer> groupEnds) {
        float[] out = new float[values.length];
        int d = groupEnds.getLast();
        for (int row = 0; row < values.length; row += d) {
            int start = 0;
            for (int end : groupEnds) {
                group(values, out, row + start, row + end);
                start = end;
            }
        }
        return out;
    }

    /** Sums run in binary64 in ascending order; one rounding to f32 for the mean and one for the divisor. */
    private static void group(float[] x, float[] out, int from, int to) {
        int n = to - from;
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += x[i];
        }
        double mean = sum / n;
        double squares = 0;
        for (int i = from; i < to; i++) {
            squares += (x[i] - mean) * (x[i] - mean);
        }
        float m = (float) mean;
        float divisor = (float) Math.sqrt(squares / Math.max(1, n - 1)) + EPS;
        for (int i = from; i < to; i++) {
            out[i] = (x[i] - m) / divisor;
        }
    }
}
