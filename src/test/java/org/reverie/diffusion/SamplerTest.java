package org.reverie.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.DdimSpec;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Samplers against a distribution whose best denoiser is known: numbers from a normal distribution. */
class SamplerTest {
    private static final double MEAN = 1.5;
    private static final double DEVIATION = 0.5;
    private static final NoiseSchedule SCHEDULE = NoiseSchedule.linear(100, 1e-3, 0.2);

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

    /** E[x₀ | xₜ] = μ + √ᾱ·s²/(ᾱ·s² + 1 − ᾱ)·(x − √ᾱ·μ), and the noise that belongs to it. */
    private static Tensor best(Prediction prediction, Tensor x, Tensor times) {
        double alphaBar = SCHEDULE.alphaBar((int) times.toHost().get(0));
        double root = Math.sqrt(alphaBar);
        double variance = alphaBar * DEVIATION * DEVIATION + 1 - alphaBar;
        double slope = prediction == Prediction.X0
                ? root * DEVIATION * DEVIATION / variance
                : Math.sqrt(1 - alphaBar) / variance;
        Tensor centred = Pointwise.addScalar(x, -root * MEAN);
        return Pointwise.addScalar(Pointwise.scale(centred, slope), prediction == Prediction.X0 ? MEAN : 0);
    }

    private static Sampler sampler(Prediction p) {
        return new Sampler(SCHEDULE, (x, t) -> best(p, x, t), p, 42);
    }

    private static void assertDistribution(double mean, double deviation, Tensor samples) {
        float[] x = samples.toFloats();
        double sum = 0;
        for (float v : x) {
            sum += v;
        }
        double squares = 0;
        for (float v : x) {
            squares += (v - sum / x.length) * (v - sum / x.length);
        }
        assertEquals(mean, sum / x.length, 0.04);
        assertEquals(deviation, Math.sqrt(squares / x.length), 0.03);
    }

    @Test
    void ancestralSamplingHitsTheDistribution() {
        for (Prediction p : Prediction.values()) {
            Sampler s = sampler(p);
            assertDistribution(MEAN, DEVIATION, s.ddpm(s.start(device, Shape.of(2000, 1))));
        }
    }

    /** Few steps are not exact, but with a linear network their mean and deviation can be followed step by step. */
    @Test
    void ddimHitsWhatItsStepsMakeOfTheStart() {
        for (Prediction p : Prediction.values()) {
            Sampler s = sampler(p);
            Tensor start = s.start(device, Shape.of(2000, 1));
            for (double eta : new double[] {0, 0.5, 1}) {
                double mean = 0;
                double variance = 1;
                int[] times = SCHEDULE.spaced(20);
                for (int i = 0; i < times.length; i++) {
                    DdimSpec step = Steps.ddim(SCHEDULE, p, times[i], i + 1 < times.length ? times[i + 1] : -1, eta);
                    Tensor t = Tensor.from(device, HostTensor.of(Shape.of(1), times[i]));
                    double atZero =
                            best(p, Tensor.of(device, Shape.of(1), 0), t).item();
                    double slope = best(p, Tensor.of(device, Shape.of(1), 1), t).item() - atZero;
                    double factor = step.signal() + step.prediction() * slope;
                    mean = factor * mean + step.prediction() * atZero;
                    variance = factor * factor * variance + step.sigma() * step.sigma();
                }
                assertDistribution(mean, Math.sqrt(variance), s.ddim(start, times, eta));
            }
            assertDistribution(MEAN, DEVIATION, s.ddim(start, 100, 0));
        }
    }

    /** A network that knows the clean sample gets it back from any time step and any chain. */
    @Test
    void denoisingReturnsWhatTheNetworkKnows() {
        Tensor x0 = Random.normal(device, Shape.of(3, 7), 1, 1);
        Tensor noise = Random.normal(device, Shape.of(3, 7), 1, 2);
        Tensor t = Tensor.from(device, HostTensor.of(Shape.of(3), 40, 40, 40));
        Tensor x = DiffusionOps.qSample(
                x0, noise, t, SCHEDULE.sqrtAlphaBar(device), SCHEDULE.sqrtOneMinusAlphaBar(device));
        Sampler exact = new Sampler(SCHEDULE, (state, time) -> Pointwise.scale(x0, 1), Prediction.X0, 3);
        assertArrayEquals(x0.toFloats(), exact.ddim(x, new int[] {40, 20, 3}, 1).toFloats());
        Sampler epsilon = new Sampler(SCHEDULE, (state, time) -> Pointwise.scale(noise, 1), Prediction.EPSILON, 3);
        assertArrayEquals(
                x0.toFloats(), epsilon.ddim(x, new int[] {40, 20, 3}, 0).toFloats(), 1e-5f);
    }

    @Test
    void samplesDoNotDependOnTheBatch() {
        Sampler s = sampler(Prediction.EPSILON);
        float[] together = s.ddpm(s.start(device, Shape.of(5, 3))).toFloats();
        float[] first = s.ddpm(s.start(device, Shape.of(2, 3))).toFloats();
        Sampler rest = s.withFirstSample(2);
        float[] second = rest.ddpm(rest.start(device, Shape.of(3, 3))).toFloats();
        assertArrayEquals(Arrays.copyOfRange(together, 0, 6), first);
        assertArrayEquals(Arrays.copyOfRange(together, 6, 15), second);
    }

    @Test
    void progressIsToldAndMayStop() {
        List<Integer> heard = new ArrayList<>();
        Sampler s = sampler(Prediction.X0).withProgress((done, total) -> {
            assertEquals(10, total);
            heard.add(done);
            return done < 4;
        });
        long before = device.memory().live();
        Exception e = assertThrows(CancellationException.class, () -> {
            try (Scope inner = Scope.open()) {
                s.ddim(s.start(device, Shape.of(2, 2)), 10, 0);
            }
        });
        assertEquals("sampling was stopped after 4 of 10 steps", e.getMessage());
        assertEquals(List.of(1, 2, 3, 4), heard);
        assertEquals(before, device.memory().live());
    }

    @Test
    void longChainsTakeNoMoreMemory() {
        List<Long> live = new ArrayList<>();
        Sampler s = sampler(Prediction.EPSILON)
                .withProgress((done, total) -> live.add(device.memory().live()));
        s.ddpm(s.start(device, Shape.of(50, 4)));
        assertEquals(live.get(1), live.get(live.size() - 1));
    }

    @Test
    void refusals() {
        Sampler s = sampler(Prediction.X0);
        Tensor x = s.start(device, Shape.of(2, 2));
        Exception e = assertThrows(IllegalArgumentException.class, () -> s.ddim(x, new int[] {3, 5}, 0));
        assertEquals("time steps must descend: [3, 5, -1]", e.getMessage());
        Sampler wrong = new Sampler(SCHEDULE, (state, t) -> t, Prediction.X0, 1);
        e = assertThrows(IllegalArgumentException.class, () -> wrong.ddim(x, 2, 0));
        assertEquals("the denoiser returned shape [2] for samples of shape [2, 2]", e.getMessage());
    }
}
