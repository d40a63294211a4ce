package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.reverie.device.cuda.FastChecks.BF16;
import static org.reverie.device.cuda.FastChecks.F16;
import static org.reverie.device.cuda.FastChecks.F32;
import static org.reverie.device.cuda.FastChecks.out;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.reverie.device.cuda.FastChecks.Case;
import org.reverie.device.cuda.FastChecks.Input;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LayerNormSpec;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.Linear;
import org.reverie.op.Norms;
import org.reverie.op.Views;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Softmax and norms along rows, and the norm that ends a product. */
final class FastRowsTest {
    private static FastChecks fast;

    @BeforeAll
    static void open() throws Exception {
        fast = FastChecks.open();
    }

    @AfterAll
    static void close() {
        if (fast != null) {
            fast.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> softmax() {
        return fast.tests(List.of(
                new Case(
                        "77 keys and three",
                        "softmax",
                        NoAttributes.NONE,
                        BF16,
                        0.02,
                        out(5, 80),
                        Input.of(BF16, 5, 80)),
                new Case("classes", "softmax", NoAttributes.NONE, F16, 0.02, out(3, 1000), Input.of(F16, 3, 1000)),
                new Case("widest", "softmax", NoAttributes.NONE, BF16, 0.02, out(2, 4096), Input.of(BF16, 2, 4096))));
    }

    @TestFactory
    Stream<DynamicTest> norms() {
        return fast.tests(List.of(
                new Case(
                        "a vector each, silu",
                        "group_norm",
                        new GroupNormSpec(1, 1e-5, Activation.SILU),
                        BF16,
                        0.05,
                        out(3, 1440),
                        Input.of(BF16, 3, 1440),
                        Input.of(F32, 1440),
                        Input.of(F32, 1440)),
                new Case(
                        "last axis",
                        "layer_norm",
                        new LayerNormSpec(1, 1e-5),
                        F16,
                        0.05,
                        out(2, 3, 768),
                        Input.of(F16, 2, 3, 768),
                        Input.of(F16, 768),
                        Input.of(F16, 768)),
                new Case(
                        "widest, no weight",
                        "layer_norm",
                        new LayerNormSpec(1, 1e-5),
                        BF16,
                        0.05,
                        out(2, 4096),
                        Input.of(BF16, 2, 4096),
                        null,
                        Input.of(BF16, 4096))));
    }

    @TestFactory
    Stream<DynamicTest> oneRowIsAddedToAll() {
        return fast.tests(List.of(new Case(
                "a residual of one row",
                "linear",
                LinearSpec.NONE,
                BF16,
                0.02,
                out(20, 24),
                Input.of(BF16, 20, 40),
                Input.of(BF16, 24, 40),
                Input.of(BF16, 24),
                Input.of(BF16, 1, 24).repeated(20))));
    }

    /** Partial sums that a norm adds on its way are those that a kernel of their own would add. */
    @Test
    void theNormOfAProductHasTheBitsOfBoth() {
        try (Scope scope = Scope.open()) {
            CudaBackend device = fast.cuda();
            Tensor x = Input.of(BF16, 20, 1032).make(device, 1);
            Tensor weight = Input.of(BF16, 264, 1032).make(device, 2);
            Tensor bias = Input.of(F32, 264).make(device, 3);
            Tensor time = Views.expand(Input.of(BF16, 1, 264).make(device, 4), Shape.of(20, 264));
            Tensor[] both = new Tensor[4];
            for (int turn = 0; turn < 2; turn++) {
                fast.order(turn + 1, turn == 1);
                Tensor h = Linear.linear(x, weight, bias, time, Activation.NONE);
                assertTrue(device.queue().postponed() instanceof FastGemm.Join, "the product is cut into parts");
                if (turn == 1) {
                    device.queue().finish();
                }
                assertTrue((device.queue().postponed() == null) == (turn == 1));
                both[turn] = h;
                both[2 + turn] = Norms.groupNorm(h, 1, bias, bias, 1e-5, Activation.SILU);
                assertNull(device.queue().postponed());
            }
            assertArrayEquals(bytes(both[0]), bytes(both[1]));
            assertArrayEquals(bytes(both[2]), bytes(both[3]));
        }
    }

    /** What is postponed is started before its memory goes back to the driver, and before anybody reads it. */
    @Test
    void nothingThatIsPostponedIsLost() {
        try (Scope scope = Scope.open()) {
            CudaBackend device = fast.cuda();
            Tensor x = Input.of(BF16, 20, 1032).make(device, 1);
            Tensor weight = Input.of(BF16, 24, 1032).make(device, 2);
            byte[] expected = bytes(Linear.linear(x, weight, null));
            Tensor y = Linear.linear(x, weight, null);
            device.trim();
            assertNull(device.queue().postponed());
            assertArrayEquals(expected, bytes(y));
        }
    }

    private static byte[] bytes(Tensor t) {
        return t.toHost().data().toArray(ValueLayout.JAVA_BYTE);
    }
}
