package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.reverie.device.cuda.FastChecks.BF16;
import static org.reverie.device.cuda.FastChecks.F16;
import static org.reverie.device.cuda.FastChecks.out;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reverie.device.KernelCall;
import org.reverie.device.cuda.FastChecks.Case;
import org.reverie.device.cuda.FastChecks.Input;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;

/** Attention and its gradient. */
final class FastAttentionTest {
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

    private static Case attention(
            String note, DType d, boolean causal, int batch, int heads, int queries, int keys, int width) {
        return new Case(
                note + " " + width,
                "attention",
                new AttentionSpec(1 / Math.sqrt(width), causal),
                d,
                1.5,
                out(batch, heads, queries, width),
                Input.of(d, batch, heads, queries, width).laid(0, 2, 1, 3),
                Input.of(d, batch, heads, keys, width).laid(0, 2, 1, 3),
                Input.of(d, batch, heads, keys, width),
                null);
    }

    @TestFactory
    Stream<DynamicTest> hopperAttention() {
        return Stream.of(
                        attention("across, 77 keys of", BF16, false, 1, 2, 150, 77, 64),
                        attention("several stages of", BF16, false, 1, 1, 100, 600, 64),
                        attention("causal", F16, true, 1, 1, 300, 300, 64),
                        attention("padded", BF16, false, 1, 2, 40, 200, 40),
                        attention("across", F16, false, 2, 1, 60, 260, 128),
                        attention("causal", BF16, true, 1, 1, 200, 200, 128))
                .map(c -> dynamicTest(
                        "hopper " + c,
                        () -> fast.checkOnHopper(c, call -> {
                            AttentionSpec s = call.attributes(AttentionSpec.class);
                            new FastHopperAttention(fast.cuda().queue())
                                    .attend(s, call.in(0), call.in(1), call.in(2), call.out(0), null);
                        })));
    }

    private static Case attentionGradient(
            String note, DType d, boolean causal, int batch, int heads, int queries, int keys, int width) {
        return new Case(
                note + " " + width,
                "attention_gradient",
                new AttentionSpec(1 / Math.sqrt(width), causal),
                d,
                4,
                new int[][] {{batch, heads, queries, width}, {batch, heads, keys, width}, {batch, heads, keys, width}},
                Input.of(d, batch, heads, queries, width),
                Input.of(d, batch, heads, keys, width).laid(0, 2, 1, 3),
                Input.of(d, batch, heads, keys, width),
                null,
                Input.of(d, batch, heads, queries, width).laid(0, 2, 1, 3));
    }

    @TestFactory
    Stream<DynamicTest> attention() {
        List<Case> cases = new ArrayList<>();
        for (int width : new int[] {24, 40, 64, 80, 128, 160, 256}) {
            cases.add(attention("across, 77 keys of", BF16, false, 1, 2, 70, 77, width));
            cases.add(attention("causal", F16, true, 1, 1, 100, 100, width));
        }
        cases.add(attention("many keys of", BF16, false, 2, 2, 33, 200, 64));
        cases.add(attention("causal, fewer keys than queries", BF16, true, 1, 1, 150, 40, 64));
        return fast.tests(cases);
    }

    @TestFactory
    Stream<DynamicTest> attentionGradients() {
        List<Case> cases = new ArrayList<>();
        for (int width : new int[] {40, 64, 80, 128, 160, 256}) {
            cases.add(attentionGradient("across, 77 keys of", BF16, false, 1, 2, 70, 77, width));
            cases.add(attentionGradient("causal", F16, true, 1, 1, 100, 100, width));
        }
        return fast.tests(cases);
    }

    /** The same call gives the same bits in whatever order threads and copies come. */
    @TestFactory
    Stream<DynamicTest> bitsDoNotDependOnTheOrder() {
        return Stream.of(
                        FastImagesTest.conv("3x3", BF16, ConvSpec.of(1).pad(1), 1, 9, 9, 72, 24, 3, false),
                        attentionGradient("causal", BF16, true, 1, 2, 70, 77, 40))
                .map(c -> dynamicTest(c.toString(), () -> {
                    try (Scope scope = Scope.open()) {
                        KernelCall call = c.on(fast.cuda(), c.dtype());
                        List<byte[]> results = new ArrayList<>();
                        for (int turn = 0; turn < 4; turn++) {
                            fast.order(50 + turn, turn % 2 == 1);
                            fast.cuda().run(call);
                            results.add(call.out(0).toHost().data().toArray(ValueLayout.JAVA_BYTE));
                        }
                        for (byte[] r : results) {
                            assertArrayEquals(results.get(0), r);
                        }
                    }
                }));
    }
}
