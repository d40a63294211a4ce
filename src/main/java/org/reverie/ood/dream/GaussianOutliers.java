package org.reverie.ood.dream;

import java.util.Arrays;
import org.reverie.random.Philox;

/**
 * Outliers as VOS draws them (Du et al. 2022): a Gaussian for each class, all of one covariance, and of many draws the least
 * likely ones. For a draw μ + L·z the likelihood is a matter of |z|² alone, so the direction of z is drawn anew each time and its
 * length from the longest of {@value #CANDIDATES} lengths, of which the {@value #KEPT} longest are kept; that is the
 * draw of so many candidates without the candidates.
 */
final class GaussianOutliers implements FeatureOutliers {
    private static final int CANDIDATES = 10_000;
    private static final int KEPT = 20;

    /** Added to the covariance's diagonal, as a share of its mean: few features do not span the space. */
    private static final double RIDGE = 1e-4;

    private final int classes;
    private final int d;
    private final double[] means;
    private final double[] root;

    GaussianOutliers(float[] features, int[] labels, int classes, int d) {
        this.classes = classes;
        this.d = d;
        this.means = means(features, labels);
        this.root = cholesky(covariance(features, labels));
    }

    private double[] means(float[] features, int[] labels) {
        double[] sums = new double[classes * d];
        int[] counts = new int[classes];
        for (int i = 0; i < labels.length; i++) {
            counts[labels[i]]++;
            for (int j = 0; j < d; j++) {
                sums[labels[i] * d + j] += features[i * d + j];
            }
        }
        for (int j = 0; j < sums.length; j++) {
            sums[j] /= Math.max(1, counts[j / d]);
        }
        return sums;
    }

    private double[] covariance(float[] features, int[] labels) {
        double[] sums = new double[d * d];
        double[] from = new double[d];
        for (int i = 0; i < labels.length; i++) {
            for (int j = 0; j < d; j++) {
                from[j] = features[i * d + j] - means[labels[i] * d + j];
            }
            for (int j = 0; j < d; j++) {
                for (int k = 0; k <= j; k++) {
                    sums[j * d + k] += from[j] * from[k];
                }
            }
        }
        double trace = 0;
        for (int j = 0; j < d; j++) {
            trace += sums[j * d + j];
        }
        double ridge = RIDGE * trace / d + Double.MIN_NORMAL;
        for (int j = 0; j < d; j++) {
            sums[j * d + j] += ridge;
        }
        for (int j = 0; j < sums.length; j++) {
            sums[j] /= labels.length;
        }
        return sums;
    }

    /** The lower triangle L of a = L·Lᵀ. */
    private double[] cholesky(double[] a) {
        double[] l = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = a[i * d + j];
                for (int k = 0; k < j; k++) {
                    sum -= l[i * d + k] * l[j * d + k];
                }
                l[i * d + j] = i == j ? Math.sqrt(Math.max(sum, Double.MIN_NORMAL)) : sum / l[j * d + j];
            }
        }
        return l;
    }

    @Override
    public float[] draw(int count, long seed, long step) {
        double[] lengths = longest(seed, step);
        float[] out = new float[count * d];
        float[] z = new float[d];
        long directions = Philox.stream("dream.vos.directions", step);
        for (int i = 0; i < count; i++) {
            Philox.fillNormal(seed, directions + i, 0, z);
            double squares = 0;
            for (float v : z) {
                squares += (double) v * v;
            }
            double factor = lengths[i % lengths.length] / Math.sqrt(squares);
            int c = i % classes;
            for (int j = 0; j < d; j++) {
                double sum = means[c * d + j];
                for (int k = 0; k <= j; k++) {
                    sum += root[j * d + k] * z[k] * factor;
                }
                out[i * d + j] = (float) sum;
            }
        }
        return out;
    }

    /** The longest lengths of {@value #CANDIDATES} draws of z in d dimensions, by Wilson and Hilferty's approximation. */
    private double[] longest(long seed, long step) {
        float[] normals = new float[CANDIDATES];
        Philox.fillNormal(seed, Philox.stream("dream.vos.lengths", step), 0, normals);
        Arrays.sort(normals);
        double[] longest = new double[KEPT];
        double v = 2.0 / (9 * d);
        for (int i = 0; i < KEPT; i++) {
            double cube = 1 - v + normals[CANDIDATES - KEPT + i] * Math.sqrt(v);
            longest[i] = Math.sqrt(d * cube * cube * cube);
        }
        return longest;
    }
}
