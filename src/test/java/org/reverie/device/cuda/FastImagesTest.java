package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.reverie.device.cuda.FastChecks.BF16;
import static org.reverie.device.cuda.FastChecks.F16;
import static org.reverie.device.cuda.FastChecks.F32;
import static org.reverie.device.cuda.FastChecks.out;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.reverie.device.cuda.FastChecks.Case;
import org.reverie.device.cuda.FastChecks.Input;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.op.Convolution;
import org.reverie.op.Pooling;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Convolutions, depthwise convolutions and group norm. */
final class FastImagesTest {
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

    static Case conv(
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
        return fast.tests(List.of(
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
                conv("a stem of three channels", BF16, ConvSpec.of(2).pad(0, 0, 1, 1), 2, 14, 13, 3, 48, 3, false),
                conv("a stem of four channels", F16, ConvSpec.of(1).pad(1), 1, 9, 8, 4, 320, 3, false),
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
                () -> fast.checkOnHopper(c, call -> {
                    ConvSpec s = call.attributes(ConvSpec.class);
                    Tensor x = call.in(0);
                    Tensor y = call.out(0);
                    int rows = y.dim(0) * y.dim(1) * y.dim(2);
                    int[] window = FastConv.window(s, x.shape(), y.shape(), call.in(1));
                    int[] finish = FastFinish.words(s.activation(), 1, call.in(2), call.in(3), y.dtype());
                    new FastHopper(fast.cuda().queue(), units)
                            .convolve(tile, splits, window, x, call.in(1), rows, finish, call.in(2), call.in(3), y);
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
        return fast.tests(List.of(
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
        return fast.tests(cases);
    }

    @TestFactory
    Stream<DynamicTest> channels() {
        List<Case> cases = new ArrayList<>();
        for (DType d : new DType[] {BF16, F16}) {
            cases.add(new Case(
                    "two blocks of channels, several parts",
                    "global_avg_pool",
                    NoAttributes.NONE,
                    d,
                    0.02,
                    out(2, 72),
                    Input.of(d, 2, 17, 15, 72)));
            cases.add(new Case(
                    "a factor for each channel",
                    "mul",
                    NoAttributes.NONE,
                    d,
                    0.02,
                    out(2, 5, 7, 40),
                    Input.of(d, 2, 5, 7, 40),
                    Input.of(d, 2, 1, 1, 40)));
        }
        cases.add(new Case(
                "squeeze to 14",
                "linear",
                new LinearSpec(Activation.SILU),
                BF16,
                0.02,
                out(3, 14),
                Input.of(BF16, 3, 336),
                Input.of(BF16, 14, 336),
                Input.of(F32, 14),
                null));
        cases.add(new Case(
                "excite from 6",
                "linear",
                new LinearSpec(Activation.SIGMOID),
                F16,
                0.02,
                out(5, 144),
                Input.of(F16, 5, 6),
                Input.of(F16, 144, 6),
                Input.of(F16, 144),
                null));
        return fast.tests(cases);
    }

    /** A depthwise convolution whose result is pooled sums it as it stores it: the bits of the image, and the means. */
    @TestFactory
    Stream<DynamicTest> pooledDepthwise() {
        List<DynamicTest> tests = new ArrayList<>();
        for (int taps = 3; taps <= 5; taps += 2) {
            for (int stride = 1; stride <= 2; stride++) {
                for (int channels : new int[] {40, 144}) {
                    ConvSpec s = ConvSpec.of(stride).pad(taps / 2).activation(Activation.SILU);
                    DType d = stride == 1 ? BF16 : F16;
                    int k = taps;
                    tests.add(dynamicTest(
                            String.format("%dx%d, stride %d, %d channels", taps, taps, stride, channels),
                            () -> pooled(s, d, k, channels)));
                }
            }
        }
        return tests.stream();
    }

    private static void pooled(ConvSpec s, DType d, int taps, int channels) {
        try (Scope scope = Scope.open()) {
            CudaBackend device = fast.cuda();
            Tensor x = Input.of(d, 2, 13, 11, channels).make(device, 1);
            Tensor weight = Input.of(d, taps, taps, channels).make(device, 2);
            Tensor bias = Input.of(F32, channels).make(device, 3);
            fast.order(1, false);
            Tensor plain = Convolution.depthwiseConv2d(x, weight, bias, s);
            device.queue().finish();
            Tensor means = Pooling.globalAvgPool(plain);
            fast.order(2, true);
            Tensor y = Convolution.depthwiseConv2d(x, weight, bias, s);
            assertTrue(device.queue().postponed() != null, "the convolution waits for what comes next");
            Tensor pooled = Pooling.globalAvgPool(y);
            assertNull(device.queue().postponed());
            assertEquals(-1L, plain.toHost().data().mismatch(y.toHost().data()));
            HostTensor expected = means.toHost();
            HostTensor actual = pooled.toHost();
            for (long i = 0; i < 2L * channels; i++) {
                assertEquals(expected.get(i), actual.get(i), 0x1p-7 * Math.abs(expected.get(i)) + 0x1p-20);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> groupNorm() {
        return fast.tests(List.of(
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
}
