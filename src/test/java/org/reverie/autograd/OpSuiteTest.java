package org.reverie.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.TestDevices;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Engine;
import org.reverie.op.ErrorSample;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import org.reverie.op.ReferenceBackend;
import org.reverie.op.Sample;
import org.reverie.op.SampleInput;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * The tests that every op gets from its declaration: the reference's bits on every backend at every width and thread
 * count, twice; the gradient against central differences in binary64; op and gradient in low precision; the inputs it must
 * refuse. Nothing is written per op.
 *
 * <p>{@code -Dreverie.op=conv2d} restricts the suite to ops whose name starts so, or so of several after commas; {@code -Dreverie.device=cuda} to one kind
 * of device.
 */
class OpSuiteTest {
    private static final List<Backend> BACKENDS = open();

    /** The reference, one CPU and the other devices: low precision is the same code around the kernels of f32. */
    private static final List<Backend> LOW = Stream.concat(
                    Stream.of(Devices.open("reference", BackendOptions.DEFAULT)),
                    BACKENDS.stream().filter(b -> !b.name().equals("cpu") || b == BACKENDS.getFirst()))
            .toList();

    private static List<Backend> open() {
        List<Backend> all = new ArrayList<>();
        String only = only();
        if ("cpu".startsWith(only)) {
            for (int lanes : new int[] {128, 256, 512}) {
                all.add(Devices.open("cpu", new BackendOptions(lanes, 1)));
            }
            all.add(Devices.open("cpu", new BackendOptions(512, 2)));
            all.add(Devices.open("cpu", new BackendOptions(256, 5)));
        }
        for (String kind : List.of("opencl", "cuda")) {
            if (kind.startsWith(only) && TestDevices.missing(kind) == null) {
                all.add(Devices.open(kind + ":0", BackendOptions.DEFAULT));
            }
        }
        return all;
    }

    private static String only() {
        return System.getProperty("reverie.device", "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void runsOnDevicesThatAreThere(String kind) {
        TestDevices.first(kind);
        assertTrue(BACKENDS.stream().anyMatch(b -> b.name().startsWith(kind)) || !kind.startsWith(only()));
    }

    @AfterAll
    static void close() {
        BACKENDS.forEach(Backend::close);
        LOW.getFirst().close();
    }

    @TestFactory
    Stream<DynamicNode> everyOp() {
        String only = System.getProperty("reverie.op", "");
        return Ops.all().stream()
                .filter(op -> Stream.of(only.split(",")).anyMatch(op.name()::startsWith))
                .map(op -> dynamicContainer(op.name(), tests(op)));
    }

    private static Stream<DynamicNode> tests(Op<?> op) {
        List<DynamicNode> nodes = new ArrayList<>();
        nodes.add(dynamicTest("is declared completely", () -> {
            assertTrue(op.isComplete(), "shape rule, reference, gradient or its absence, samples");
            assertTrue(!op.errors().isEmpty() || op.name().equals("contiguous"), "inputs that are refused");
        }));
        for (Sample s : op.samples()) {
            nodes.add(dynamicTest("bits: " + s.note(), () -> bits(op, s)));
            boolean differentiates = op.isDifferentiable()
                    && Stream.of(s.inputs()).allMatch(i -> i == null || i.fill() != SampleInput.Fill.SPECIAL)
                    && Stream.of(s.inputs()).anyMatch(i -> i != null && i.checksGradient());
            if (differentiates) {
                nodes.add(dynamicTest("gradient: " + s.note(), () -> gradient(op, s)));
            }
            for (DType type : LowPrecisionChecks.apply(op, s) ? LowPrecisionChecks.TYPES : List.<DType>of()) {
                Sample low = LowPrecisionChecks.low(op, s, type);
                String note = " in " + type.label() + ": " + s.note();
                nodes.add(dynamicTest("bits" + note, () -> LowPrecisionChecks.bits(op, low, LOW)));
                if (differentiates) {
                    nodes.add(dynamicTest("gradient" + note, () -> LowPrecisionChecks.gradient(op, low, LOW)));
                }
            }
        }
        for (ErrorSample e : op.errors()) {
            nodes.add(dynamicTest("refuses: " + e.message(), () -> refuses(op, e)));
        }
        return nodes.stream();
    }

    private static void bits(Op<?> op, Sample s) {
        try (Backend reference = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            HostTensor[] expected = outputs(op, s, reference);
            for (Backend b : BACKENDS) {
                for (int run = 0; run < 2; run++) {
                    HostTensor[] actual = outputs(op, s, b);
                    assertEquals(expected.length, actual.length);
                    for (int i = 0; i < actual.length; i++) {
                        assertSameBits(expected[i], actual[i], b.description() + ", output " + i);
                    }
                }
            }
        }
    }

    private static HostTensor[] outputs(Op<?> op, Sample s, Device device) {
        Tensor[] in = make(s.inputs(), device);
        Tensor[] out;
        if (op.isInPlace()) {
            Engine.update(op, s.attributes(), in);
            out = in;
        } else if (in.length == 0) {
            out = new Tensor[] {Engine.create(op, s.attributes(), device)};
        } else {
            out = Engine.runAll(op, s.attributes(), in);
        }
        return Stream.of(out).filter(t -> t != null).map(Tensor::toHost).toArray(HostTensor[]::new);
    }

    static Tensor[] make(SampleInput[] recipes, Device device) {
        Tensor[] in = new Tensor[recipes.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = recipes[i] == null ? null : recipes[i].make(device, 1000 + i);
        }
        return in;
    }

    static void assertSameBits(HostTensor expected, HostTensor actual, String where) {
        assertEquals(expected.dtype(), actual.dtype(), where);
        assertEquals(expected.shape(), actual.shape(), where);
        float[] e = expected.toFloats();
        float[] a = actual.toFloats();
        for (int i = 0; i < e.length; i++) {
            if (Float.floatToRawIntBits(e[i]) != Float.floatToRawIntBits(a[i])
                    && !(Float.isNaN(e[i]) && Float.isNaN(a[i]))) {
                throw new AssertionError(where + ", element " + i + ": " + Float.toHexString(a[i]) + " instead of "
                        + Float.toHexString(e[i]));
            }
        }
    }

    private static void gradient(Op<?> op, Sample s) {
        try (Backend f64 = ReferenceBackend.inDouble();
                Scope scope = Scope.open()) {
            Tensor[] in = make(s.inputs(), f64);
            boolean[] differentiate = new boolean[in.length];
            for (int i = 0; i < in.length; i++) {
                differentiate[i] = in[i] != null && in[i].dtype().isFloating() && in[i].elements() > 0;
            }
            double error = GradientCheck.worstError(t -> Engine.runAll(op, s.attributes(), t), in, differentiate);
            assertTrue(error < 1e-6, "relative error of the gradient is " + error);
        }
    }

    private static void refuses(Op<?> op, ErrorSample e) {
        try (Backend reference = Devices.open("reference", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Tensor[] in = make(e.inputs(), reference);
            Exception thrown = assertThrows(IllegalArgumentException.class, () -> {
                if (op.isInPlace()) {
                    Engine.update(op, e.attributes(), in);
                } else if (in.length == 0) {
                    Engine.create(op, e.attributes(), reference);
                } else {
                    Engine.runAll(op, e.attributes(), in);
                }
            });
            assertTrue(thrown.getMessage().contains(e.message()), thrown.getMessage());
            assertTrue(thrown.getMessage().startsWith(op.name() + ": "), thrown.getMessage());
            assertArrayEquals(
                    new String[] {thrown.getMessage()}, thrown.getMessage().split("\n"));
        }
    }
}
