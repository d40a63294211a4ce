package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.ood.dream.EmbeddingSampling.Side;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** A class whose features lie evenly on an arc of a circle, from −0.5 to 0.5: its edge is known. */
class EmbeddingSamplerTest {
    private static final int FEATURES = 51;

    private Backend device;
    private Scope scope;

    @BeforeEach
    void open() {
        device = Devices.open("cpu", new BackendOptions(0, 1));
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        device.close();
    }

    private Tensor arc() {
        float[] values = new float[2 * FEATURES];
        for (int i = 0; i < FEATURES; i++) {
            double angle = -0.5 + i / (FEATURES - 1.0);
            values[2 * i] = (float) (3 * Math.cos(angle));
            values[2 * i + 1] = (float) (3 * Math.sin(angle));
        }
        return Tensor.of(device, Shape.of(FEATURES, 2), values);
    }

    private static EmbeddingSampling how(Side side, double sigma, int boundary, int kept, boolean legacy) {
        return new EmbeddingSampling(side, sigma, 5, boundary, 4, 60, kept, 6, legacy);
    }

    private double[] angles(EmbeddingSampling how) {
        HostTensor drawn = new EmbeddingSampler(how, 9).draw(arc(), 0.4, 3);
        assertEquals(Shape.of(how.count(), 2), drawn.shape());
        float[] v = drawn.toFloats();
        return IntStream.range(0, how.count())
                .mapToDouble(i -> {
                    assertEquals(0.4, Math.hypot(v[2 * i], v[2 * i + 1]), 1e-6);
                    return Math.atan2(v[2 * i + 1], v[2 * i]);
                })
                .toArray();
    }

    @Test
    void outliersLieBeyondTheEdgeAndInliersWithin() {
        double[] out = angles(how(Side.OUTLIER, 0.1, 4, 2, false));
        assertEquals(48, out.length);
        assertTrue(Arrays.stream(out).allMatch(a -> Math.abs(a) > 0.5), Arrays.toString(out));
        assertTrue(Arrays.stream(out).anyMatch(a -> a > 0) && Arrays.stream(out).anyMatch(a -> a < 0));
        double[] in = angles(how(Side.INLIER, 0.1, 40, 2, false));
        assertTrue(Arrays.stream(in).allMatch(a -> Math.abs(a) < 0.5), Arrays.toString(in));
    }

    /** With the official choice most outliers are ordinary candidates, on either side of the edge. */
    @Test
    void theOfficialChoiceMissesTheEdge() {
        double[] out = angles(how(Side.OUTLIER, 0.1, 4, 2, true));
        long within = Arrays.stream(out).filter(a -> Math.abs(a) < 0.5).count();
        assertTrue(within > 5, within + " of " + out.length);
    }

    /** One candidate kept: the official choice draws a round's embeddings around one anchor. */
    @Test
    void theOfficialChoiceUsesOneAnchor() {
        assertEquals(6, anchors(angles(how(Side.INLIER, 1e-4, 40, 1, true))));
        assertTrue(anchors(angles(how(Side.INLIER, 1e-4, 40, 1, false))) == 24);
    }

    /** How many anchors the rounds of four have used, each round for itself; features are 0.02 apart. */
    private static long anchors(double[] angles) {
        long count = 0;
        for (int round = 0; round < angles.length / 4; round++) {
            count += Arrays.stream(angles, 4 * round, 4 * round + 4)
                    .mapToLong(a -> Math.round((a + 0.5) * 50))
                    .distinct()
                    .count();
        }
        return count;
    }

    @Test
    void drawsDependOnSeedClassAndRoundAlone() {
        EmbeddingSampling six = how(Side.OUTLIER, 0.1, 4, 2, false);
        EmbeddingSampling two = new EmbeddingSampling(Side.OUTLIER, 0.1, 5, 4, 4, 60, 2, 2, false);
        float[] all = new EmbeddingSampler(six, 9).draw(arc(), 1, 3).toFloats();
        float[] first = new EmbeddingSampler(two, 9).draw(arc(), 1, 3).toFloats();
        assertArrayEquals(Arrays.copyOf(all, first.length), first);
        assertTrue(!Arrays.equals(
                all, new EmbeddingSampler(six, 9).draw(arc(), 1, 4).toFloats()));
        assertTrue(!Arrays.equals(
                all, new EmbeddingSampler(six, 8).draw(arc(), 1, 3).toFloats()));
    }

    @Test
    void theKthLargestIsThatOfSorting() {
        long stream = Philox.stream("test.select");
        for (int n = 1; n <= 40; n++) {
            float[] values = new float[n + 4];
            for (int i = 0; i < values.length; i++) {
                values[i] = Philox.below(3, stream, 100L * n + i, 12);
            }
            float[] sorted = Arrays.copyOfRange(values, 2, 2 + n);
            Arrays.sort(sorted);
            for (int k = 1; k <= n; k++) {
                assertEquals(sorted[n - k], EmbeddingSampler.largest(values.clone(), 2, n, k));
            }
        }
    }

    @Test
    void thePapersSettingsMakeTenThousandEach() {
        assertEquals(10_000, EmbeddingSampling.IMAGENET_100.count());
        assertEquals(10_000, EmbeddingSampling.CIFAR_100.count());
        assertEquals(10_000, EmbeddingSampling.INLIERS.count());
    }

    @Test
    void refusals() {
        EmbeddingSampling paper = EmbeddingSampling.CIFAR_100;
        Exception e =
                assertThrows(IllegalArgumentException.class, () -> new EmbeddingSampler(paper, 1).draw(arc(), 1, 7));
        assertEquals("class 7 has 51 features, but k is 300: it must not be larger", e.getMessage());
        EmbeddingSampling many = new EmbeddingSampling(Side.INLIER, 0.1, 5, 100, 52, 60, 1, 1, false);
        e = assertThrows(IllegalArgumentException.class, () -> new EmbeddingSampler(many, 1).draw(arc(), 1, 7));
        assertEquals("class 7 has 51 features to draw around, but a round needs 52", e.getMessage());
        Tensor zeros = Tensor.of(device, Shape.of(5, 2), new float[10]);
        EmbeddingSampling few = how(Side.OUTLIER, 0.1, 4, 2, false);
        e = assertThrows(IllegalArgumentException.class, () -> new EmbeddingSampler(few, 1).draw(zeros, 1, 0));
        assertTrue(e.getMessage().startsWith("feature 0 of class 0 has no direction"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> how(Side.OUTLIER, 0, 4, 2, false));
        assertThrows(IllegalArgumentException.class, () -> how(Side.OUTLIER, 0.1, 4, 61, false));
    }
}
