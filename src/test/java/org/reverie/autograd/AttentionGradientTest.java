package org.reverie.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.op.Attention;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The op that is attention's gradient has the bits of the composed ops that run when the gradient is differentiated again. */
class AttentionGradientTest {
    /** Images, heads, queries, keys, depth, width: one block of queries and several, one chunk and several. */
    private static final int[][] SHAPES = {
        {1, 2, 64, 64, 40, 40},
        {2, 1, 70, 1100, 24, 17},
        {1, 1, 1300, 77, 9, 33},
        {1, 3, 1, 1, 1, 1},
        {1, 1, 513, 513, 257, 3}
    };

    @Test
    void fusedAndComposedGradientsHaveTheSameBits() {
        for (BackendOptions options : List.of(
                new BackendOptions(128, 1),
                new BackendOptions(256, 3),
                new BackendOptions(512, 1),
                new BackendOptions(512, 2))) {
            try (Backend device = Devices.open("cpu", options);
                    Scope scope = Scope.open()) {
                for (int[] s : SHAPES) {
                    for (int form = 0; form < 4; form++) {
                        compare(device, s, form % 2 == 1, form >= 2);
                    }
                }
            }
        }
    }

    private static void compare(Backend device, int[] s, boolean causal, boolean masked) {
        try (Scope scope = Scope.open()) {
            Tensor q = normal(device, 1, s[0], s[1], s[2], s[4]);
            Tensor k = normal(device, 2, s[0], s[1], s[3], s[4]);
            Tensor v = normal(device, 3, s[0], s[1], s[3], s[5]);
            Tensor g = normal(device, 4, s[0], s[1], s[2], s[5]);
            Tensor mask = masked ? mask(device, s[0], s[3]) : null;
            AttentionSpec spec = new AttentionSpec(0.3, causal);
            List<Tensor> inputs = List.of(q, k, v);
            List<float[]> fused = gradients(inputs, mask, g, spec);
            List<float[]> composed;
            try (Tape watching = Tape.watch(inputs)) {
                composed = gradients(inputs, mask, g, spec);
            }
            for (int i = 0; i < 3; i++) {
                String what = device.description() + ", " + Arrays.toString(s) + ", gradient of input " + i;
                assertSame(what, composed.get(i), fused.get(i));
            }
        }
    }

    private static List<float[]> gradients(List<Tensor> inputs, Tensor mask, Tensor g, AttentionSpec spec) {
        try (Tape tape = Tape.watch(inputs)) {
            Tensor y = Attention.attention(inputs.get(0), inputs.get(1), inputs.get(2), mask, spec);
            List<float[]> values = new ArrayList<>();
            for (Tensor t : tape.gradients(y, g, inputs)) {
                values.add(t.toHost().toFloats());
            }
            return values;
        }
    }

    private static void assertSame(String what, float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length, what);
        for (int i = 0; i < expected.length; i++) {
            boolean same = Float.floatToRawIntBits(expected[i]) == Float.floatToRawIntBits(actual[i])
                    || Float.isNaN(expected[i]) && Float.isNaN(actual[i]);
            assertTrue(same, what + ", element " + i + ": " + actual[i] + " instead of " + expected[i]);
        }
    }

    private static Tensor normal(Device device, long seed, int... shape) {
        Random random = new Random(seed);
        HostTensor host = HostTensor.allocate(DType.F32, Shape.of(shape));
        for (long i = 0; i < host.shape().elements(); i++) {
            host.data().setAtIndex(HostTensor.FLOAT, i, (float) random.nextGaussian());
        }
        return Tensor.from(device, host);
    }

    /** Every third key may not be looked at. */
    private static Tensor mask(Device device, int images, int keys) {
        byte[] flags = new byte[images * keys];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = (byte) (i % 3 == 1 ? 0 : 1);
        }
        return Tensor.from(device, HostTensor.of(Shape.of(images, keys), flags));
    }
}
