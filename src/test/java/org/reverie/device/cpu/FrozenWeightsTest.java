package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.HostBuffer;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.op.Linear;
import org.reverie.op.Optimizers;
import org.reverie.op.Random;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Weights that can no longer change are packed once; nothing else about them is different. */
class FrozenWeightsTest {
    @Test
    void resultsHaveTheSameBitsFrozenOrNot() {
        for (int lanes : new int[] {128, 256, 512}) {
            for (int threads = 1; threads <= 3; threads++) {
                try (Backend cpu = Devices.open("cpu", new BackendOptions(lanes, threads));
                        Scope scope = Scope.open()) {
                    Tensor image = Random.normal(cpu, Shape.of(2, 9, 8, 12), 1, 0);
                    ConvSpec grouped = ConvSpec.of(1).pad(1).groups(3);
                    same(normal(cpu, 2, 40, 1, 1, 12), w -> Convolution.conv2d(image, w, null, ConvSpec.of(1)));
                    same(normal(cpu, 3, 7, 3, 3, 12), w -> Convolution.conv2d(image, w, null, ConvSpec.of(2)));
                    same(normal(cpu, 4, 15, 3, 3, 4), w -> Convolution.conv2d(image, w, null, grouped));
                    Tensor rows = Random.normal(cpu, Shape.of(5, 300), 1, 1);
                    same(normal(cpu, 5, 33, 300), w -> Linear.linear(rows, w, null, null, Activation.RELU));
                }
            }
        }
    }

    private static Tensor normal(Backend cpu, long stream, int... shape) {
        return Random.normal(cpu, Shape.of(shape), 1, stream);
    }

    private static void same(Tensor weights, Function<Tensor, Tensor> layer) {
        float[] before = layer.apply(weights).toFloats();
        weights.buffer().freeze();
        assertArrayEquals(before, layer.apply(weights).toFloats(), "first use, which packs");
        assertArrayEquals(before, layer.apply(weights).toFloats(), "second use");
    }

    @Test
    void frozenWeightsCannotChange() {
        try (Backend cpu = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            Tensor w = normal(cpu, 0, 8);
            Tensor step = normal(cpu, 1, 8);
            Optimizers.emaUpdate(w, step, 0.5);
            w.buffer().freeze();
            assertThrows(IllegalStateException.class, () -> Optimizers.emaUpdate(w, step, 0.5));
            HostTensor other = HostTensor.allocate(DType.F32, Shape.of(8));
            assertThrows(IllegalStateException.class, () -> cpu.upload(other.data(), w.buffer(), 0));
        }
    }

    @Test
    void whatIsKeptBelongsToTheBuffer() {
        try (Backend cpu = Devices.open("cpu", new BackendOptions(0, 1));
                Scope scope = Scope.open()) {
            Kernels kernels = Kernels.create(128, new Workers(1));
            Tensor w = normal(cpu, 0, 6, 5);
            assertNull(PackedWeights.of(kernels.matrix(), w), "not frozen");
            assertThrows(
                    IllegalStateException.class,
                    () -> ((HostBuffer) w.buffer()).derived("key", String.class, () -> "value"));
            w.buffer().freeze();
            float[] first = PackedWeights.of(kernels.matrix(), w);
            assertSame(first, PackedWeights.of(kernels.matrix(), w));
            assertNotSame(
                    first, PackedWeights.of(Kernels.create(256, new Workers(1)).matrix(), w));
            Tensor half = w.view(Shape.of(3, 5), new long[] {5, 1}, 15);
            assertNotSame(first, PackedWeights.of(kernels.matrix(), half));
            assertNull(PackedWeights.of(kernels.matrix(), w.view(Shape.of(5, 6), new long[] {1, 5}, 0)), "transposed");
            long address = HostBuffer.address(w);
            Scope.free(w);
            Tensor again = normal(cpu, 1, 6, 5);
            assertEquals(address, HostBuffer.address(again), "the pool gives the same memory again");
            assertNull(PackedWeights.of(kernels.matrix(), again), "but not as frozen weights");
        }
    }
}
