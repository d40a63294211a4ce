package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Which dtypes ops take and give, with and without an autocast; what they compute is OpSuiteTest's matter. */
final class AutocastTest {
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

    private Tensor normal(DType type, int... shape) {
        return Pointwise.cast(Random.normal(device, Shape.of(shape), 1, shape.length), type);
    }

    private static void refused(String message, org.junit.jupiter.api.function.Executable body) {
        assertEquals(message, assertThrows(IllegalArgumentException.class, body).getMessage());
    }

    @Test
    void mixturesAreRefused() {
        Tensor low = normal(DType.BF16, 3, 4);
        refused(
                "add: the inputs have different dtypes, bf16 and f32: cast one of them",
                () -> Pointwise.add(low, normal(DType.F32, 3, 4)));
        refused(
                "mul: the inputs have different dtypes, f16 and bf16: cast one of them",
                () -> Pointwise.mul(normal(DType.F16, 3, 4), low));
        refused(
                "linear: the inputs have different dtypes, bf16 and f32: cast one of them",
                () -> Linear.linear(low, normal(DType.F32, 5, 4), null));
        refused(
                "linear: the inputs have different dtypes, bf16 and f16: cast one of them",
                () -> Linear.linear(low, normal(DType.BF16, 5, 4), normal(DType.F16, 5)));
        refused(
                "concat: dtypes differ: bf16[3, 4] beside f32[3, 4]",
                () -> Shaping.concat(0, low, normal(DType.F32, 3, 4)));
        refused(
                "adamw_step: works on f32 tensors, not on bf16: keep the masters in f32",
                () -> Optimizers.adamwStep(low, low, low, low, new AdamWSpec(1e-3, 0.9, 0.999, 1e-8, 0, 1)));
    }

    @Test
    void parametersAndStatisticsAreF32() {
        Tensor x = normal(DType.F16, 6, 4);
        Tensor c = normal(DType.F32, 4);
        assertEquals(
                DType.F16,
                Linear.linear(x, normal(DType.F16, 5, 4), normal(DType.F32, 5)).dtype());
        assertEquals(DType.F16, Norms.groupNorm(x, 2, c, c, 1e-5).dtype());
        Tensor[] trained = Norms.batchNormTrain(x, c, Pointwise.cast(c, DType.F16), 1e-5);
        assertEquals(DType.F16, trained[0].dtype());
        assertEquals(DType.F32, trained[1].dtype());
        assertEquals(DType.F32, trained[2].dtype());
    }

    @Test
    void anOpRoundsOnce() {
        Tensor x = normal(DType.BF16, 7, 40);
        Tensor w = normal(DType.BF16, 9, 40);
        Tensor wide =
                Linear.linear(Pointwise.cast(x, DType.F32), Pointwise.cast(w, DType.F32), null, null, Activation.SILU);
        float[] once = Pointwise.cast(wide, DType.BF16).toFloats();
        assertArrayEquals(once, Linear.linear(x, w, null, null, Activation.SILU).toFloats());
    }

    @Test
    void contractionsGoDownAndLossesUp() {
        Tensor x = normal(DType.F32, 6, 4);
        Tensor w = normal(DType.F32, 5, 4);
        Tensor bias = normal(DType.F32, 5);
        float[] f32;
        try (Autocast low = Autocast.to(DType.BF16)) {
            Tensor y = Linear.linear(x, w, bias);
            assertEquals(DType.BF16, y.dtype());
            assertEquals(DType.BF16, Activations.silu(y).dtype());
            assertEquals(DType.F32, Activations.silu(x).dtype());
            assertEquals(DType.BF16, Norms.layerNorm(y, bias, bias, 1, 1e-5).dtype());
            assertEquals(DType.F32, Pointwise.add(y, bias).dtype());
            assertEquals(
                    DType.F32, Shaping.concat(1, y, normal(DType.F32, 6, 2)).dtype());
            assertEquals(DType.F32, Losses.mse(y, normal(DType.F32, 6, 5)).dtype());
            assertEquals(DType.F32, Reductions.mean(y, 0, 1).dtype());
            try (Autocast none = Autocast.to(DType.F32)) {
                assertEquals(DType.F32, Linear.linear(x, w, bias).dtype());
            }
            assertEquals(DType.BF16, Autocast.current());
            assertEquals(
                    DType.F32,
                    Autocast.inside(DType.F16, () -> Linear.linear(x, w, bias)).dtype());
            f32 = Autocast.inside(DType.F32, () -> Linear.linear(x, w, bias)).toFloats();
        }
        assertArrayEquals(Linear.linear(x, w, bias).toFloats(), f32);
        assertEquals(DType.F32, Autocast.current());
        assertEquals(DType.F32, Linear.linear(x, w, bias).dtype());
        assertThrows(IllegalArgumentException.class, () -> Autocast.to(DType.I32));
    }

    @Test
    void castsAreFreedAtOnceWhenNobodyRecords() {
        Tensor x = normal(DType.F32, 64, 64);
        long before = device.memory().live();
        try (Autocast low = Autocast.to(DType.BF16)) {
            Tensor y = Linear.matmul(x, x);
            assertEquals(before + y.spec().bytes(), device.memory().live());
        }
    }

    @Test
    void castsAreRecorded() {
        Tensor x = normal(DType.F32, 6, 4);
        Tensor w = normal(DType.F32, 5, 4);
        Recorded r = new Recorded();
        try (Autocast low = Autocast.to(DType.F16)) {
            Engine.recording(r, () -> Linear.linear(x, w, normal(DType.F32, 5)));
        }
        assertEquals(List.of("cast", "cast", "linear"), r.names.subList(r.names.size() - 3, r.names.size()));
    }

    /** Writes down the names of ops. */
    private static final class Recorded implements Recorder {
        private final List<String> names = new java.util.ArrayList<>();

        @Override
        public boolean wants(Tensor[] inputs) {
            return true;
        }

        @Override
        public Scope scope() {
            return Scope.current();
        }

        @Override
        public void record(Op<?> op, Record attributes, Tensor[] inputs, Tensor[] outputs) {
            names.add(op.name());
        }
    }
}
