package org.reverie.ood;

import java.util.Arrays;

/**
 * The ROC curve with OOD as the positive class: for a falling threshold, the share of ID images flagged (x) and the
 * share of OOD images caught (y). It starts at (0, 0), ends at (1, 1), and a group of tied scores is one straight
 * segment, so that the area under the full curve is {@link Metrics#auroc}.
 *
 * @param falsePositive ascending, in [0, 1]
 * @param truePositive as long as {@code falsePositive}, ascending, in [0, 1]
 */
public record RocCurve(double[] falsePositive, double[] truePositive) {
    /** The full curve, one point for each distinct score and the origin. */
    public static RocCurve of(float[] id, float[] ood) {
        return thinned(id, ood, Integer.MAX_VALUE);
    }

    /**
     * The curve for drawing: a point is left out when it lies less than {@code 1 / resolution} from the last one kept,
     * measured as the sum of both steps. So at most {@code 2 · resolution + 2} points remain, and no kept point moves.
     */
    public static RocCurve thinned(float[] id, float[] ood, int resolution) {
        if (resolution < 1) {
            throw new IllegalArgumentException("resolution is " + resolution + "; it must be at least 1");
        }
        float[] negatives = Metrics.sorted("ID", id);
        float[] positives = Metrics.sorted("OOD", ood);
        int most = (int) Math.min(2L * resolution + 2, (long) negatives.length + positives.length + 1);
        double[] x = new double[most];
        double[] y = new double[most];
        int points = 1;
        int n = negatives.length;
        int p = positives.length;
        while (n > 0 || p > 0) {
            float score = Math.max(
                    n > 0 ? negatives[n - 1] : Float.NEGATIVE_INFINITY,
                    p > 0 ? positives[p - 1] : Float.NEGATIVE_INFINITY);
            while (n > 0 && negatives[n - 1] >= score) {
                n--;
            }
            while (p > 0 && positives[p - 1] >= score) {
                p--;
            }
            double flagged = (double) (negatives.length - n) / negatives.length;
            double caught = (double) (positives.length - p) / positives.length;
            double step = flagged - x[points - 1] + caught - y[points - 1];
            if (n == 0 && p == 0 || step * resolution >= 1 || resolution == Integer.MAX_VALUE) {
                x[points] = flagged;
                y[points] = caught;
                points++;
            }
        }
        return new RocCurve(Arrays.copyOf(x, points), Arrays.copyOf(y, points));
    }

    /** Area under the polygon, by trapezoids. */
    public double area() {
        double area = 0;
        for (int i = 1; i < falsePositive.length; i++) {
            area += (falsePositive[i] - falsePositive[i - 1]) * (truePositive[i] + truePositive[i - 1]) / 2;
        }
        return area;
    }
}
