package org.reverie.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Random;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

class OptimizersTest {
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

    /** The textbook formula, in double. */
    @Test
    void adamWFollowsItsFormula() {
        double lr = 0.01;
        double decay = 0.1;
        Tensor p = Tensor.of(device, Shape.of(3), 1, -2, 0.5f);
        double[] expected = {1, -2, 0.5};
        double[] m = new double[3];
        double[] v = new double[3];
        try (AdamW adam = new AdamW(List.of(p), AdamWConfig.of(lr).withWeightDecay(decay))) {
            for (int t = 1; t <= 20; t++) {
                float[] g = {t * 0.3f - 2, (float) Math.sin(t), -0.7f};
                adam.step(List.of(Tensor.of(device, Shape.of(3), g)));
                for (int i = 0; i < 3; i++) {
                    m[i] = 0.9 * m[i] + 0.1 * g[i];
                    v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
                    double unbiasedM = m[i] / (1 - Math.pow(0.9, t));
                    double unbiasedV = v[i] / (1 - Math.pow(0.999, t));
                    expected[i] -= lr * decay * expected[i];
                    expected[i] -= lr * unbiasedM / (Math.sqrt(unbiasedV) + 1e-8);
                }
            }
        }
        float[] actual = p.toFloats();
        for (int i = 0; i < 3; i++) {
            assertEquals(expected[i], actual[i], 1e-5);
        }
    }

    @Test
    void nesterovFollowsItsFormula() {
        Tensor p = Tensor.of(device, Shape.of(2), 3, -1);
        double[] expected = {3, -1};
        double[] velocity = new double[2];
        try (Sgd sgd = new Sgd(List.of(p), new SgdConfig(0.05, 0.9, true, 0.01))) {
            for (int t = 0; t < 10; t++) {
                sgd.step(List.of(Tensor.of(device, Shape.of(2), 0.4f, t - 5)));
                double[] g = {0.4f, t - 5};
                for (int i = 0; i < 2; i++) {
                    double d = g[i] + 0.01 * expected[i];
                    velocity[i] = 0.9 * velocity[i] + d;
                    expected[i] -= 0.05 * (d + 0.9 * velocity[i]);
                }
            }
        }
        assertEquals(expected[0], p.toFloats()[0], 1e-5);
        assertEquals(expected[1], p.toFloats()[1], 1e-5);
    }

    @Test
    void adamWContinuesFromItsStateWithTheSameBits() {
        continues(params -> new AdamW(params, AdamWConfig.of(1e-2).withWeightDecay(0.01)));
    }

    @Test
    void sgdContinuesFromItsStateWithTheSameBits() {
        continues(params -> new Sgd(params, new SgdConfig(1e-2, 0.9, false, 1e-3)));
    }

    /** Ten steps in one go, against five, a saved state, a new optimiser and five more. */
    private void continues(Function<List<Tensor>, Optimizer> make) {
        List<Tensor> whole = parameters();
        try (Optimizer o = make.apply(whole)) {
            steps(o, whole, 0, 10);
        }
        List<Tensor> cut = parameters();
        LinkedHashMap<String, HostTensor> saved;
        try (Optimizer o = make.apply(cut)) {
            steps(o, cut, 0, 5);
            saved = o.state();
        }
        try (Optimizer o = make.apply(cut)) {
            o.restore(saved);
            assertEquals(5, o.steps());
            steps(o, cut, 5, 10);
        }
        for (int i = 0; i < whole.size(); i++) {
            assertArrayEquals(whole.get(i).toFloats(), cut.get(i).toFloats());
        }
    }

    private List<Tensor> parameters() {
        return List.of(Random.normal(device, Shape.of(5, 7), 1, 0), Random.normal(device, Shape.of(3), 1, 1));
    }

    private void steps(Optimizer o, List<Tensor> params, int from, int to) {
        for (int t = from; t < to; t++) {
            List<Tensor> g = new ArrayList<>();
            for (int i = 0; i < params.size(); i++) {
                g.add(Random.normal(device, params.get(i).shape(), 2, 100 * t + i));
            }
            o.step(g);
        }
    }

    @Test
    void aStateThatDoesNotFitIsRefusedAndChangesNothing() {
        Tensor p = Tensor.of(device, Shape.of(2), 1, 2);
        try (AdamW adam = new AdamW(List.of(p), AdamWConfig.of(0.1))) {
            adam.step(List.of(Tensor.of(device, Shape.of(2), 1, 1)));
            LinkedHashMap<String, HostTensor> state = adam.state();
            state.put("exp_avg_sq.0", HostTensor.of(Shape.of(3), 1f, 2f, 3f));
            Exception e = assertThrows(IllegalArgumentException.class, () -> adam.restore(state));
            assertTrue(e.getMessage().contains("exp_avg_sq.0"), e.getMessage());
            state.remove("exp_avg_sq.0");
            e = assertThrows(IllegalArgumentException.class, () -> adam.restore(state));
            assertEquals("AdamW: the saved state has no exp_avg_sq.0", e.getMessage());
            assertEquals(1, adam.steps());
            e = assertThrows(IllegalArgumentException.class, () -> adam.step(List.of()));
            assertEquals("AdamW: 0 gradients for 1 parameters", e.getMessage());
        }
    }

    @Test
    void theAverageFollowsTheParameters() {
        Tensor p = Tensor.of(device, Shape.of(1), 1);
        try (Ema ema = new Ema(List.of(p), 0.9999, true)) {
            double expected = 1;
            for (int n = 1; n <= 8; n++) {
                Slots.write(HostTensor.of(Shape.of(1), (float) n), p);
                ema.update();
                double decay = Math.min(0.9999, (1.0 + n) / (10.0 + n));
                assertEquals(decay, ema.decay());
                expected = decay * expected + (1 - decay) * n;
            }
            assertEquals(expected, ema.averages().get(0).item(), 1e-5);
            Tensor copy = Tensor.of(device, Shape.of(1), 0);
            ema.copyTo(List.of(copy));
            assertEquals(ema.averages().get(0).item(), copy.item());
            try (Ema again = new Ema(List.of(p), 0.9999, true)) {
                again.restore(ema.state());
                assertEquals(8, again.updates());
                assertEquals(copy.item(), again.averages().get(0).item());
            }
        }
    }

    @Test
    void schedules() {
        assertEquals(0.3, Schedule.constant(0.3).at(99));
        Schedule cosine = Schedule.cosine(1, 0.1, 100);
        assertEquals(1, cosine.at(0), 1e-12);
        assertEquals(0.55, cosine.at(50), 1e-12);
        assertEquals(0.1, cosine.at(100), 1e-12);
        assertEquals(0.1, cosine.at(1000), 1e-12);
        Schedule warm = Schedule.warmup(4, cosine);
        double[] rates = new double[6];
        Arrays.setAll(rates, warm::at);
        assertArrayEquals(new double[] {0.25, 0.5, 0.75, 1, 1, cosine.at(1)}, rates, 1e-12);
    }
}
