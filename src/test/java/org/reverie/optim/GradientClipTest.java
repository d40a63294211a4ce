package org.reverie.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

class GradientClipTest {
    @Test
    void allGradientsShareOneLength() {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            List<Tensor> g = List.of(
                    Tensor.of(cpu, Shape.of(2, 1), 3, 0),
                    Tensor.of(cpu, Shape.SCALAR, -4),
                    Tensor.of(cpu, Shape.of(3), 0, 0, 12));
            assertEquals(13, GradientClip.length(g));
            assertSame(g, GradientClip.clip(g, 13));
            List<Tensor> half = GradientClip.clip(g, 6.5);
            assertArrayEquals(new float[] {1.5f, 0}, half.get(0).toFloats());
            assertArrayEquals(new float[] {-2}, half.get(1).toFloats());
            assertArrayEquals(new float[] {0, 0, 6}, half.get(2).toFloats());
            assertThrows(IllegalArgumentException.class, () -> GradientClip.clip(g, 0));
            List<Tensor> some = GradientClip.clip(Arrays.asList(null, g.get(2)), 3);
            assertNull(some.get(0));
            assertArrayEquals(new float[] {0, 0, 3}, some.get(1).toFloats());
            List<Tensor> none = Arrays.asList((Tensor) null);
            assertSame(none, GradientClip.clip(none, 1));
        }
    }

    @Test
    void aLinearScheduleFallsInAStraightLine() {
        Schedule s = Schedule.warmup(2, Schedule.linear(1, 0, 4));
        double[] rates = {0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0};
        for (int i = 0; i < rates.length; i++) {
            assertEquals(rates[i], s.at(i), 1e-15, "step " + i);
        }
        assertThrows(IllegalArgumentException.class, () -> Schedule.linear(1, 0, 0));
    }
}
