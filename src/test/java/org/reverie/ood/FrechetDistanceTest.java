package org.reverie.ood;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FrechetDistanceTest {
    @Test
    void ofAxesThatDoNotMix() {
        // Means 1 and 2, variances 2 and 8 of (0, 2) and (4, 0): (√2 − √8)² = 2, for each axis.
        FeatureMatrix a = FeatureMatrix.of(new float[][] {{0, 5}, {2, 5}});
        FeatureMatrix b = FeatureMatrix.of(new float[][] {{0, 5}, {4, 5}});
        assertEquals(1 + 2, FrechetDistance.of(a, b), 1e-9);
        assertEquals(0, FrechetDistance.of(a, a), 1e-9);
    }

    @Test
    void turningBothChangesNothing() {
        SplittableRandom r = new SplittableRandom(3);
        float[][] a = rows(r, 60, 1, 0);
        float[][] b = rows(r, 50, 2, 0.5);
        double straight = FrechetDistance.of(FeatureMatrix.of(a), FeatureMatrix.of(b));
        double turned = FrechetDistance.of(FeatureMatrix.of(turned(a)), FeatureMatrix.of(turned(b)));
        assertEquals(straight, turned, 1e-5 * straight);
        assertEquals(straight, FrechetDistance.of(FeatureMatrix.of(b), FeatureMatrix.of(a)), 1e-9 * straight);
    }

    @Test
    void setsThatCannotBeComparedAreRefused() {
        FeatureMatrix one = FeatureMatrix.of(new float[][] {{1, 2}});
        FeatureMatrix two = FeatureMatrix.of(new float[][] {{1, 2}, {3, 4}});
        FeatureMatrix wide = FeatureMatrix.of(new float[][] {{1, 2, 3}, {3, 4, 5}});
        assertThrows(IllegalArgumentException.class, () -> FrechetDistance.of(one, two));
        assertThrows(IllegalArgumentException.class, () -> FrechetDistance.of(two, wide));
    }

    private static float[][] rows(SplittableRandom r, int n, double deviation, double mean) {
        float[][] rows = new float[n][5];
        for (float[] row : rows) {
            for (int j = 0; j < row.length; j++) {
                row[j] = (float) (mean + deviation * (1 + j) * r.nextGaussian());
            }
        }
        return rows;
    }

    /** By 0.6, 0.8 in the plane of the first and the last axis. */
    private static float[][] turned(float[][] rows) {
        float[][] out = new float[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            float[] row = rows[i].clone();
            row[0] = 0.6f * rows[i][0] + 0.8f * rows[i][4];
            row[4] = 0.6f * rows[i][4] - 0.8f * rows[i][0];
            out[i] = row;
        }
        return out;
    }
}
