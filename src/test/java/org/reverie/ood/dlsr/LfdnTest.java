package org.reverie.ood.dlsr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The facts that the specification of DLSR states about its network, schedule and sampler (acceptance tests a to d). */
class LfdnTest {
    @Test
    void anUntrainedNetworkAnswersZero() {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Lfdn lfdn = new Lfdn(new Initializer(cpu, 0), new LfdnConfig(30, 64, 16, 3));
            Tensor x = Tensor.from(cpu, HostTensor.of(Shape.of(4, 30), normal(120)));
            Tensor t = Tensor.from(cpu, HostTensor.of(Shape.of(4), 0, 3, 50, 99));
            assertArrayEquals(new float[120], lfdn.apply(x, t).toFloats());
        }
    }

    /** At full size, counted without allocating: the formula is held against a network that is really built. */
    @Test
    void theParametersAreCounted() {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            LfdnConfig small = new LfdnConfig(7, 12, 5, 2);
            assertEquals(count(small), new Lfdn(new Initializer(cpu, 0), small).parameterCount());
        }
        assertEquals(86_740_560, count(LfdnConfig.paper()));
    }

    private static long count(LfdnConfig c) {
        long d = c.features();
        long w = c.width();
        long t = c.timeWidth();
        long input = d * w + w;
        long time = 2 * t * t + t + t * t + t;
        long block = 2 * (w * w + w) + t * w + w + 2 * 2 * w;
        return input + time + c.blocks() * block + 2 * w + w * d + d;
    }

    @Test
    void theScheduleIsTheSpecified() {
        NoiseSchedule s = Schedules.dlsr();
        assertEquals(.998500, s.alphaBar(0), 5e-7);
        assertEquals(.993527, s.alphaBar(3), 5e-7);
        assertEquals(.978961, s.alphaBar(10), 5e-7);
        assertEquals(.411750, s.alphaBar(99), 5e-7);
    }

    @Test
    void compatStepsHaveThePublishedCoefficients() {
        NoiseSchedule s = Schedules.dlsr();
        StepCoefficients first = StepCoefficients.compat(s.alphaBar(3), s.alphaBar(2), s.alphaBar(1));
        assertEquals(0.700340, first.x(), 1e-6);
        assertEquals(0.299518, first.f(), 1e-6);
        assertEquals(0.032869, first.w(), 1e-6);
        StepCoefficients second = StepCoefficients.compat(s.alphaBar(2), s.alphaBar(1), s.alphaBar(0));
        assertEquals(0.586552, second.x(), 1e-6);
        assertEquals(0.413257, second.f(), 1e-6);
        assertEquals(0.027750, second.w(), 1e-6);
        StepCoefficients last = StepCoefficients.compat(s.alphaBar(1), s.alphaBar(0), s.alphaBar(0));
        assertEquals(1, last.x(), 1e-12);
        assertEquals(0, last.f(), 1e-12);
        assertEquals(0, last.w(), 1e-12);
    }

    /** With a denoiser that knows the answer, every mode but compat reconstructs it; compat leaks a part of its input. */
    @Test
    void modesReconstruct() {
        int d = 16;
        float[] z = LayerNormalizer.normalize(normal(8 * d), List.of(d));
        float[] target = LayerNormalizer.normalize(normal(16 * d), List.of(d));
        float[] wanted = Arrays.copyOf(target, 8 * d);
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Denoiser.Network oracle = (x, t) -> Tensor.from(cpu, HostTensor.of(Shape.of(8, d), wanted));
            for (Reconstruction how : List.of(
                    Reconstruction.fast(),
                    Reconstruction.clean(),
                    new Reconstruction(Reconstruction.Mode.CLEAN, 10, 11, true))) {
                assertArrayEquals(wanted, new Denoiser(cpu, oracle, d, how, 1).reconstruct(z, Progress.NONE));
            }
            float[] compat = new Denoiser(cpu, oracle, d, Reconstruction.compat(), 1).reconstruct(z, Progress.NONE);
            double worst = 0;
            for (int i = 0; i < compat.length; i++) {
                worst = Math.max(worst, Math.abs(compat[i] - 0.409 * z[i] - (0.176 + 0.413) * wanted[i]));
            }
            assertEquals(0, worst, 5 * 0.047, "what remains is noise of deviation 0.047");
        }
    }

    @Test
    void timesFallInEqualStrides() {
        assertArrayEquals(new int[] {5}, Denoiser.times(5, 1));
        assertArrayEquals(new int[] {10, 5, 0}, Denoiser.times(10, 3));
        assertArrayEquals(new int[] {3, 2, 1, 0}, Denoiser.times(3, 4));
    }

    @Test
    void alignedPoolingHasTheSpecifiedWeights() {
        float[] seven = LayerPooling.alignedWeights(7);
        assertEquals(0.1154, seven[0], 5e-5);
        assertEquals(0.1538, seven[3], 5e-5);
        assertEquals(0.1154, seven[6], 5e-5);
        for (float w : LayerPooling.alignedWeights(14)) {
            assertEquals(1 / 14f, w, 1e-7f);
        }
        int read = 0;
        for (float w : LayerPooling.alignedWeights(112)) {
            read += w > 0 ? 1 : 0;
        }
        assertEquals(26, read, "rows of 112 that are read at all");
    }

    @Test
    void groupsAreNormalisedByTheUnbiasedDeviation() {
        float[] z = LayerNormalizer.normalize(normal(50), List.of(20, 50));
        double first = 0;
        for (int i = 0; i < 20; i++) {
            first += z[i] * z[i];
        }
        assertEquals(19, first, 1e-2);
    }

    private static float[] normal(int n) {
        SplittableRandom r = new SplittableRandom(3);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) r.nextGaussian();
        }
        return x;
    }
}
