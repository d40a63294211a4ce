package org.reverie.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.DdpmSpec;

class NoiseScheduleTest {
    /** The process of the paper on layer-wise semantic reconstruction: T = 100, √β linear. */
    private static final NoiseSchedule LAYERWISE = NoiseSchedule.sqrtLinear(100, 0.0015, 0.0195);

    private static final NoiseSchedule DDPM = NoiseSchedule.linear(1000, 1e-4, 0.02);

    @Test
    void sqrtLinearHasThePublishedTable() {
        int[] t = {0, 1, 2, 3, 10, 25, 50, 99};
        double[] alphaBar = {.998500, .996922, .995265, .993527, .978961, .931923, .800636, .411750};
        double[] noise = {.0387, .0555, .0688, .0805, .1450, .2609, .4465, .7670};
        for (int i = 0; i < t.length; i++) {
            assertEquals(alphaBar[i], LAYERWISE.alphaBar(t[i]), 5e-7, "t = " + t[i]);
            assertEquals(noise[i], Math.sqrt(1 - LAYERWISE.alphaBar(t[i])), 5e-5, "t = " + t[i]);
        }
        assertEquals(1, LAYERWISE.alphaBar(-1));
    }

    @Test
    void linearHasItsEndsAndAlmostNoSignalLeft() {
        assertEquals(1e-4, DDPM.beta(0), 1e-18);
        assertEquals(0.02, DDPM.beta(999), 1e-18);
        assertEquals(4.0358e-5, DDPM.alphaBar(999), 1e-9);
    }

    @Test
    void refusals() {
        assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.linear(0, 1e-4, 0.02));
        assertThrows(IllegalArgumentException.class, () -> NoiseSchedule.linear(10, 0.5, 1.5));
        assertThrows(IllegalArgumentException.class, () -> DDPM.alphaBar(1000));
        assertThrows(IllegalArgumentException.class, () -> DDPM.spaced(1001));
    }

    @Test
    void spacedTimesDescendFromTheLast() {
        assertArrayEquals(new int[] {999, 799, 599, 399, 199}, DDPM.spaced(5));
        assertArrayEquals(IntStream.range(0, 100).map(i -> 99 - i).toArray(), LAYERWISE.spaced(100));
        assertArrayEquals(new int[] {99, 66, 32}, LAYERWISE.spaced(3));
    }

    /** With η = 1 and neighbouring steps DDIM is ancestral sampling with the posterior's variance. */
    @Test
    void ddimWithFullNoiseIsAncestral() {
        for (int t : new int[] {1, 17, 500, 999}) {
            DdpmSpec ancestral = Steps.ddpm(DDPM, t, true);
            DdimSpec e = Steps.ddim(DDPM, Prediction.EPSILON, t, t - 1, 1);
            assertEquals(ancestral.sigma(), e.sigma(), 1e-12);
            assertEquals(ancestral.scale(), e.signal(), 1e-12);
            assertEquals(-ancestral.scale() * ancestral.noise(), e.prediction(), 1e-9);
            DdimSpec mean = Steps.ddpmFromX0(DDPM, t, true);
            DdimSpec f = Steps.ddim(DDPM, Prediction.X0, t, t - 1, 1);
            assertEquals(mean.signal(), f.signal(), 1e-9);
            assertEquals(mean.prediction(), f.prediction(), 1e-9);
            assertEquals(mean.sigma(), f.sigma(), 1e-12);
        }
    }

    @Test
    void theLastStepReturnsThePredictedSample() {
        DdimSpec last = Steps.ddim(LAYERWISE, Prediction.X0, 5, -1, 1);
        assertEquals(0, last.signal(), 1e-12);
        assertEquals(1, last.prediction(), 1e-12);
        assertEquals(0, last.sigma());
    }

    /** The coefficients of a published program that mixes ᾱₜ with ᾱₜ₋₁ (K = 3). */
    @Test
    void mixedIndices() {
        DdimSpec first = mixed(3);
        assertEquals(0.700340, first.signal(), 1e-6);
        assertEquals(0.299518, first.prediction(), 1e-6);
        assertEquals(0.032869, first.sigma(), 1e-6);
        DdimSpec second = mixed(2);
        assertEquals(0.586552, second.signal(), 1e-6);
        assertEquals(0.413257, second.prediction(), 1e-6);
        assertEquals(0.027750, second.sigma(), 1e-6);
    }

    private static DdimSpec mixed(int t) {
        return Steps.ddim(
                Prediction.X0, LAYERWISE.alphaBar(t), LAYERWISE.alphaBar(t - 1), LAYERWISE.alphaBar(t - 2), 1);
    }
}
