package org.reverie.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Pointwise;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * All methods against numbers from a normal distribution, whose best denoiser and whose way from noise to sample are known:
 * without fresh noise x keeps its place among all, x_t = √ᾱ·μ + √(ᾱ·s² + 1 − ᾱ)·ξ with one ξ at all times.
 */
class SchedulersTest {
    private static final double MEAN = 1.5;
    private static final double DEVIATION = 0.5;
    private static final NoiseSchedule SCHEDULE = NoiseSchedule.sqrtLinear(1000, 0.00085, 0.012);
    private static final Map<String, Scheduler> ALL = Map.of(
            "plms", Scheduler.plms(),
            "ddim", Scheduler.ddim(0),
            "ddim half noisy", Scheduler.ddim(0.5),
            "ddpm", Scheduler.ddpm(),
            "dpm", Scheduler.dpmSolver2M());

    private Backend device;
    private Scope scope;
    private int evaluations;

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

    private static double variance(int t) {
        double alphaBar = SCHEDULE.alphaBar(t);
        return alphaBar * DEVIATION * DEVIATION + 1 - alphaBar;
    }

    private Tensor best(Prediction prediction, Tensor x, Tensor times) {
        evaluations++;
        int t = (int) times.toHost().get(0);
        double root = Math.sqrt(SCHEDULE.alphaBar(t));
        double slope = prediction == Prediction.X0
                ? root * DEVIATION * DEVIATION / variance(t)
                : Math.sqrt(1 - SCHEDULE.alphaBar(t)) / variance(t);
        Tensor centred = Pointwise.addScalar(x, -root * MEAN);
        return Pointwise.addScalar(Pointwise.scale(centred, slope), prediction == Prediction.X0 ? MEAN : 0);
    }

    private Sampler sampler(Prediction p) {
        return new Sampler(SCHEDULE, (x, t) -> best(p, x, t), p, 42);
    }

    @Test
    void allReachTheDistribution() {
        ALL.forEach((name, scheduler) -> {
            for (Prediction p : Prediction.values()) {
                Sampler s = sampler(p);
                TimeGrid grid = TimeGrid.leading(SCHEDULE, 100);
                Tensor start = Pointwise.addScalar(
                        Pointwise.scale(s.start(device, Shape.of(4000, 1)), Math.sqrt(variance(grid.at(0)))),
                        Math.sqrt(SCHEDULE.alphaBar(grid.at(0))) * MEAN);
                float[] x = s.sample(start, scheduler, grid).toFloats();
                double mean = 0;
                double squares = 0;
                for (float v : x) {
                    mean += v / x.length;
                }
                for (float v : x) {
                    squares += (v - mean) * (v - mean) / x.length;
                }
                assertEquals(MEAN, mean, 0.05, name);
                assertEquals(DEVIATION, Math.sqrt(squares), 0.04, name);
            }
        });
    }

    /** The largest difference to the exact way, from time 900 to time 100 in {@code steps} steps. */
    private double error(Scheduler scheduler, int steps) {
        int[] times = new int[steps];
        for (int i = 0; i < steps; i++) {
            times[i] = 900 - 800 * i / steps;
        }
        Tensor x = sampler(Prediction.EPSILON).start(device, Shape.of(64));
        float[] begin = x.toFloats();
        float[] end = sampler(Prediction.EPSILON)
                .sample(x, scheduler, TimeGrid.of(100, times))
                .toFloats();
        double worst = 0;
        for (int i = 0; i < end.length; i++) {
            double place = (begin[i] - Math.sqrt(SCHEDULE.alphaBar(900)) * MEAN) / Math.sqrt(variance(900));
            double exact = Math.sqrt(SCHEDULE.alphaBar(100)) * MEAN + Math.sqrt(variance(100)) * place;
            worst = Math.max(worst, Math.abs(end[i] - exact));
        }
        return worst;
    }

    /**
     * Half the step leaves half the error with DDIM and a quarter with the methods of second order. The error of PLMS changes
     * its sign between 10 and 20 steps, so its order shows from 10 to 80: 8 would be first order, 64 is second.
     */
    @Test
    void ordersOfConvergence() {
        double ddim = error(Scheduler.ddim(0), 20) / error(Scheduler.ddim(0), 40);
        assertTrue(ddim > 1.7 && ddim < 2.3, "ddim " + ddim);
        double dpm = error(Scheduler.dpmSolver2M(), 20) / error(Scheduler.dpmSolver2M(), 40);
        assertTrue(dpm > 3.4, "dpm " + dpm);
        double plms = error(Scheduler.plms(), 10) / error(Scheduler.plms(), 80);
        assertTrue(plms > 30, "plms " + plms);
        assertTrue(error(Scheduler.dpmSolver2M(), 20) < error(Scheduler.ddim(0), 20) / 5);
        assertTrue(error(Scheduler.plms(), 20) < error(Scheduler.ddim(0), 20) / 5);
    }

    @Test
    void evaluationsAreCounted() {
        Map.of("plms", 51, "ddim", 50, "ddpm", 50, "dpm", 50).forEach((name, expected) -> {
            evaluations = 0;
            Sampler s = sampler(Prediction.EPSILON);
            s.sample(s.start(device, Shape.of(2, 1)), ALL.get(name), TimeGrid.leading(SCHEDULE, 50));
            assertEquals(expected, evaluations, name);
        });
    }

    @Test
    void gridsOfStableDiffusion() {
        TimeGrid fifty = TimeGrid.leading(SCHEDULE, 50);
        assertEquals(50, fifty.size());
        assertEquals(981, fifty.at(0));
        assertEquals(961, fifty.at(1));
        assertEquals(1, fifty.at(49));
        assertEquals(0, fifty.at(50));
        assertEquals(0.99915, SCHEDULE.alphaBar(0), 1e-12);
        assertEquals(0.0046601, SCHEDULE.alphaBar(999), 5e-8);
        TimeGrid all = TimeGrid.leading(SCHEDULE, 1000);
        assertEquals(999, all.at(0));
        assertEquals(-1, all.at(1000));
        TimeGrid most = TimeGrid.leading(SCHEDULE, 999);
        assertEquals(999, most.at(0));
        assertEquals(0, most.at(999));
        TimeGrid end = fifty.last(0.3);
        assertEquals(15, end.size());
        assertEquals(281, end.at(0));
        assertEquals(0, end.at(15));
        assertEquals(1, fifty.last(0.001).size());
        assertThrows(IllegalArgumentException.class, () -> fifty.last(0));
        assertThrows(IllegalArgumentException.class, () -> TimeGrid.of(3, 5, 3));
        assertThrows(IllegalArgumentException.class, () -> TimeGrid.leading(SCHEDULE, 0));
        assertThrows(IllegalArgumentException.class, () -> Scheduler.ddim(1.5));
    }

    /** Every method draws sample n from the seed and n alone, and leaves no memory behind. */
    @Test
    void samplesDoNotDependOnTheBatch() {
        ALL.forEach((name, scheduler) -> {
            TimeGrid grid = TimeGrid.leading(SCHEDULE, 20);
            long before = device.memory().live();
            try (Scope inner = Scope.open()) {
                Sampler s = sampler(Prediction.EPSILON);
                float[] together = s.sample(s.start(device, Shape.of(5, 3)), scheduler, grid)
                        .toFloats();
                Sampler rest = s.withFirstSample(2);
                float[] second = rest.sample(rest.start(device, Shape.of(3, 3)), scheduler, grid)
                        .toFloats();
                assertArrayEquals(Arrays.copyOfRange(together, 6, 15), second, name);
            }
            assertEquals(before, device.memory().live(), name);
        });
    }

    /** Without fresh noise a sample's place among all is that of the noised one that it goes on from. */
    @Test
    void whatWasNoisedGoesOnFromThere() {
        Sampler s = sampler(Prediction.EPSILON);
        Tensor x0 = Tensor.of(device, Shape.of(3, 1), 1.2f, 1.5f, 1.9f);
        TimeGrid grid = TimeGrid.leading(SCHEDULE, 100).last(0.5);
        int first = grid.at(0);
        Tensor noisy = s.noised(x0, first);
        float[] end = s.sample(noisy, Scheduler.plms(), grid).toFloats();
        for (int i = 0; i < 3; i++) {
            double place = noisy.toFloats()[i] - Math.sqrt(SCHEDULE.alphaBar(first)) * MEAN;
            double exact = Math.sqrt(SCHEDULE.alphaBar(0)) * MEAN + Math.sqrt(variance(0) / variance(first)) * place;
            assertEquals(exact, end[i], 2e-3);
        }
        float[] noised = s.noised(x0, 999).toFloats();
        float[] noise = s.start(device, Shape.of(3, 1)).toFloats();
        for (int i = 0; i < 3; i++) {
            double mix = Math.sqrt(SCHEDULE.alphaBar(999)) * x0.toFloats()[i]
                    + Math.sqrt(1 - SCHEDULE.alphaBar(999)) * noise[i];
            assertEquals(mix, noised[i], 1e-6);
        }
    }

    @Test
    void guidanceGoesAwayFromNothing() {
        Tensor nothing = Tensor.of(device, Shape.of(2, 1), 1, 2);
        Tensor context = Tensor.of(device, Shape.of(2, 1), 5, 7);
        Guidance.Conditional network = (x, t, c) -> {
            evaluations += x.dim(0);
            return Pointwise.add(x, c);
        };
        Tensor x = Tensor.of(device, Shape.of(2, 1), 100, 200);
        Tensor t = Tensor.from(device, HostTensor.of(Shape.of(2), 3, 3));
        Denoiser guided = Guidance.of(network, nothing, context, 7.5);
        SamplerStepSpec step = SamplerStepSpec.linear(0, 1).guided(guided.guidance());
        Tensor combined = DiffusionOps.samplerStep(step, x, guided.predict(x, t), null, List.of())[0];
        assertArrayEquals(new float[] {101 + 7.5f * 4, 202 + 7.5f * 5}, combined.toFloats());
        assertEquals(4, evaluations);
        assertArrayEquals(
                new float[] {105, 207},
                Guidance.of(network, nothing, context, 1).predict(x, t).toFloats());
        assertEquals(6, evaluations);
    }
}
