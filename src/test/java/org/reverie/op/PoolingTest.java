package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.reverie.autograd.Tape;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

class PoolingTest {
    @Test
    void tiesGoToTheFirstPixelOfTheWindow() {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor x = Tensor.of(cpu, Shape.of(1, 2, 4, 1), 1, 7, -0f, 0, 7, 3, 0, -1);
            try (Tape tape = Tape.watch(List.of(x))) {
                Tensor y = Pooling.maxPool2d(x, PoolSpec.of(2, 2));
                assertArrayEquals(new float[] {7, -0f}, y.toFloats());
                Tensor dx = tape.gradients(y, Tensor.of(cpu, y.shape(), 10, 20), List.of(x))
                        .get(0);
                assertArrayEquals(new float[] {0, 10, 20, 0, 0, 0, 0, 0}, dx.toFloats());
            }
        }
    }

    @Test
    void outputExtentsAreThoseOfPyTorch() {
        // from the rule of torch.nn.MaxPool2d: the last window of a ceil-mode pooling starts in the image or its left
        // pad
        assertEquals(56, PoolSpec.of(3, 2).pad(1).outputHeight(112));
        assertEquals(55, PoolSpec.of(3, 2).outputHeight(111));
        assertEquals(56, PoolSpec.of(3, 2).ceilMode(true).outputHeight(112));
        assertEquals(2, PoolSpec.of(2, 3).pad(1).ceilMode(true).outputHeight(5));
        assertEquals(4, PoolSpec.of(2, 2).ceilMode(true).outputWidth(7));
    }

    @Test
    void anAverageHasTheBitsOfADepthwiseConvolutionWithOnes() {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor x = SampleInput.of(2, 9, 8, 5).make(cpu, 1);
            Tensor ones = Pointwise.fullLike(SampleInput.of(3, 3, 5).make(cpu, 2), 1);
            Tensor sums =
                    Convolution.depthwiseConv2d(x, ones, null, ConvSpec.of(2).pad(1));
            Tensor averages = Pointwise.div(sums, Pointwise.fullLike(sums, 9));
            assertArrayEquals(
                    averages.toFloats(),
                    Pooling.avgPool2d(x, PoolSpec.of(3, 2).pad(1)).toFloats());
        }
    }
}
