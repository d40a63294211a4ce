package org.reverie.ood;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Both baselines against their textbook formulas in plain double loops, at sizes that leave every tile ragged. */
class BaselineTest {
    @ParameterizedTest
    @CsvSource({"1,1,1,1", "7,3,5,2", "61,13,300,50", "200,37,77,50", "30,5,33,31"})
    void knnIsTheDistanceToTheKthNeighbour(int train, int dimension, int queries, int k) {
        FeatureMatrix t = gaussian(train, dimension, 1);
        FeatureMatrix q = gaussian(queries, dimension, 2);
        float[] scores = NearestNeighbour.fit(t, k, 1).score(q);
        for (int i = 0; i < queries; i++) {
            double[] distances = new double[train];
            for (int j = 0; j < train; j++) {
                distances[j] = unitDistance(q, i, t, j);
            }
            Arrays.sort(distances);
            assertEquals(distances[Math.min(k, train) - 1], scores[i], 1e-5, "query " + i);
        }
    }

    @Test
    void knnIgnoresLengthAndKeepsZeroVectorsApart() {
        FeatureMatrix train = FeatureMatrix.of(new float[][] {{2, 0}, {0, 5}});
        FeatureMatrix queries = FeatureMatrix.of(new float[][] {{7, 0}, {0, 0}, {-1, 0}, {1e-30f, 0}});
        float[] scores = NearestNeighbour.fit(train, 1, 1).score(queries);
        assertArrayEquals(new float[] {0, 1, (float) Math.sqrt(2), 0}, scores);
        assertEquals(2, NearestNeighbour.fit(train, 50, 1).k(), "capped by the training images");
    }

    @ParameterizedTest
    @CsvSource({"2,1,1", "40,7,5", "300,33,101", "20,30,9"})
    void mahalanobisSolvesTheRidgedSystem(int train, int dimension, int queries) {
        FeatureMatrix t = correlated(train, dimension, 3);
        FeatureMatrix q = correlated(queries, dimension, 4);
        float[] scores = Mahalanobis.fit(t, 1e-3, 1).score(q);
        double[] expected = mahalanobis(t, q, 1e-3);
        for (int i = 0; i < queries; i++) {
            assertEquals(expected[i], scores[i], 1e-5 * expected[i], "query " + i);
        }
    }

    @Test
    void mahalanobisDoesNotDependOnUnits() {
        FeatureMatrix train = correlated(100, 6, 5);
        FeatureMatrix queries = correlated(20, 6, 6);
        float[] factors = {1, 1024, 0.5f, 2, 4, 0.0625f};
        float[] plain = Mahalanobis.fit(train, 1).score(queries);
        float[] scaled = Mahalanobis.fit(scaled(train, factors), 1).score(scaled(queries, factors));
        assertArrayEquals(plain, scaled, 1e-4f);
    }

    @Test
    void mahalanobisSurvivesConstantAndDependentFeatures() {
        float[][] rows = new float[50][];
        RandomGenerator random = new java.util.Random(12);
        for (int i = 0; i < rows.length; i++) {
            float v = (float) random.nextGaussian();
            rows[i] = new float[] {v, -v, 3, (float) random.nextGaussian()};
        }
        FeatureMatrix train = FeatureMatrix.of(rows);
        Mahalanobis fitted = Mahalanobis.fit(train, 1);
        float[] scores = fitted.score(FeatureMatrix.of(new float[][] {{0, 0, 3, 0}, {1, 1, 3, 0}, {0, 0, 3.1f, 0}}));
        assertTrue(scores[0] < 1, "the centre is near");
        assertTrue(scores[1] > 20, "leaving the plane of the training features is far: " + scores[1]);
        assertTrue(scores[2] > 20, "so is moving a feature that never moved: " + scores[2]);
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Mahalanobis.fit(train, 0, 1))
                .getMessage()
                .contains("raise the ridge"));
    }

    @Test
    void scoresDependOnNoThreadCountAndNoNeighbourInTheQuery() {
        FeatureMatrix train = correlated(500, 45, 7);
        FeatureMatrix queries = correlated(700, 45, 8);
        for (Baseline[] pair : new Baseline[][] {
            {NearestNeighbour.fit(train, 10, 1), NearestNeighbour.fit(train, 10, 3)},
            {Mahalanobis.fit(train, 1), Mahalanobis.fit(train, 3)}
        }) {
            float[] scores = pair[0].score(queries);
            assertArrayEquals(scores, pair[1].score(queries), pair[0].name());
            int dimension = queries.dimension();
            FeatureMatrix tail = new FeatureMatrix(
                    Arrays.copyOfRange(queries.values(), 681 * dimension, 700 * dimension), 19, dimension);
            assertArrayEquals(Arrays.copyOfRange(scores, 681, 700), pair[0].score(tail), pair[0].name());
        }
    }

    @Test
    void separatesAnObviousOutlier() {
        FeatureMatrix train = correlated(400, 20, 9);
        FeatureMatrix same = correlated(200, 20, 10);
        FeatureMatrix other = gaussian(200, 20, 11);
        for (Baseline b : new Baseline[] {NearestNeighbour.fit(train, 50, 2), Mahalanobis.fit(train, 2)}) {
            assertTrue(Metrics.auroc(b.score(same), b.score(other)) > 0.9, b.name());
        }
    }

    @Test
    void refusesBadInput() {
        FeatureMatrix two = FeatureMatrix.of(new float[][] {{1, 2}, {3, 4}});
        FeatureMatrix three = FeatureMatrix.of(new float[][] {{1, 2, 3}, {4, 5, 6}});
        for (Baseline b : new Baseline[] {NearestNeighbour.fit(two, 1, 1), Mahalanobis.fit(two, 1)}) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> b.score(three))
                    .getMessage()
                    .contains("3 features, but the baseline was fitted on 2"));
            assertEquals(0, b.score(new FeatureMatrix(new float[0], 0, 2)).length);
        }
        assertTrue(assertThrows(
                        IllegalArgumentException.class, () -> FeatureMatrix.of(new float[][] {{1, 2}, {3, Float.NaN}}))
                .getMessage()
                .contains("feature 1 of image 1 is NaN"));
        assertThrows(IllegalArgumentException.class, () -> FeatureMatrix.of(new float[][] {{1, 2}, {3}}));
        assertThrows(IllegalArgumentException.class, () -> new FeatureMatrix(new float[5], 2, 3));
        assertThrows(IllegalArgumentException.class, () -> NearestNeighbour.fit(two, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> NearestNeighbour.fit(two, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> Mahalanobis.fit(two, Double.NaN, 1));
        assertThrows(
                IllegalArgumentException.class, () -> Mahalanobis.fit(FeatureMatrix.of(new float[][] {{1, 2}}), 1));
    }

    private static FeatureMatrix gaussian(int count, int dimension, long seed) {
        RandomGenerator random = new java.util.Random(seed);
        float[] values = new float[count * dimension];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new FeatureMatrix(values, count, dimension);
    }

    /** Each feature repeats part of the one before, and has a mean of its own. */
    private static FeatureMatrix correlated(int count, int dimension, long seed) {
        FeatureMatrix m = gaussian(count, dimension, seed);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < dimension; j++) {
                int at = i * dimension + j;
                m.values()[at] = 0.3f * m.values()[at] + (j == 0 ? 0 : 0.8f * m.values()[at - 1]) + 0.1f;
            }
        }
        return m;
    }

    private static FeatureMatrix scaled(FeatureMatrix m, float[] factors) {
        float[] values = m.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factors[i % m.dimension()];
        }
        return new FeatureMatrix(values, m.count(), m.dimension());
    }

    private static double unitDistance(FeatureMatrix a, int i, FeatureMatrix b, int j) {
        int d = a.dimension();
        double aa = 0;
        double bb = 0;
        for (int p = 0; p < d; p++) {
            aa += Math.pow(a.values()[i * d + p], 2);
            bb += Math.pow(b.values()[j * d + p], 2);
        }
        double sum = 0;
        for (int p = 0; p < d; p++) {
            sum += Math.pow(a.values()[i * d + p] / Math.sqrt(aa) - b.values()[j * d + p] / Math.sqrt(bb), 2);
        }
        return Math.sqrt(sum);
    }

    /** √(xᵀ (C + ridge·diag C)⁻¹ x) by Gaussian elimination: ridge on the correlation, seen from the covariance. */
    private static double[] mahalanobis(FeatureMatrix train, FeatureMatrix queries, double ridge) {
        int d = train.dimension();
        double[] mean = new double[d];
        for (int i = 0; i < train.values().length; i++) {
            mean[i % d] += train.values()[i] / (double) train.count();
        }
        double[][] covariance = new double[d][d];
        for (int s = 0; s < train.count(); s++) {
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    covariance[i][j] += (train.values()[s * d + i] - mean[i])
                            * (train.values()[s * d + j] - mean[j])
                            / (train.count() - 1);
                }
            }
        }
        double[] out = new double[queries.count()];
        for (int q = 0; q < out.length; q++) {
            double[][] system = new double[d][d + 1];
            for (int i = 0; i < d; i++) {
                System.arraycopy(covariance[i], 0, system[i], 0, d);
                system[i][i] *= 1 + ridge;
                system[i][d] = queries.values()[q * d + i] - mean[i];
            }
            double[] x = solve(system);
            for (int i = 0; i < d; i++) {
                out[q] += x[i] * (queries.values()[q * d + i] - mean[i]);
            }
            out[q] = Math.sqrt(out[q]);
        }
        return out;
    }

    private static double[] solve(double[][] system) {
        int n = system.length;
        for (int i = 0; i < n; i++) {
            for (int r = i + 1; r < n; r++) {
                double factor = system[r][i] / system[i][i];
                for (int c = i; c <= n; c++) {
                    system[r][c] -= factor * system[i][c];
                }
            }
        }
        double[] x = new double[n];
        for (int i = n - 1; i >= 0; i--) {
            x[i] = system[i][n];
            for (int c = i + 1; c < n; c++) {
                x[i] -= system[i][c] * x[c];
            }
            x[i] /= system[i][i];
        }
        return x;
    }
}
