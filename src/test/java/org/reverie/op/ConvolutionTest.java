package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What docs/numerics.md promises about convolutions that are written in different ways: the same bits. */
class ConvolutionTest {
    private static final ConvSpec PLAIN = ConvSpec.of(1);

    @Test
    void padsAreZerosThatCouldHaveBeenThereBefore() {
        try (Backend device = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor x = SampleInput.of(2, 5, 6, 35).make(device, 1);
            Tensor w = SampleInput.of(4, 3, 3, 35).make(device, 2);
            Tensor padded = Shaping.pad(x, new int[] {0, 1, 2, 0}, new int[] {0, 0, 1, 0}, 0);
            Tensor expected = Convolution.conv2d(padded, w, null, PLAIN);
            assertSame(expected, Convolution.conv2d(x, w, null, PLAIN.pad(1, 2, 0, 1)));
        }
    }

    @Test
    void anInputGradientIsAConvolutionWithTheKernelTurnedAround() {
        try (Backend device = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor g = SampleInput.of(2, 5, 6, 35).make(device, 1);
            Tensor w = SampleInput.of(35, 3, 3, 4).make(device, 2);
            Tensor expected = Convolution.conv2d(g, turned(w), null, PLAIN.pad(1));
            assertSame(expected, Conv2d.inputGradient(PLAIN.pad(1), g, w, Shape.of(2, 5, 6, 4)));
            assertSame(expected, Convolution.convTranspose2d(g, w, null, PLAIN.pad(1), 0, 0));
        }
    }

    @Test
    void aPhaseOfAStridedInputGradientIsAConvolutionWithItsTaps() {
        try (Backend device = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor g = SampleInput.of(1, 4, 4, 70).make(device, 1);
            Tensor w = SampleInput.of(70, 4, 4, 3).make(device, 2);
            Tensor all = Conv2d.inputGradient(ConvSpec.of(2), g, w, Shape.of(1, 10, 10, 3));
            for (int row = 0; row < 2; row++) {
                for (int column = 0; column < 2; column++) {
                    Tensor taps = Shaping.slice(Shaping.slice(w, 1, row, 4, 2), 2, column, 4, 2);
                    Tensor expected = Convolution.conv2d(g, turned(taps), null, PLAIN.pad(1));
                    Tensor phase = Shaping.slice(Shaping.slice(all, 1, row, 10, 2), 2, column, 10, 2);
                    assertSame(expected, phase);
                }
            }
        }
    }

    @Test
    void depthwiseIsGroupedWithAChannelToAGroup() {
        try (Backend device = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor x = SampleInput.of(2, 5, 6, 5).make(device, 1);
            Tensor w = SampleInput.of(3, 3, 5).make(device, 2);
            Tensor grouped = Views.reshape(Views.permute(w, 2, 0, 1), 5, 3, 3, 1);
            Tensor expected = Convolution.conv2d(x, grouped, null, PLAIN.pad(1).groups(5));
            assertSame(expected, Convolution.depthwiseConv2d(x, w, null, PLAIN.pad(1)));
        }
    }

    /** weight[O,KH,KW,I] → [I,KH,KW,O] with rows and columns in reverse. */
    private static Tensor turned(Tensor w) {
        float[] values = w.toFloats();
        int o = w.dim(0);
        int kh = w.dim(1);
        int kw = w.dim(2);
        int i = w.dim(3);
        float[] turned = new float[values.length];
        for (int e = 0; e < values.length; e++) {
            int column = e / i % kw;
            int row = e / i / kw % kh;
            int at = ((e % i * kh + kh - 1 - row) * kw + kw - 1 - column) * o + e / i / kw / kh;
            turned[at] = values[e];
        }
        return Tensor.of(w.device(), Shape.of(i, kh, kw, o), turned);
    }

    private static void assertSame(Tensor expected, Tensor actual) {
        assertArrayEquals(expected.shape().toArray(), actual.shape().toArray());
        assertArrayEquals(expected.toFloats(), actual.toFloats());
    }
}
