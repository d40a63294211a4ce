package org.reverie.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reverie.TestDevices;
import org.reverie.autograd.Tape;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.cpu.NativeLowBackend;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.BatchNorm2d;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Activations;
import org.reverie.op.Losses;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Pooling;
import org.reverie.op.Random;
import org.reverie.op.Resize;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Training in BF16 and F16 with F32 masters: losses as in F32, steps that overflow left out, and the same bits after an
 * interruption and on every device.
 */
final class MixedPrecisionTest {
    private static final int CLASSES = 4;
    private static final double LR = 3e-3;

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

    /** A model that knows the loss of its step n. */
    private abstract static class Task extends Module {
        abstract Tensor loss(long step);
    }

    /** Names which of four waves an image shows, under noise. */
    private static final class Classifier extends Task {
        private static final int SIDE = 8;
        private final Initializer init;
        private final Conv2dLayer first;
        private final BatchNorm2d norm;
        private final Conv2dLayer second;
        private final GroupNorm groups;
        private final LinearLayer head;

        Classifier(Initializer init) {
            this.init = init;
            ConvSpec half = ConvSpec.of(2).pad(1);
            first = part("first", new Conv2dLayer(init.in("first"), 1, 16, 3, half, false));
            norm = part("norm", new BatchNorm2d(init, 16, 1e-5));
            second = part("second", new Conv2dLayer(init.in("second"), 16, 16, 3, half, true));
            groups = part("groups", new GroupNorm(init, 4, 16, 1e-5, Activation.SILU));
            head = part("head", new LinearLayer(init.in("head"), 16, CLASSES));
        }

        @Override
        Tensor loss(long step) {
            int n = 32;
            float[] images = new float[n * SIDE * SIDE];
            int[] labels = new int[n];
            for (int i = 0; i < n; i++) {
                labels[i] = i % CLASSES;
                for (int p = 0; p < SIDE * SIDE; p++) {
                    double at = labels[i] < 2 ? p / SIDE : p % SIDE;
                    images[i * SIDE * SIDE + p] = (float) Math.sin(at * (labels[i] % 2 == 0 ? 0.8 : 1.6));
                }
            }
            Shape shape = Shape.of(n, SIDE, SIDE, 1);
            Tensor x = Tensor.from(init.device(), HostTensor.of(shape, images));
            Tensor noisy = Pointwise.add(x, Random.normal(init.device(), shape, 3, step));
            Tensor h = Activations.silu(norm.train(first.apply(noisy)));
            Tensor logits = head.apply(Pooling.globalAvgPool(groups.apply(second.apply(h))));
            return Losses.crossEntropy(logits, Tensor.from(init.device(), HostTensor.of(Shape.of(n), labels)));
        }
    }

    /** Takes noise out of images of two waves: two levels, a skip, attention left out. */
    private static final class UNet extends Task {
        private static final int SIDE = 8;
        private final Initializer init;
        private final Conv2dLayer in;
        private final GroupNorm norm;
        private final Conv2dLayer down;
        private final GroupNorm deep;
        private final Conv2dLayer middle;
        private final LinearLayer level;
        private final Conv2dLayer out;

        UNet(Initializer init) {
            this.init = init;
            ConvSpec same = ConvSpec.of(1).pad(1);
            in = part("in", new Conv2dLayer(init.in("in"), 1, 16, 3, same, true));
            norm = part("norm", new GroupNorm(init, 4, 16, 1e-5, Activation.SILU));
            down = part(
                    "down",
                    new Conv2dLayer(init.in("down"), 16, 16, 3, ConvSpec.of(2).pad(1), true));
            deep = part("deep", new GroupNorm(init, 4, 16, 1e-5, Activation.SILU));
            middle = part("middle", new Conv2dLayer(init.in("middle"), 16, 16, 3, same, true));
            level = part("level", new LinearLayer(init.in("level"), 1, 16));
            out = part("out", new Conv2dLayer(init.in("out"), 32, 1, 3, same, true));
        }

        @Override
        Tensor loss(long step) {
            int n = 16;
            float[] clean = new float[n * SIDE * SIDE];
            float[] amounts = new float[n];
            for (int i = 0; i < n; i++) {
                amounts[i] = (i % 4 + 1) / 4f;
                for (int p = 0; p < SIDE * SIDE; p++) {
                    clean[i * SIDE * SIDE + p] =
                            (float) Math.sin((i % 3 + 1) * 0.4 * (i % 2 == 0 ? p / SIDE : p % SIDE));
                }
            }
            Shape shape = Shape.of(n, SIDE, SIDE, 1);
            Tensor noise = Random.normal(init.device(), shape, 5, step);
            Tensor amount = Tensor.from(init.device(), HostTensor.of(Shape.of(n, 1), amounts));
            Tensor x = Tensor.from(init.device(), HostTensor.of(shape, clean));
            Tensor noisy = Pointwise.add(x, Pointwise.mul(noise, Views.reshape(amount, n, 1, 1, 1)));
            Tensor skip = norm.apply(in.apply(noisy));
            Tensor h = down.apply(skip);
            h = Pointwise.add(h, Views.reshape(level.apply(amount), n, 1, 1, 16));
            h = middle.residual(deep.apply(h), h);
            h = Resize.nearest2d(h, SIDE, SIDE);
            return Losses.mse(out.apply(Shaping.concat(3, h, skip)), noise);
        }
    }

    /** Trains the steps {@code from} (inclusive) to {@code to} (exclusive); the losses. */
    private static double[] train(Task task, MixedPrecision precision, AdamW adam, Ema average, int from, int to) {
        double[] losses = new double[to - from];
        for (int i = from; i < to; i++) {
            long step = i;
            List<Tensor> parameters = task.parameters();
            try (Scope local = Scope.open();
                    Tape tape = Tape.watch(parameters)) {
                Tensor loss = precision.forward(() -> task.loss(step));
                assertEquals(DType.F32, loss.dtype());
                if (precision.step(tape, loss, parameters, adam, LR)) {
                    average.update();
                }
                losses[i - from] = loss.item();
            }
        }
        return losses;
    }

    private Task task(String name, Backend on) {
        Initializer init = new Initializer(on, 11);
        return name.equals("classifier") ? new Classifier(init) : new UNet(init);
    }

    /** Mean loss of the last twenty of 120 steps. */
    private double finalLoss(String name, DType dtype, Backend on) {
        try (Scope own = Scope.open()) {
            return finalLoss(name, dtype, task(name, on));
        }
    }

    private static double finalLoss(String name, DType dtype, Task task) {
        try (AdamW adam = new AdamW(task.parameters(), AdamWConfig.of(LR));
                Ema average = new Ema(task.parameters(), 0.99, true)) {
            double[] losses = train(task, MixedPrecision.in(dtype), adam, average, 0, 120);
            double sum = 0;
            for (int i = 100; i < 120; i++) {
                sum += losses[i];
            }
            assertTrue(sum / 20 < losses[0] / 2, name + " learns: from " + losses[0] + " to " + sum / 20);
            return sum / 20;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void trainsAsInF32(DType dtype) {
        for (String name : new String[] {"classifier", "unet"}) {
            double exact = finalLoss(name, DType.F32, device);
            double low = finalLoss(name, dtype, device);
            double distance = dtype == DType.BF16 ? 0.01 : 0.002;
            assertEquals(exact, low, distance * exact, name + " in " + dtype.label());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void aResumedTrainingHasTheSameBits(DType dtype) {
        Map<String, HostTensor> straight = parts(dtype, 13);
        assertSame(straight, parts(dtype, 5, 8));
        assertSame(straight, parts(dtype, 2, 6, 5));
    }

    /** Trains in parts, each with new objects that go on from the state of those before; the last state. */
    private Map<String, HostTensor> parts(DType dtype, int... parts) {
        Map<String, HostTensor> state = null;
        int done = 0;
        for (int steps : parts) {
            Task task = task("classifier", device);
            MixedPrecision precision =
                    dtype == DType.F16 ? MixedPrecision.f16(new GradScaler(0x1p24f, 4)) : MixedPrecision.in(dtype);
            try (AdamW adam = new AdamW(task.parameters(), AdamWConfig.of(LR));
                    Ema average = new Ema(task.parameters(), 0.99, true)) {
                if (state != null) {
                    task.load("state", part(state, "model."), n -> false);
                    adam.restore(part(state, "adam."));
                    average.restore(part(state, "average."));
                    precision.restore(part(state, "precision."));
                }
                train(task, precision, adam, average, done, done + steps);
                done += steps;
                state = new LinkedHashMap<>();
                put(state, "model.", task.stateDict());
                put(state, "adam.", adam.state());
                put(state, "average.", average.state());
                put(state, "precision.", precision.state());
            }
        }
        return state;
    }

    private static void put(Map<String, HostTensor> all, String prefix, Map<String, HostTensor> part) {
        part.forEach((name, t) -> all.put(prefix + name, t));
    }

    private static Map<String, HostTensor> part(Map<String, HostTensor> all, String prefix) {
        Map<String, HostTensor> part = new LinkedHashMap<>();
        all.forEach((name, t) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), t);
            }
        });
        return part;
    }

    private static void assertSame(Map<String, HostTensor> expected, Map<String, HostTensor> actual) {
        assertEquals(expected.keySet(), actual.keySet());
        expected.forEach((n, t) -> assertArrayEquals(t.toFloats(), actual.get(n).toFloats(), n));
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void everyDeviceTrainsToTheSameBits(DType dtype) {
        List<float[]> expected = twoSteps(dtype, device);
        for (String other : otherDevices()) {
            try (Backend b = Devices.open(other, BackendOptions.DEFAULT)) {
                List<float[]> actual = twoSteps(dtype, b);
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), actual.get(i), other + ", parameter " + i);
                }
            }
        }
    }

    /** The reference, and the first device of every other kind that is there. */
    private static List<String> otherDevices() {
        return Stream.concat(
                        Stream.of(Devices.REFERENCE),
                        Stream.of("opencl", "cuda")
                                .filter(kind -> TestDevices.missing(kind) == null)
                                .map(TestDevices::first))
                .toList();
    }

    /** The averaged parameters after two steps. */
    private List<float[]> twoSteps(DType dtype, Backend on) {
        try (Scope own = Scope.open()) {
            return twoSteps(dtype, task("unet", on));
        }
    }

    private static List<float[]> twoSteps(DType dtype, Task task) {
        try (AdamW adam = new AdamW(task.parameters(), AdamWConfig.of(LR));
                Ema average = new Ema(task.parameters(), 0.99, true)) {
            train(task, MixedPrecision.in(dtype), adam, average, 0, 2);
            return average.averages().stream().map(Tensor::toFloats).toList();
        }
    }

    /** A backend's own low kernels are given the tensors as they are, gradients included, and the training is as good. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void trainsWithKernelsOfTheBackendsOwn(DType dtype) {
        double exact = finalLoss("classifier", DType.F32, device);
        try (NativeLowBackend b = new NativeLowBackend()) {
            assertEquals(exact, finalLoss("classifier", dtype, b), 0.01 * exact, dtype.label());
            assertTrue(b.lowCalls() > 2000, b.lowCalls() + " calls");
        }
    }

    /** Norms with F32 parameters are differentiated in low precision by rules of many ops, too. */
    @Test
    void parametersInF32MeetLowGradients() {
        try (NativeLowBackend b = new NativeLowBackend();
                Scope own = Scope.open()) {
            Tensor x = Pointwise.cast(Random.normal(b, Shape.of(6, 4), 1, 1), DType.BF16);
            Tensor c = Tensor.of(b, Shape.of(4), 1, 0.5f, 2, 3);
            try (Tape tape = Tape.watch(List.of(x, c))) {
                Tensor y = Norms.batchNorm(x, c, c, c, c, 1e-5);
                List<Tensor> gradients = tape.gradients(y, Pointwise.fullLike(y, 1), List.of(x, c));
                assertEquals(DType.BF16, gradients.get(0).dtype());
                assertEquals(DType.F32, gradients.get(1).dtype());
            }
        }
    }

    @Test
    void anOverflowLeavesTheStepOutAndHalvesTheScale() {
        Task task = task("classifier", device);
        List<Tensor> parameters = task.parameters();
        GradScaler scaler = new GradScaler(0x1p40f, 3);
        MixedPrecision precision = MixedPrecision.f16(scaler);
        try (AdamW adam = new AdamW(parameters, AdamWConfig.of(LR));
                Ema average = new Ema(parameters, 0.99, true)) {
            float[] before = parameters.getFirst().toFloats();
            train(task, precision, adam, average, 0, 1);
            assertEquals(0x1p39f, scaler.scale());
            assertEquals(1, scaler.skipped());
            assertEquals(0, adam.steps());
            assertEquals(0, average.updates());
            assertArrayEquals(before, parameters.getFirst().toFloats());
            train(task, precision, adam, average, 1, 60);
            assertTrue(adam.steps() > 20, adam.steps() + " steps");
            assertEquals(60, adam.steps() + scaler.skipped());
            for (float p : parameters.getFirst().toFloats()) {
                assertTrue(Float.isFinite(p));
            }
        }
    }

    @Test
    void theScaleGrowsAfterEnoughSteps() {
        GradScaler scaler = new GradScaler(8, 2);
        Tensor p = Tensor.of(device, Shape.of(2), 1, 2);
        Tensor g = Tensor.of(device, Shape.of(2), 8, -16);
        try (Sgd sgd = new Sgd(List.of(p), SgdConfig.of(1))) {
            assertTrue(scaler.step(sgd, List.of(g), 0.5));
            assertArrayEquals(new float[] {0.5f, 3}, p.toFloats());
            assertEquals(8, scaler.scale());
            assertTrue(scaler.step(sgd, List.of(g), 0));
            assertEquals(16, scaler.scale());
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                float scale = scaler.scale();
                assertFalse(scaler.step(sgd, List.of(Tensor.of(device, Shape.of(2), 1, bad)), 1));
                assertEquals(scale / 2, scaler.scale());
            }
            assertEquals(2, scaler.scale());
            assertEquals(2, sgd.steps());
            GradScaler twin = new GradScaler();
            twin.restore(scaler.state());
            assertEquals(2, twin.scale());
        }
        assertThrows(IllegalArgumentException.class, () -> new GradScaler(3, 1));
        assertThrows(IllegalArgumentException.class, () -> new GradScaler(0.5f, 1));
        assertThrows(IllegalArgumentException.class, () -> new GradScaler().restore(Map.of()));
        assertThrows(IllegalArgumentException.class, () -> MixedPrecision.in(DType.I32));
    }
}
