package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.ood.dream.FeatureOutliers.Kind;
import org.reverie.random.Philox;

/** Two classes, normal around known centres. */
class FeatureOutliersTest {
    private static final int D = 6;
    private static final int EACH = 300;
    private static final double[] SCALE = {1, 2, 0.5, 1, 1, 3};

    private static double centre(int c, int j) {
        return c == 0 ? 20 : j == 0 ? -20 : 10;
    }

    private static int[] labels() {
        int[] labels = new int[2 * EACH];
        Arrays.fill(labels, EACH, 2 * EACH, 1);
        return labels;
    }

    private static float[] features() {
        float[] values = new float[2 * EACH * D];
        Philox.fillNormal(4, Philox.stream("test.features"), 0, values);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (centre(i / (EACH * D), i % D) + SCALE[i % D] * values[i]);
        }
        return values;
    }

    /** Length in deviations of the class that the row belongs to. */
    private static double deviations(float[] rows, int i, int c) {
        double squares = 0;
        for (int j = 0; j < D; j++) {
            double v = (rows[i * D + j] - centre(c, j)) / SCALE[j];
            squares += v * v;
        }
        return Math.sqrt(squares);
    }

    /** Of 10,000 draws in six dimensions the 20 longest have lengths between about 4.5 and 6. */
    @Test
    void gaussiansLeastLikelyDrawsLieInTheTail() {
        FeatureOutliers vos = FeatureOutliers.of(Kind.VOS, null, features(), labels(), 2, D);
        float[] rows = vos.draw(200, 1, 5);
        for (int i = 0; i < 200; i++) {
            double length = deviations(rows, i, i % 2);
            assertTrue(length > 3.8 && length < 7.5, "length " + length);
        }
        assertArrayEquals(rows, vos.draw(200, 1, 5));
        assertFalse(Arrays.equals(rows, vos.draw(200, 1, 6)));
        assertFalse(Arrays.equals(rows, vos.draw(200, 2, 5)));
    }

    @Test
    void neighboursOutliersLieFartherFromTheirClassThanItsFeatures() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1))) {
            FeatureOutliers npos = FeatureOutliers.of(Kind.NPOS, device, features(), labels(), 2, D);
            float[] rows = npos.draw(60, 1, 0);
            assertEquals(60 * D, rows.length);
            double drawn = 0;
            for (int i = 0; i < 60; i++) {
                drawn += cosine(rows, i, i % 2) / 60;
            }
            double own = 0;
            for (int i = 0; i < EACH; i++) {
                own += cosine(features(), i, 0) / EACH;
            }
            assertTrue(drawn < own, drawn + " and " + own);
            FeatureOutliers again = FeatureOutliers.of(Kind.NPOS, device, features(), labels(), 2, D);
            assertArrayEquals(rows, again.draw(60, 1, 0));
        }
    }

    private static double cosine(float[] rows, int i, int c) {
        double dot = 0;
        double a = 0;
        double b = 0;
        for (int j = 0; j < D; j++) {
            dot += rows[i * D + j] * centre(c, j);
            a += rows[i * D + j] * rows[i * D + j];
            b += centre(c, j) * centre(c, j);
        }
        return dot / Math.sqrt(a * b);
    }

    @Test
    void aClassWithoutADirectionIsRefused() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1))) {
            FeatureOutliers npos = FeatureOutliers.of(Kind.NPOS, device, new float[2 * EACH * D], labels(), 2, D);
            Exception e = assertThrows(IllegalArgumentException.class, () -> npos.draw(4, 1, 0));
            assertEquals("class 0 has no feature to draw around", e.getMessage());
        }
    }
}
