package org.reverie.ood.dlsr;

import java.util.List;

/** How badly features are reconstructed; higher means more foreign (specification §4.4). Sums run in binary64. */
public final class ReconstructionScores {
    private static final double EPS = 1e-8;

    private ReconstructionScores() {}

    /** Σ (z̃ − z)² over all dimensions. */
    public static float[] mse(float[] clean, float[] reconstructed, int dimension) {
        float[] scores = new float[clean.length / dimension];
        for (int row = 0; row < scores.length; row++) {
            double sum = 0;
            for (int i = row * dimension; i < (row + 1) * dimension; i++) {
                double d = (double) reconstructed[i] - clean[i];
                sum += d * d;
            }
            scores[row] = (float) sum;
        }
        return scores;
    }

    /**
     * −mean over the layer groups of the cosine between z̃ and z.
     *
     * @param omitFirst leaves out the first group, as the published code does
     */
    public static float[] mfsim(float[] clean, float[] reconstructed, List<Integer> groupEnds, boolean omitFirst) {
        int d = groupEnds.getLast();
        int first = omitFirst && groupEnds.size() > 1 ? 1 : 0;
        float[] scores = new float[clean.length / d];
        for (int row = 0; row < scores.length; row++) {
            double sum = 0;
            for (int g = first; g < groupEnds.size(); g++) {
                int from = row * d + (g == 0 ? 0 : groupEnds.get(g - 1));
                sum += cosine(clean, reconstructed, from, row * d + groupEnds.get(g));
            }
            scores[row] = (float) (-sum / (groupEnds.size() - first));
        }
        return scores;
    }

    private static double cosine(float[] a, float[] b, int from, int to) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int i = from; i < to; i++) {
            ab += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return ab / Math.max(Math.sqrt(aa) * Math.sqrt(bb), EPS);
    }
}
