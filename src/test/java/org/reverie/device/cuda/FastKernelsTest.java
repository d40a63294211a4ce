package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.op.ReferenceBackend;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HalfFloats;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The fast kernels' own sources, run on the host by {@link Emulator}, against the ops' definitions in binary64. Every case runs
 * twice: with asynchronous work done as late as the kernel allows, and at once, the threads in two orders.
 */
final class FastKernelsTest {
    private static final DType F32 = DType.F32;
    private static final DType BF16 = DType.BF16;
    private static final DType F16 = DType.F16;

    private static Emulator emulator;
    private static CudaBackend cuda;
    private static ReferenceBackend reference;

    @BeforeAll
    static void open(@TempDir Path folder) throws Exception {
        emulator = Emulator.build(folder);
        cuda = emulator.open();
        reference = ReferenceBackend.inDouble();
    }

    @AfterAll
    static void close() {
        if (cuda != null) {
            cuda.close();
        }
    }

    /** An input: random normals, rounded to a dtype; its axes in memory may be in another order. */
    private record Input(DType dtype, int[] shape, int[] order) {
        static Input of(DType dtype, int... shape) {
            return new Input(dtype, shape, null);
        }

        /** Axis a of the tensor is axis order[a] in memory. */
        Input laid(int... places) {
            return new Input(dtype, shape, places);
        }

        Tensor make(Device device, long seed) {
            int rank = shape.length;
            int[] stored = shape.clone();
            for (int a = 0; order != null && a < rank; a++) {
                stored[order[a]] = shape[a];
            }
            Shape memory = Shape.of(stored);
            HostTensor host = HostTensor.allocate(dtype, memory);
            SplittableRandom random = new SplittableRandom(seed);
            for (long i = 0; i < memory.elements(); i++) {
                float x = (float) random.nextGaussian();
                switch (dtype) {
                    case F32 -> host.data().set(HostTensor.FLOAT, 4 * i, x);
                    case BF16 -> host.data().set(HostTensor.SHORT, 2 * i, HalfFloats.floatToBf16(x));
                    default -> host.data().set(HostTensor.SHORT, 2 * i, Float.floatToFloat16(x));
                }
            }
            Tensor t = Tensor.from(device, host);
            if (order == null) {
                return t;
            }
            long[] strides = new long[rank];
            for (int a = 0; a < rank; a++) {
                strides[a] = memory.strides()[order[a]];
            }
            return t.view(Shape.of(shape), strides, 0);
        }
    }

    /** A call, and how far its results may be off, in units of what rounding the result takes. */
    private record Case(
            String note, String op, Record attributes, DType dtype, double slack, int[][] outputs, Input... inputs) {
        KernelCall on(Device device, DType result) {
            Tensor[] in = new Tensor[inputs.length];
            for (int i = 0; i < in.length; i++) {
                in[i] = inputs[i] == null ? null : inputs[i].make(device, 100 + i);
            }
            Tensor[] out = new Tensor[outputs.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = Tensor.empty(device, result, Shape.of(outputs[i]));
            }
            return new KernelCall(op, attributes, in, out);
        }

        @Override
        public String toString() {
            return op + " " + dtype.name().toLowerCase(Locale.ROOT) + ": " + note;
        }
    }

    private static void check(Case c) {
        check(c, call -> {
            assertTrue(cuda.fast().takes(call), "the fast kernels do not take it");
            cuda.run(call);
        });
    }

    private static void check(Case c, Consumer<KernelCall> run) {
        try (Scope scope = Scope.open()) {
            KernelCall expected = c.on(reference, DType.F64);
            reference.run(expected);
            KernelCall call = c.on(cuda, c.dtype);
            for (int turn = 0; turn < 2; turn++) {
                emulator.order(turn + 1, turn == 1);
                for (Tensor t : call.outputs()) {
                    poison(t);
                }
                run.accept(call);
                for (int i = 0; i < c.outputs.length; i++) {
                    compare(c, i, expected.out(i).toHost(), call.out(i).toHost());
                }
            }
        }
    }

    private static void poison(Tensor t) {
        HostTensor nothing = HostTensor.allocate(t.dtype(), t.shape());
        nothing.data().fill((byte) 0xff);
        t.device().upload(nothing.data(), t.buffer(), 0);
    }

    /** Each element within half a unit of the last place, and slack units at the size of the largest. */
    private static void compare(Case c, int output, HostTensor expected, HostTensor actual) {
        double unit = c.dtype == BF16 ? 0x1p-8 : c.dtype == F16 ? 0x1p-11 : 0x1p-23;
        double largest = 0;
        long count = expected.shape().elements();
        for (long i = 0; i < count; i++) {
            largest = Math.max(largest, Math.abs(expected.get(i)));
        }
        for (long i = 0; i < count; i++) {
            double e = expected.get(i);
            double bound = unit * Math.abs(e) + c.slack * unit * largest;
            double off = Math.abs(actual.get(i) - e);
            assertTrue(
                    off <= bound,
                    String.format(
                            Locale.ROOT,
                            "output %d, element %d of %d is %s and should be %s (largest %s)",
                            output,
                            i,
                            count,
                            actual.get(i),
                            e,
                            largest));
        }
    }

    private static int[][] out(int... shape) {
        return new int[][] {shape};
    }

    private static Stream<DynamicTest> tests(List<Case> cases) {
        return cases.stream().map(c -> dynamicTest(c.toString(), () -> check(c)));
    }

    private static LinearSpec act(Activation a) {
        return new LinearSpec(a);
    }

    @TestFactory
    Stream<DynamicTest> linear() {
        List<Case> cases = new ArrayList<>();
        for (Activation a : Activation.values()) {
            cases.add(new Case(
                    "with bias and " + a,
                    "linear",
                    act(a),
                    BF16,
                    0.02,
                    out(9, 48),
                    Input.of(BF16, 9, 40),
                    Input.of(BF16, 48, 40),
                    Input.of(BF16, 48),
                    null));
        }
        cases.add(new Case(
                "residual, bias in f32, edges",
                "linear",
                act(Activation.SILU),
                F16,
                0.02,
                out(3, 50, 200),
                Input.of(F16, 3, 50, 88),
                Input.of(F16, 200, 88),
                Input.of(F32, 200),
                Input.of(F16, 3, 50, 200)));
        cases.add(new Case(
                "turned weight, splits",
                "linear",
                act(Activation.GELU),
                BF16,
                0.02,
                out(20, 24),
                Input.of(BF16, 20, 1032),
                Input.of(BF16, 24, 1032).laid(1, 0),
                Input.of(BF16, 24),
                Input.of(BF16, 20, 24)));
        return tests(cases);
    }

    @TestFactory
    Stream<DynamicTest> matmul() {
        return tests(List.of(
                new Case(
                        "plain",
                        "matmul",
                        new MatmulSpec(false, false),
                        BF16,
                        0.02,
                        out(70, 72),
                        Input.of(BF16, 70, 40),
                        Input.of(BF16, 40, 72)),
                new Case(
                        "right turned",
                        "matmul",
                        new MatmulSpec(false, true),
                        F16,
                        0.02,
                        out(70, 72),
                        Input.of(F16, 70, 40),
                        Input.of(F16, 72, 40)),
                new Case(
                        "left turned",
                        "matmul",
                        new MatmulSpec(true, false),
                        BF16,
                        0.02,
                        out(72, 40),
                        Input.of(BF16, 37, 72),
                        Input.of(BF16, 37, 40)),
                new Case(
                        "batch",
                        "matmul",
                        new MatmulSpec(false, true),
                        BF16,
                        0.02,
                        out(2, 3, 17, 24),
                        Input.of(BF16, 2, 3, 17, 32),
                        Input.of(BF16, 2, 3, 24, 32)),
                new Case(
                        "one right operand for a batch",
                        "matmul",
                        new MatmulSpec(false, false),
                        F16,
                        0.02,
                        out(5, 17, 24),
                        Input.of(F16, 5, 17, 32),
                        Input.of(F16, 32, 24))));
    }

    /** Every tile and kind of operands, with and without splits, on sizes that are no multiple of a tile. */
    @TestFactory
    Stream<DynamicTest> tiles() {
        List<DynamicTest> tests = new ArrayList<>();
        for (DType d : new DType[] {BF16, F16}) {
            for (FastTile tile : new FastTile[] {FastTile.SMALL, FastTile.MIDDLE, FastTile.LARGE}) {
                for (String kind : tile == FastTile.LARGE ? new String[] {"nt"} : new String[] {"nt", "nn", "tn"}) {
                    for (int splits = 1; splits <= 3; splits += 2) {
                        tests.add(tile(d, tile, kind, splits));
                    }
                }
            }
        }
        return tests.stream();
    }

    private static DynamicTest tile(DType d, FastTile tile, String kind, int splits) {
        int rows = tile.rows() + 24;
        int columns = tile.columns() + 40;
        int depth = 104;
        boolean left = kind.startsWith("t");
        boolean right = kind.endsWith("n");
        Case c = new Case(
                tile.name() + " " + kind + ", " + splits + " splits",
                "matmul",
                new MatmulSpec(left, !right),
                d,
                0.02,
                out(rows, columns),
                left ? Input.of(d, depth, rows) : Input.of(d, rows, depth),
                right ? Input.of(d, depth, columns) : Input.of(d, columns, depth));
        return dynamicTest(
                c.toString(),
                () -> check(c, call -> {
                    MatmulSpec s = call.attributes(MatmulSpec.class);
                    FastGemm.Operands o = FastGemm.Operands.of(call.in(0), call.in(1), s, call.out(0));
                    int[] finish = FastFinish.words(Activation.NONE, 1, null, null, d);
                    cuda.fast().gemm().multiply(o, tile, splits, finish, null, null, call.out(0));
                }));
    }

    /** Hopper's kernels: several tiles to a block, edges, splits, a batch, a pair of blocks. */
    @TestFactory
    Stream<DynamicTest> hopper() {
        return Stream.of(
                hopper(BF16, FastHopper.Tile.WIDE, 1, 1, 150, 264, 200, 1),
                hopper(F16, FastHopper.Tile.WIDE, 1, 3, 140, 40, 328, 2),
                hopper(BF16, FastHopper.Tile.SQUARE, 1, 1, 264, 136, 520, 1),
                hopper(F16, FastHopper.Tile.SQUARE, 2, 1, 130, 136, 72, 2),
                hopper(BF16, FastHopper.Tile.SQUARE, 1, 3, 40, 136, 264, 1),
                hopper(BF16, FastHopper.Tile.PAIR, 1, 1, 300, 272, 136, 2),
                hopper(F16, FastHopper.Tile.PAIR, 1, 1, 520, 264, 328, 4),
                hopper(BF16, FastHopper.Tile.PAIR, 1, 2, 120, 40, 328, 2));
    }

    private static DynamicTest hopper(
            DType d, FastHopper.Tile tile, int batch, int splits, int rows, int columns, int depth, int units) {
        Input x = batch == 1 ? Input.of(d, rows, depth) : Input.of(d, batch, rows, depth);
        Input w = batch == 1 ? Input.of(d, columns, depth) : Input.of(d, batch, columns, depth);
        int[][] result = batch == 1 ? out(rows, columns) : out(batch, rows, columns);
        Case c = new Case(
                String.format("%s, batch %d, %d splits, %d units", tile.name(), batch, splits, units),
                "matmul",
                new MatmulSpec(false, true),
                d,
                0.02,
                result,
                x,
                w);
        return dynamicTest(
                "hopper " + c,
                () -> check(c, call -> {
                    MatmulSpec s = call.attributes(MatmulSpec.class);
                    FastGemm.Operands o = FastGemm.Operands.of(call.in(0), call.in(1), s, call.out(0));
                    int[] finish = FastFinish.words(Activation.NONE, 1, null, null, d);
                    try (FastHopper kernels = new FastHopper(cuda.queue(), units)) {
                        kernels.multiply(o, tile, splits, finish, null, null, call.out(0));
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> hopperFinishes() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int splits = 1; splits <= 2; splits++) {
            int count = splits;
            Case c = new Case(
                    "bias, residual, silu, " + splits + " splits",
                    "linear",
                    act(Activation.SILU),
                    BF16,
                    0.02,
                    out(150, 136),
                    Input.of(BF16, 150, 136),
                    Input.of(BF16, 136, 136),
                    Input.of(F32, 136),
                    Input.of(BF16, 150, 136));
            tests.add(dynamicTest(
                    "hopper " + c,
                    () -> check(c, call -> {
                        FastGemm.Operands o = FastGemm.Operands.linear(call.in(0), call.in(1), 150);
                        int[] finish = FastFinish.words(Activation.SILU, 1, call.in(2), call.in(3), BF16);
                        try (FastHopper kernels = new FastHopper(cuda.queue(), 2)) {
                            kernels.multiply(
                                    o, FastHopper.Tile.SQUARE, count, finish, call.in(2), call.in(3), call.out(0));
                        }
                    })));
        }
        return tests.stream();
    }

    private static Case conv(
            String note, DType d, ConvSpec s, int n, int h, int w, int c, int o, int kernel, boolean residual) {
        int oh = s.outputHeight(h, kernel);
        int ow = s.outputWidth(w, kernel);
        return new Case(
                note,
                "conv2d",
                s,
                d,
                0.02,
                out(n, oh, ow, o),
                Input.of(d, n, h, w, c),
                Input.of(d, o, kernel, kernel, c),
                Input.of(F32, o),
                residual ? Input.of(d, n, oh, ow, o) : null);
    }

    @TestFactory
    Stream<DynamicTest> convolutions() {
        return tests(List.of(
                conv("3x3, silu", BF16, ConvSpec.of(1).pad(1).activation(Activation.SILU), 2, 7, 9, 24, 40, 3, true),
                conv("3x3, many pixels", F16, ConvSpec.of(1).pad(1), 2, 17, 15, 8, 136, 3, false),
                conv(
                        "3x3, stride 2, pad at the end",
                        BF16,
                        ConvSpec.of(2).pad(0, 0, 1, 1),
                        1,
                        12,
                        13,
                        40,
                        24,
                        3,
                        false),
                conv("5x5, splits", F16, ConvSpec.of(1).pad(2), 1, 6, 5, 72, 16, 5, false),
                conv("7x7, stride 2", BF16, ConvSpec.of(2).pad(3), 1, 20, 18, 8, 64, 7, false),
                conv("3x3, dilation 2", BF16, ConvSpec.of(1).pad(2).dilation(2), 1, 9, 8, 16, 16, 3, false),
                conv("1x1", BF16, ConvSpec.of(1).activation(Activation.SILU), 2, 5, 7, 48, 24, 1, true),
                conv("1x1, stride 2", F16, ConvSpec.of(2), 2, 6, 7, 16, 24, 1, false)));
    }

    @TestFactory
    Stream<DynamicTest> hopperConvolutions() {
        ConvSpec same = ConvSpec.of(1).pad(1).activation(Activation.SILU);
        return Stream.of(
                hopper(conv("3x3", BF16, same, 2, 9, 11, 24, 136, 3, true), FastHopper.Tile.SQUARE, 1, 1),
                hopper(conv("3x3, splits", F16, same, 1, 9, 8, 72, 40, 3, false), FastHopper.Tile.SQUARE, 3, 2),
                hopper(
                        conv("3x3, stride 2", F16, ConvSpec.of(2).pad(0, 0, 1, 1), 3, 18, 13, 40, 264, 3, false),
                        FastHopper.Tile.WIDE,
                        1,
                        1),
                hopper(
                        conv("5x5", BF16, ConvSpec.of(1).pad(2), 1, 13, 12, 16, 72, 5, true),
                        FastHopper.Tile.WIDE,
                        1,
                        2),
                hopper(
                        conv("7x7", BF16, ConvSpec.of(2).pad(3), 1, 20, 18, 8, 64, 7, false),
                        FastHopper.Tile.SQUARE,
                        2,
                        1),
                hopper(
                        conv("dilation 2", BF16, ConvSpec.of(1).pad(2).dilation(2), 1, 9, 8, 16, 16, 3, false),
                        FastHopper.Tile.SQUARE,
                        1,
                        1),
                hopper(
                        conv("1x1, stride 2", F16, ConvSpec.of(2), 2, 16, 17, 72, 24, 1, false),
                        FastHopper.Tile.SQUARE,
                        1,
                        1));
    }

    private static DynamicTest hopper(Case c, FastHopper.Tile tile, int splits, int units) {
        String note = String.format("hopper %s, %s, %d splits", c, tile.name(), splits);
        return dynamicTest(
                note,
                () -> check(c, call -> {
                    ConvSpec s = call.attributes(ConvSpec.class);
                    Tensor x = call.in(0);
                    Tensor y = call.out(0);
                    int rows = y.dim(0) * y.dim(1) * y.dim(2);
                    int[] window = FastConv.window(s, x.shape(), y.shape(), call.in(1));
                    int[] finish = FastFinish.words(s.activation(), 1, call.in(2), call.in(3), y.dtype());
                    try (FastHopper kernels = new FastHopper(cuda.queue(), units)) {
                        kernels.convolve(tile, splits, window, x, call.in(1), rows, finish, call.in(2), call.in(3), y);
                    }
                }));
    }

    private static Case inputGradient(String note, DType d, ConvSpec s, int n, int h, int w, int c, int o, int kernel) {
        return new Case(
                note,
                "conv2d_input_gradient",
                new ConvInputGradientSpec(s, h, w),
                d,
                0.02,
                out(n, h, w, c),
                Input.of(d, n, s.outputHeight(h, kernel), s.outputWidth(w, kernel), o),
                Input.of(d, o, kernel, kernel, c));
    }

    private static Case weightGradient(
            String note, DType d, ConvSpec s, int n, int h, int w, int c, int o, int kernel) {
        return new Case(
                note,
                "conv2d_weight_gradient",
                new ConvWeightGradientSpec(s, kernel, kernel),
                d,
                0.02,
                out(o, kernel, kernel, c),
                Input.of(d, n, h, w, c),
                Input.of(d, n, s.outputHeight(h, kernel), s.outputWidth(w, kernel), o));
    }

    @TestFactory
    Stream<DynamicTest> convolutionGradients() {
        ConvSpec same = ConvSpec.of(1).pad(1);
        return tests(List.of(
                inputGradient("3x3", BF16, same, 2, 7, 9, 24, 40, 3),
                inputGradient("3x3, many pixels", F16, ConvSpec.of(1).pad(1, 0, 2, 1), 2, 17, 15, 136, 8, 3),
                inputGradient("3x3, dilation 2", BF16, ConvSpec.of(1).pad(2).dilation(2), 1, 9, 8, 16, 24, 3),
                inputGradient("1x1", F16, ConvSpec.of(1), 1, 5, 7, 16, 24, 1),
                weightGradient("3x3", BF16, same, 2, 7, 9, 24, 40, 3),
                weightGradient("3x3, stride 2", F16, ConvSpec.of(2).pad(1), 2, 12, 13, 16, 24, 3),
                weightGradient("3x3, large", BF16, same, 1, 9, 8, 120, 136, 3),
                weightGradient("1x1", BF16, ConvSpec.of(1), 1, 5, 7, 16, 24, 1)));
    }

    @TestFactory
    Stream<DynamicTest> depthwise() {
        List<Case> cases = new ArrayList<>();
        for (DType d : new DType[] {BF16, F16}) {
            for (int taps = 3; taps <= 5; taps += 2) {
                for (int stride = 1; stride <= 2; stride++) {
                    ConvSpec s = ConvSpec.of(stride)
                            .pad(taps / 2, stride - 1, taps / 2, taps / 2)
                            .activation(Activation.SILU);
                    cases.add(new Case(
                            taps + "x" + taps + ", stride " + stride,
                            "depthwise_conv2d",
                            s,
                            d,
                            0.02,
                            out(2, s.outputHeight(9, taps), s.outputWidth(11, taps), 40),
                            Input.of(d, 2, 9, 11, 40),
                            Input.of(d, taps, taps, 40),
                            Input.of(F32, 40)));
                }
            }
        }
        return tests(cases);
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
                        () -> check(c, call -> {
                            AttentionSpec s = call.attributes(AttentionSpec.class);
                            try (FastHopperAttention kernels = new FastHopperAttention(cuda.queue())) {
                                kernels.attend(s, call.in(0), call.in(1), call.in(2), call.out(0), null);
                            }
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
        return tests(cases);
    }

    @TestFactory
    Stream<DynamicTest> attentionGradients() {
        List<Case> cases = new ArrayList<>();
        for (int width : new int[] {40, 64, 80, 128, 160, 256}) {
            cases.add(attentionGradient("across, 77 keys of", BF16, false, 1, 2, 70, 77, width));
            cases.add(attentionGradient("causal", F16, true, 1, 1, 100, 100, width));
        }
        return tests(cases);
    }

    @TestFactory
    Stream<DynamicTest> groupNorm() {
        return tests(List.of(
                new Case(
                        "groups of ten, silu",
                        "group_norm",
                        new GroupNormSpec(8, 1e-5, Activation.SILU),
                        BF16,
                        0.05,
                        out(2, 9, 17, 80),
                        Input.of(BF16, 2, 9, 17, 80),
                        Input.of(F32, 80),
                        Input.of(F32, 80)),
                new Case(
                        "a part of many, no weight",
                        "group_norm",
                        new GroupNormSpec(2, 1e-5, Activation.NONE),
                        F16,
                        0.05,
                        out(1, 300, 16),
                        Input.of(F16, 1, 300, 16),
                        null,
                        Input.of(F16, 16))));
    }

    /** The same call gives the same bits in whatever order threads and copies come. */
    @TestFactory
    Stream<DynamicTest> bitsDoNotDependOnTheOrder() {
        return Stream.of(
                        conv("3x3", BF16, ConvSpec.of(1).pad(1), 1, 9, 9, 72, 24, 3, false),
                        attentionGradient("causal", BF16, true, 1, 2, 70, 77, 40))
                .map(c -> dynamicTest(c.toString(), () -> {
                    try (Scope scope = Scope.open()) {
                        KernelCall call = c.on(cuda, c.dtype);
                        List<byte[]> results = new ArrayList<>();
                        for (int turn = 0; turn < 4; turn++) {
                            emulator.order(50 + turn, turn % 2 == 1);
                            cuda.run(call);
                            results.add(call.out(0).toHost().data().toArray(ValueLayout.JAVA_BYTE));
                        }
                        for (byte[] r : results) {
                            assertArrayEquals(results.get(0), r);
                        }
                    }
                }));
    }
}
