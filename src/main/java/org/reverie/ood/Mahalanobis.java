package org.reverie.ood;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Distance from one Gaussian fitted to the ID training features, without labels. Features are divided by their standard
 * deviation first, and a small ridge is added to the diagonal of the correlation matrix: so the ridge means the same
 * for every feature, and the score does not change when a feature is rescaled. It is needed because features that are
 * Z-scored in groups satisfy exact linear constraints, which make their covariance singular.
 *
 * <p>Mean, covariance, Cholesky factor and distance are in double, each sum in one fixed order: the lanes of a vector
 * are matrix columns or queries, never parts of a sum.
 */
public final class Mahalanobis implements Baseline {
    /** Added to the diagonal of the correlation matrix, whose entries there are 1. */
    public static final double DEFAULT_RIDGE = 1e-3;

    /**
     * A feature whose standard deviation is below this share of the root mean square of all is divided by that floor
     * instead: one that never moves on ID images still counts when it moves, but does not drown all others.
     */
    private static final double SCALE_FLOOR = 1e-4;

    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;

    /** Queries that are solved together: four vectors, which stay in registers along a row of the factor. */
    private static final int QUERIES = 4 * SPECIES.length();

    /** Training rows centred at a time while the covariance is summed. */
    private static final int SAMPLES = 64;

    private final int dimension;
    private final int threads;
    private final double[] mean;
    private final double[] scale;

    /** Lower triangle, row-major with full rows. */
    private final double[] factor;

    private Mahalanobis(FeatureMatrix train, double ridge, int threads) {
        this.threads = threads;
        dimension = train.dimension();
        mean = mean(train);
        scale = scale(train, mean);
        factor = correlation(train);
        for (int i = 0; i < dimension; i++) {
            factor[i * dimension + i] += ridge;
        }
        factorise(factor, dimension, ridge);
    }

    /** With {@link #DEFAULT_RIDGE}. */
    public static Mahalanobis fit(FeatureMatrix train, int threads) {
        return fit(train, DEFAULT_RIDGE, threads);
    }

    /**
     * @param train features of the ID training images, at least two rows
     * @param ridge added to the diagonal of the correlation matrix, at least 0
     * @param threads that work at once, at least 1
     * @throws IllegalArgumentException if the matrix is singular, which a ridge above 10⁻⁹ prevents
     */
    public static Mahalanobis fit(FeatureMatrix train, double ridge, int threads) {
        if (train.count() < 2) {
            throw new IllegalArgumentException("mahalanobis needs at least 2 training images, not " + train.count());
        }
        if (!(ridge >= 0 && ridge < Double.POSITIVE_INFINITY) || threads < 1) {
            throw new IllegalArgumentException(
                    "ridge is " + ridge + " and threads is " + threads + "; they must be at least 0 and 1");
        }
        Math.multiplyExact(train.dimension(), train.dimension());
        return new Mahalanobis(train, ridge, threads);
    }

    @Override
    public String name() {
        return "mahalanobis";
    }

    @Override
    public float[] score(FeatureMatrix queries) {
        queries.requireDimension(dimension);
        float[] scores = new float[queries.count()];
        Workers.run(threads, worker -> {
            double[] z = new double[dimension * QUERIES];
            for (long from = (long) worker * QUERIES; from < scores.length; from += (long) threads * QUERIES) {
                score(queries, (int) from, Math.min(QUERIES, scores.length - (int) from), z, scores);
            }
        });
        return scores;
    }

    private void score(FeatureMatrix queries, int from, int n, double[] z, float[] scores) {
        Arrays.fill(z, 0);
        for (int q = 0; q < n; q++) {
            int row = (from + q) * dimension;
            for (int j = 0; j < dimension; j++) {
                z[j * QUERIES + q] = (queries.values()[row + j] - mean[j]) / scale[j];
            }
        }
        for (int i = 0; i < dimension; i++) {
            eliminate(factor, i * dimension, i, z);
        }
        double[] sum = new double[QUERIES];
        for (int j = 0; j < dimension; j++) {
            for (int q = 0; q < QUERIES; q++) {
                double v = z[j * QUERIES + q];
                sum[q] += v * v;
            }
        }
        for (int q = 0; q < n; q++) {
            scores[from + q] = (float) Math.sqrt(sum[q]);
        }
    }

    /** Forward substitution for row i of the factor and all queries: z[i] = (z[i] − Σ L[i, j] z[j]) / L[i, i]. */
    private static void eliminate(double[] factor, int row, int i, double[] z) {
        int lanes = SPECIES.length();
        int at = i * QUERIES;
        DoubleVector a = DoubleVector.fromArray(SPECIES, z, at);
        DoubleVector b = DoubleVector.fromArray(SPECIES, z, at + lanes);
        DoubleVector c = DoubleVector.fromArray(SPECIES, z, at + 2 * lanes);
        DoubleVector d = DoubleVector.fromArray(SPECIES, z, at + 3 * lanes);
        for (int j = 0; j < i; j++) {
            DoubleVector l = DoubleVector.broadcast(SPECIES, -factor[row + j]);
            int from = j * QUERIES;
            a = l.fma(DoubleVector.fromArray(SPECIES, z, from), a);
            b = l.fma(DoubleVector.fromArray(SPECIES, z, from + lanes), b);
            c = l.fma(DoubleVector.fromArray(SPECIES, z, from + 2 * lanes), c);
            d = l.fma(DoubleVector.fromArray(SPECIES, z, from + 3 * lanes), d);
        }
        double pivot = factor[row + i];
        a.div(pivot).intoArray(z, at);
        b.div(pivot).intoArray(z, at + lanes);
        c.div(pivot).intoArray(z, at + 2 * lanes);
        d.div(pivot).intoArray(z, at + 3 * lanes);
    }

    private static double[] mean(FeatureMatrix train) {
        double[] mean = new double[train.dimension()];
        for (int i = 0, at = 0; i < train.count(); i++) {
            for (int j = 0; j < mean.length; j++) {
                mean[j] += train.values()[at++];
            }
        }
        for (int j = 0; j < mean.length; j++) {
            mean[j] /= train.count();
        }
        return mean;
    }

    private static double[] scale(FeatureMatrix train, double[] mean) {
        double[] variance = new double[mean.length];
        for (int i = 0, at = 0; i < train.count(); i++) {
            for (int j = 0; j < mean.length; j++) {
                double v = train.values()[at++] - mean[j];
                variance[j] += v * v;
            }
        }
        double total = 0;
        for (int j = 0; j < mean.length; j++) {
            variance[j] /= train.count() - 1;
            total += variance[j];
        }
        // where nothing moves at all, plain distances are left
        double floor = total == 0 ? 1 : SCALE_FLOOR * Math.sqrt(total / mean.length);
        double[] scale = new double[mean.length];
        for (int j = 0; j < mean.length; j++) {
            scale[j] = Math.max(Math.sqrt(variance[j]), floor);
        }
        return scale;
    }

    /** Lower triangle of the covariance of the scaled features; worker t sums the rows t, t + threads, … */
    private double[] correlation(FeatureMatrix train) {
        double[] sums = new double[dimension * dimension];
        Workers.run(threads, worker -> {
            double[] block = new double[SAMPLES * dimension];
            for (int from = 0; from < train.count(); from += SAMPLES) {
                int n = Math.min(SAMPLES, train.count() - from);
                for (int s = 0; s < n; s++) {
                    int row = (from + s) * dimension;
                    for (int j = 0; j < dimension; j++) {
                        block[s * dimension + j] = (train.values()[row + j] - mean[j]) / scale[j];
                    }
                }
                Arrays.fill(block, n * dimension, block.length, 0); // zero rows add nothing
                for (int i = worker; i < dimension; i += threads) {
                    for (int s = 0; s < SAMPLES; s += 4) {
                        addProducts(sums, i * dimension, i, block, s * dimension, dimension);
                    }
                }
            }
        });
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= train.count() - 1;
        }
        return sums;
    }

    /** Adds x[i]·x[j] of four samples to the entries j ≤ i of one row. */
    private static void addProducts(double[] sums, int row, int i, double[] block, int s, int dimension) {
        int t = s + dimension;
        int u = t + dimension;
        int v = u + dimension;
        double a = block[s + i];
        double b = block[t + i];
        double c = block[u + i];
        double d = block[v + i];
        for (int j = 0; j <= i; j++) {
            sums[row + j] += a * block[s + j] + b * block[t + j] + c * block[u + j] + d * block[v + j];
        }
    }

    /** Cholesky factor in place of the lower triangle. */
    private static void factorise(double[] m, int n, double ridge) {
        for (int i = 0; i < n; i++) {
            int row = i * n;
            for (int j = 0; j <= i; j++) {
                int other = j * n;
                double sum = m[row + j];
                for (int p = 0; p < j; p++) {
                    sum -= m[row + p] * m[other + p];
                }
                if (j < i) {
                    m[row + j] = sum / m[other + j];
                } else if (sum > 0) {
                    m[row + j] = Math.sqrt(sum);
                } else {
                    throw new IllegalArgumentException("the covariance of the training features is singular at feature "
                            + i + " (ridge " + ridge + "); raise the ridge");
                }
            }
        }
    }
}
