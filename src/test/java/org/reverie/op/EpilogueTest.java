package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.reverie.autograd.Tape;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** A fused activation and one run by itself give the same bits; a tape makes the difference. */
class EpilogueTest {
    @ParameterizedTest
    @EnumSource(Activation.class)
    void fusedAndSplitActivationsHaveTheSameBits(Activation activation) {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor x = normal(cpu, 1, 2, 5, 6, 8);
            Tensor residual = normal(cpu, 2, 2, 5, 6, 19);
            Tensor bias = normal(cpu, 3, 19);
            Tensor dense = normal(cpu, 4, 19, 8);
            Tensor kernel = normal(cpu, 5, 19, 3, 3, 8);
            Tensor transposed = normal(cpu, 6, 8, 2, 2, 19);
            Tensor depthwise = normal(cpu, 7, 3, 3, 8);
            ConvSpec conv = ConvSpec.of(1).pad(1).activation(activation);
            same(x, () -> Linear.linear(x, dense, bias, residual, activation));
            same(x, () -> Convolution.conv2d(x, kernel, bias, residual, conv));
            same(x, () -> Convolution.depthwiseConv2d(x, depthwise, null, conv));
            same(x, () -> Convolution.convTranspose2d(x, transposed, bias, conv, 0, 0));
        }
    }

    private static void same(Tensor watched, Supplier<Tensor> layer) {
        float[] fused = layer.get().toFloats();
        float[] split;
        try (Tape tape = Tape.watch(List.of(watched))) {
            split = layer.get().toFloats();
        }
        assertArrayEquals(bits(fused), bits(split));
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToIntBits(values[i]);
        }
        return bits;
    }

    private static Tensor normal(Backend device, long seed, int... shape) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[(int) Shape.of(shape).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * random.nextGaussian());
        }
        return Tensor.of(device, Shape.of(shape), values);
    }
}
