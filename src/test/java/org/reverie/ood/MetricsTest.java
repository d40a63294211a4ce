package org.reverie.ood;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Every metric against its definition, counted pair by pair, on scores with many ties; and cases worked by hand. */
class MetricsTest {
    private static final double EPS = 1e-12;

    /** Few distinct values, so that most draws have ties within and between the sets; both zeros and −∞. */
    @Provide
    Arbitrary<float[]> scores() {
        Arbitrary<Float> few = Arbitraries.of(-2f, -1f, -0f, 0f, 0.5f, 1f, 3f, Float.NEGATIVE_INFINITY, 7f);
        Arbitrary<Float> many = Arbitraries.floats().between(-4, 4);
        return Arbitraries.oneOf(few, many).array(float[].class).ofMinSize(1).ofMaxSize(60);
    }

    @Property
    void aurocCountsPairs(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        double wins = 0;
        for (float o : ood) {
            for (float i : id) {
                wins += o > i ? 1 : o == i ? 0.5 : 0;
            }
        }
        assertEquals(wins / id.length / ood.length, Metrics.auroc(id, ood), EPS);
    }

    @Property
    void averagePrecisionFollowsItsDefinition(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        assertEquals(averagePrecision(ood, id), Metrics.auprOut(id, ood), EPS);
        assertEquals(averagePrecision(negated(id), negated(ood)), Metrics.auprIn(id, ood), EPS);
    }

    /**
     * Each positive contributes the precision of everything that scores at least as high: the same sum, pair by pair.
     */
    private static double averagePrecision(float[] positives, float[] negatives) {
        double sum = 0;
        for (float threshold : positives) {
            int truePositives = 0;
            int falsePositives = 0;
            for (float p : positives) {
                truePositives += p >= threshold ? 1 : 0;
            }
            for (float n : negatives) {
                falsePositives += n >= threshold ? 1 : 0;
            }
            sum += (double) truePositives / (truePositives + falsePositives);
        }
        return sum / positives.length;
    }

    @Property
    void fpr95CountsStrictlyBelow(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        double threshold = Metrics.percentile(id, 95);
        int below = 0;
        for (float o : ood) {
            below += o < threshold ? 1 : 0;
        }
        assertEquals((double) below / ood.length, Metrics.fpr95(id, ood));
        int notAbove = 0;
        for (float i : id) {
            notAbove += i <= threshold ? 1 : 0;
        }
        assertTrue(notAbove >= 0.95 * (id.length - 1), "the threshold accepts 95 % of the ID scores");
    }

    @Property
    void ofGathersThemAll(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        Metrics all = Metrics.of(id, ood);
        assertEquals(Metrics.auroc(id, ood), all.auroc());
        assertEquals(Metrics.fpr95(id, ood), all.fpr95());
        assertEquals(Metrics.auprIn(id, ood), all.auprIn());
        assertEquals(Metrics.auprOut(id, ood), all.auprOut());
        assertEquals(Metrics.percentile(id, 95), all.threshold());
    }

    @Property
    void swappingTheSetsMirrorsAuroc(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        assertEquals(1, Metrics.auroc(id, ood) + Metrics.auroc(ood, id), EPS);
    }

    @Property
    void rocCurveHasTheAreaOfAuroc(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        assertEquals(Metrics.auroc(id, ood), RocCurve.of(id, ood).area(), EPS);
    }

    @Property
    void thinnedCurveStaysNearTheFullOne(@ForAll("scores") float[] id, @ForAll("scores") float[] ood) {
        RocCurve thin = RocCurve.thinned(id, ood, 5);
        int last = thin.falsePositive().length - 1;
        assertTrue(last < 2 * 5 + 2);
        assertEquals(1, thin.falsePositive()[last]);
        assertEquals(1, thin.truePositive()[last]);
        double[] full = RocCurve.of(id, ood).falsePositive();
        for (double x : thin.falsePositive()) {
            assertTrue(java.util.Arrays.binarySearch(full, x) >= 0, "a kept point is a point of the full curve");
        }
    }

    @Property
    void histogramLosesNothing(@ForAll("scores") float[] scores) {
        Histogram h = Histogram.of(scores, -1, 1, 4);
        long[] expected = new long[4];
        for (float s : scores) {
            expected[s < -0.5f ? 0 : s < 0 ? 1 : s < 0.5f ? 2 : 3]++;
        }
        assertArrayEquals(expected, h.counts());
    }

    @Test
    void workedByHand() {
        float[] id = {1, 2, 2, 3};
        float[] ood = {2, 3, 4};
        // pairs won: 2 beats 1, ties 2 2 -> 2; 3 beats 1 2 2, ties 3 -> 3.5; 4 beats all -> 4
        assertEquals(9.5 / 12, Metrics.auroc(id, ood), EPS);
        // position 3 * 0.95 = 2.85 between 2 and 3
        assertEquals(2.85, Metrics.percentile(id, 95), EPS);
        assertEquals(1.0 / 3, Metrics.fpr95(id, ood), EPS);
        // from the top: 4 (1/1), 3 (2/3), 2 (3/6)
        assertEquals((1 + 2.0 / 3 + 3.0 / 6) / 3, Metrics.auprOut(id, ood), EPS);
        // from the bottom: 1 (1/1), two at 2 (3/4 each), 3 (4/6)
        assertEquals((1 + 2 * 3.0 / 4 + 4.0 / 6) / 4, Metrics.auprIn(id, ood), EPS);
    }

    @Test
    void perfectReversedAndConstantScores() {
        float[] low = {0, 1, 2};
        float[] high = {3, 4};
        assertEquals(new Metrics(1, 0, 1, 1, 1.9), rounded(Metrics.of(low, high)));
        assertEquals(0, Metrics.auroc(high, low));
        assertEquals(1, Metrics.fpr95(high, low));
        float[] same = {5, 5, 5};
        assertEquals(0.5, Metrics.auroc(same, same));
        assertEquals(0, Metrics.fpr95(same, same), "a score equal to the threshold counts as detected");
        assertEquals(0.5, Metrics.auprIn(same, same), "all tied: precision is the share of positives");
    }

    @Test
    void fpr95UsesTheInterpolatedThresholdAndIsStrict() {
        float[] id = new float[21];
        for (int i = 0; i < id.length; i++) {
            id[i] = i;
        }
        assertEquals(19, Metrics.percentile(id, 95), "position 20 * 0.95 = 19 exactly");
        assertEquals(0.5, Metrics.fpr95(id, new float[] {18.999998f, 19}));
    }

    @Test
    void orderDoesNotMatterAndInputIsKept() {
        float[] id = {3, 1, 2, 2};
        float[] ood = {4, 2, 3};
        assertEquals(Metrics.of(new float[] {1, 2, 2, 3}, new float[] {2, 3, 4}), Metrics.of(id, ood));
        assertArrayEquals(new float[] {3, 1, 2, 2}, id);
    }

    @Test
    void refusesNaNEmptySetsAndBadPercentiles() {
        float[] fine = {1};
        String message = assertThrows(
                        IllegalArgumentException.class, () -> Metrics.of(fine, new float[] {0, Float.NaN, 1}))
                .getMessage();
        assertTrue(message.contains("OOD image 1") && message.contains("NaN"), message);
        assertThrows(IllegalArgumentException.class, () -> Metrics.auroc(new float[] {Float.NaN}, fine));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Metrics.of(new float[0], fine))
                .getMessage()
                .contains("ID images is empty"));
        assertThrows(IllegalArgumentException.class, () -> Metrics.percentile(fine, 100.5));
        assertThrows(IllegalArgumentException.class, () -> Metrics.percentile(fine, Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> RocCurve.thinned(fine, fine, 0));
        assertThrows(IllegalArgumentException.class, () -> Histogram.of(fine, 1, 1, 3));
        assertThrows(IllegalArgumentException.class, () -> Histogram.of(new float[] {Float.NaN}, 0, 1, 3));
    }

    @Test
    void largeSetsCountExactly() {
        float[] id = new float[100_000];
        float[] ood = new float[100_000];
        for (int i = 0; i < id.length; i++) {
            id[i] = i % 1000;
            ood[i] = i % 1000 + 500;
        }
        // of 1000 x 1000 value pairs, ood - id = d + 500 with 1000 - |d| pairs each: below 0 for d < -500, 0 at d =
        // -500
        double lost = 499 * 500 / 2.0;
        assertEquals((1e6 - lost - 250) / 1e6, Metrics.auroc(id, ood), 1e-15);
    }

    private static Metrics rounded(Metrics m) {
        return new Metrics(m.auroc(), m.fpr95(), m.auprIn(), m.auprOut(), Math.round(m.threshold() * 1e9) / 1e9);
    }

    private static float[] negated(float[] scores) {
        float[] out = new float[scores.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = -scores[i];
        }
        return out;
    }
}
