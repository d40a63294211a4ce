package org.reverie.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Activations;
import org.reverie.op.Linear;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.ReferenceBackend;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

class TapeTest {
    private static final Shape FEATURES = Shape.of(6, 5);

    /** A small network: mse(silu(x·w + b)·v, 0) plus a softplus term. */
    private static Tensor network(Tensor[] in) {
        Tensor hidden = Activations.silu(Pointwise.add(Linear.matmul(in[0], in[1]), in[2]));
        Tensor out = Linear.matmul(hidden, in[3]);
        Tensor loss = Losses.mse(out, Pointwise.fullLike(out, 0));
        return Pointwise.add(loss, Reductions.mean(Activations.softplus(hidden), 0, 1));
    }

    private static Tensor[] parameters(Backend device) {
        return new Tensor[] {
            Random.normal(device, FEATURES, 1, 0),
            Random.normal(device, Shape.of(5, 7), 1, 1),
            Random.normal(device, Shape.of(7), 1, 2),
            Random.normal(device, Shape.of(7, 2), 1, 3)
        };
    }

    @Test
    void gradientOfAComposite() {
        try (Backend f64 = ReferenceBackend.inDouble();
                Scope scope = Scope.open()) {
            double error = GradientCheck.worstError(
                    in -> new Tensor[] {network(in)}, parameters(f64), new boolean[] {true, true, true, true});
            assertTrue(error < 1e-7, "relative error " + error);
        }
    }

    /** The gradients themselves, taken as a function, differentiated again: a tape inside a tape. */
    @Test
    void gradientOfAGradient() {
        try (Backend f64 = ReferenceBackend.inDouble();
                Scope scope = Scope.open()) {
            Function<Tensor[], Tensor[]> gradients = in -> {
                List<Tensor> wanted = List.of(in);
                try (Tape tape = Tape.watch(wanted)) {
                    return tape.gradients(network(in), wanted).toArray(Tensor[]::new);
                }
            };
            double error = GradientCheck.worstError(gradients, parameters(f64), new boolean[] {true, true, true, true});
            assertTrue(error < 1e-6, "relative error " + error);
        }
    }

    @Test
    void whatTheResultDoesNotDependOnHasTheGradientZero() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            Tensor a = Tensor.of(device, Shape.of(2), 1, 2);
            Tensor b = Tensor.of(device, Shape.of(3), 1, 2, 3);
            try (Tape tape = Tape.watch(List.of(a, b))) {
                Tensor y = Reductions.sum(Pointwise.square(a), 0);
                List<Tensor> g = tape.gradients(y, List.of(a, b));
                assertArrayEquals(new float[] {2, 4}, g.get(0).toFloats());
                assertArrayEquals(new float[] {0, 0, 0}, g.get(1).toFloats());
            }
        }
    }

    @Test
    void whatIsPausedIsNotRecorded() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            Tensor a = Tensor.of(device, Shape.of(2), 1, 2);
            try (Tape tape = Tape.watch(List.of(a))) {
                Tensor frozen = Tape.paused(() -> Pointwise.square(a));
                Tensor y = Reductions.sum(Pointwise.mul(a, frozen), 0);
                assertArrayEquals(
                        new float[] {1, 4}, tape.gradients(y, List.of(a)).get(0).toFloats());
            }
        }
    }

    @Test
    void resultsOfAClosedTapeAreRefused() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            Tensor a = Tensor.of(device, Shape.of(2), 1, 2);
            Tensor recorded;
            try (Tape tape = Tape.watch(List.of(a))) {
                recorded = Pointwise.square(a);
            }
            Exception e = assertThrows(IllegalStateException.class, () -> Pointwise.square(recorded));
            assertEquals("square: input f32[2] was used after its scope closed", e.getMessage());
            assertThrows(IllegalStateException.class, recorded::toFloats);
        }
    }

    @Test
    void aTrainingLoopAllocatesNothingOnceItIsWarm() {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 2));
                Scope model = Scope.open()) {
            Tensor x = Random.normal(device, Shape.of(32, 12), 3, 0);
            Tensor target = Random.normal(device, Shape.of(32, 4), 3, 1);
            List<Tensor> params = List.of(
                    Random.normal(device, Shape.of(12, 16), 4, 0),
                    Random.normal(device, Shape.of(16), 4, 1),
                    Random.normal(device, Shape.of(16, 4), 4, 2));
            try (AdamW adam = new AdamW(params, AdamWConfig.of(0.02))) {
                double first = step(x, target, params, adam);
                step(x, target, params, adam);
                long allocations = device.memory().allocations();
                long live = device.memory().live();
                double last = 0;
                for (int i = 0; i < 50; i++) {
                    last = step(x, target, params, adam);
                }
                assertEquals(allocations, device.memory().allocations());
                assertEquals(live, device.memory().live());
                assertTrue(last < 0.5 * first, "the loss went from " + first + " to " + last);
            }
        }
    }

    private static double step(Tensor x, Tensor target, List<Tensor> params, AdamW adam) {
        try (Scope step = Scope.open();
                Tape tape = Tape.watch(params)) {
            Tensor hidden = Activations.relu(Pointwise.add(Linear.matmul(x, params.get(0)), params.get(1)));
            Tensor loss = Losses.mse(Linear.matmul(hidden, params.get(2)), target);
            adam.step(tape.gradients(loss, params));
            return loss.item();
        }
    }
}
