package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.device.Arithmetic;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.nn.Initializer;
import org.reverie.ood.dlsr.Lfdn;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.op.Autocast;
import org.reverie.op.Convolution;
import org.reverie.op.Linear;
import org.reverie.op.Pointwise;
import org.reverie.op.Pooling;
import org.reverie.op.Views;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Which fast kernels an H100 is given for the shapes of networks, and that every launch fits the kernel's declaration in the PTX:
 * parameters, shared memory, tensor maps. Nothing is computed.
 */
final class FastLaunchesTest {
    /**
     * @param inputs shapes; null where an input is left out
     * @param started kernels and their blocks, in order
     */
    private record Case(String op, Record attributes, int[] output, List<String> started, int[]... inputs) {
        @Override
        public String toString() {
            return op + " " + Shape.of(output);
        }
    }

    private static int[] shape(int... dims) {
        return dims;
    }

    static Stream<Case> cases() {
        LinearSpec none = LinearSpec.NONE;
        AttentionSpec attention = new AttentionSpec(0.1, false);
        ConvSpec same = ConvSpec.of(1).pad(1);
        return Stream.of(
                new Case(
                        "linear",
                        none,
                        shape(2048, 4096),
                        List.of("gemm_hopper_pair_128x256_bf16 132"),
                        shape(2048, 64),
                        shape(4096, 64),
                        null,
                        null),
                new Case(
                        "linear",
                        none,
                        shape(256, 1000),
                        List.of("gemm_hopper_128x128_bf16 112", "add_splits_bf16 125"),
                        shape(256, 1792),
                        shape(1000, 1792),
                        shape(1000),
                        null),
                new Case(
                        "matmul",
                        new MatmulSpec(true, false),
                        shape(320, 320),
                        List.of("gemm_tn_64x64_bf16 250", "add_splits_bf16 50"),
                        shape(8192, 320),
                        shape(8192, 320)),
                new Case(
                        "conv2d",
                        same,
                        shape(2, 64, 64, 320),
                        List.of("convolve_hopper_128x128_bf16 132"),
                        shape(2, 64, 64, 320),
                        shape(320, 3, 3, 320),
                        shape(320),
                        null),
                new Case(
                        "conv2d",
                        ConvSpec.of(1).activation(Activation.SILU),
                        shape(8, 48, 48, 144),
                        List.of("gemm_hopper_pair_128x256_bf16 132"),
                        shape(8, 48, 48, 64),
                        shape(144, 1, 1, 64),
                        shape(144),
                        null),
                new Case(
                        "conv2d",
                        ConvSpec.of(2).pad(3),
                        shape(2, 112, 112, 64),
                        List.of("pad_channels_bf16 392", "pad_channels_bf16 13", "convolve_128x128_bf16 196"),
                        shape(2, 224, 224, 3),
                        shape(64, 7, 7, 3),
                        shape(64),
                        null),
                new Case(
                        "conv2d_weight_gradient",
                        new ConvWeightGradientSpec(same, 3, 3),
                        shape(64, 3, 3, 64),
                        List.of("convolve_weights_64x64_bf16 144", "add_splits_bf16 18"),
                        shape(2, 64, 64, 64),
                        shape(2, 64, 64, 64)),
                new Case(
                        "conv2d_input_gradient",
                        new ConvInputGradientSpec(same, 64, 64),
                        shape(2, 64, 64, 320),
                        List.of("convolve_back_128x128_bf16 192"),
                        shape(2, 64, 64, 320),
                        shape(320, 3, 3, 320)),
                new Case(
                        "depthwise_conv2d",
                        ConvSpec.of(2).pad(1),
                        shape(4, 24, 24, 192),
                        List.of("depthwise_3x3_by_2_bf16 108"),
                        shape(4, 48, 48, 192),
                        shape(3, 3, 192),
                        null),
                new Case(
                        "attention",
                        attention,
                        shape(1, 8, 4096, 40),
                        List.of("attend_48_bf16 512"),
                        shape(1, 8, 4096, 40),
                        shape(1, 8, 77, 40),
                        shape(1, 8, 77, 40),
                        null),
                new Case(
                        "softmax", NoAttributes.NONE, shape(64, 1000), List.of("softmax_row_bf16 64"), shape(64, 1000)),
                new Case(
                        "group_norm",
                        new GroupNormSpec(32, 1e-5, Activation.SILU),
                        shape(2, 64, 64, 320),
                        List.of("group_sums_bf16 530", "group_statistics_bf16 8", "group_apply_bf16 1280"),
                        shape(2, 64, 64, 320),
                        shape(320),
                        shape(320)),
                new Case(
                        "depthwise_conv2d",
                        ConvSpec.of(1).pad(2).activation(Activation.SILU),
                        shape(4, 24, 24, 336),
                        List.of("depthwise_5x5_by_1_bf16 189"),
                        shape(4, 24, 24, 336),
                        shape(5, 5, 336),
                        shape(336)));
    }

    private static CudaBackend open(StandInDriver driver) throws CudaMissingException {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
        return new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE, Arithmetic.FAST);
    }

    private static Tensor make(CudaBackend device, int[] shape) {
        return shape == null ? null : Tensor.empty(device, DType.BF16, Shape.of(shape));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anH100IsGiven(Case c) throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            Tensor[] in = new Tensor[c.inputs.length];
            for (int i = 0; i < in.length; i++) {
                in[i] = make(device, c.inputs[i]);
            }
            KernelCall call = new KernelCall(c.op, c.attributes, in, new Tensor[] {make(device, c.output)});
            assertTrue(device.fast().takes(call));
            assertTrue(driver.started.isEmpty());
            device.run(call);
            device.queue().finish();
            assertEquals(
                    c.started,
                    driver.started.stream()
                            .map(s -> s.kernel() + " " + s.groups())
                            .toList());
        }
        assertEquals(0, driver.held());
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 64, 80, 128, 160, 256})
    void attentionOfEveryWidthFits(int width) throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            int[] q = shape(2, 8, 256, width);
            int[] k = shape(2, 8, 77, width);
            Tensor[] in = {make(device, q), make(device, k), make(device, k), null, make(device, q)};
            Tensor[] out = {make(device, q), make(device, k), make(device, k)};
            KernelCall call = new KernelCall("attention_gradient", new AttentionSpec(0.1, true), in, out);
            assertTrue(device.fast().takes(call));
            device.run(call);
            String w = Math.max(48, width) + "_bf16 ";
            String forward = width == 64 || width == 128 ? "attend_hopper_" + w + 32 : "attend_" + w + 64;
            int parts = width > 128 ? 2 : 1;
            assertEquals(
                    List.of(
                            forward,
                            "slope_products_bf16 1024",
                            "key_gradients_" + w + 32 * parts,
                            "query_gradients_" + w + 64),
                    driver.started.stream()
                            .map(s -> s.kernel() + " " + s.groups())
                            .toList());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyTileFits(boolean turned) throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            Tensor a = make(device, shape(256, 256));
            Tensor y = make(device, shape(256, 256));
            FastGemm.Operands o = FastGemm.Operands.of(a, a, new MatmulSpec(false, !turned), y);
            int[] nothing = FastFinish.words(Activation.NONE, 1, null, null, DType.BF16);
            List<FastTile> tiles = turned
                    ? List.of(FastTile.SMALL, FastTile.MIDDLE)
                    : List.of(FastTile.SMALL, FastTile.MIDDLE, FastTile.LARGE);
            for (FastTile t : tiles) {
                device.fast().gemm().multiply(o, t, 1, nothing, null, null, y);
            }
            String kind = turned ? "gemm_nn_" : "gemm_nt_";
            assertEquals(
                    tiles.stream().map(t -> kind + t.name() + "_bf16").toList(),
                    driver.started.stream().map(s -> s.kernel()).toList());
        }
    }

    /** What is multiplied again where it lies is not encoded again. */
    @Test
    void mapsAreEncodedOnce() throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            Tensor x = make(device, shape(256, 128));
            Tensor w = make(device, shape(256, 128));
            Tensor y = make(device, shape(256, 256));
            KernelCall call =
                    new KernelCall("linear", LinearSpec.NONE, new Tensor[] {x, w, null, null}, new Tensor[] {y});
            for (int i = 0; i < 3; i++) {
                assertTrue(device.fast().run(call));
                assertEquals(3, encoded(driver), "both operands and the result");
            }
            assertEquals(3, driver.started.size());
        }
    }

    /** The map that was used longest ago makes room. */
    @Test
    void noMoreMapsAreKeptThanAsked() throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open();
                TensorMaps maps = new TensorMaps(device.queue().context(), 2)) {
            Tensor x = make(device, shape(1, 64, 8));
            MemorySegment first = map(maps, x, 1);
            MemorySegment second = map(maps, x, 2);
            assertSame(first, map(maps, x, 1));
            assertSame(second, map(maps, x, 3), "in the place of the second");
            assertSame(first, map(maps, x, 1));
            assertEquals(3, encoded(driver));
            map(maps, x, 2);
            assertEquals(4, encoded(driver));
        }
    }

    private static MemorySegment map(TensorMaps maps, Tensor x, int lines) {
        return maps.of(x, new long[] {8, 64, 1}, new long[] {8, 512}, 8, lines, 1);
    }

    private static long encoded(StandInDriver driver) {
        return driver.calls.stream().filter("encodeMap"::equals).count();
    }

    @Test
    void whatTheKernelsCannotDoIsLeftToOthers() throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            LinearSpec none = LinearSpec.NONE;
            assertFalse(takes(device, none, shape(4, 250), shape(4, 256), shape(250, 256)), "columns of no eight");
            assertFalse(takes(device, none, shape(4, 256), shape(4, 250), shape(256, 250)), "a depth of no eight");
            assertTrue(takes(device, none, shape(4, 16), shape(4, 16), shape(16, 16)));
            Tensor x = Tensor.empty(device, DType.F32, Shape.of(4, 16));
            Tensor y = Tensor.empty(device, DType.F32, Shape.of(4, 16));
            Tensor w = Tensor.empty(device, DType.F32, Shape.of(16, 16));
            assertFalse(device.fast()
                    .takes(new KernelCall("linear", none, new Tensor[] {x, w, null, null}, new Tensor[] {y})));
        }
    }

    /** Ops on 16-bit tensors start fast kernels where these take the shapes, and are widened elsewhere. */
    @Test
    void opsReachTheKernels() throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            Tensor x = make(device, shape(4, 16));
            Linear.linear(x, make(device, shape(24, 16)), null);
            assertEquals(List.of("gemm_nt_64x64_bf16"), kernels(driver));
            driver.started.clear();
            Linear.linear(x, make(device, shape(10, 16)), null);
            assertEquals(List.of("narrow_linear_bf16"), kernels(driver));
            driver.started.clear();
            Linear.linear(make(device, shape(4, 256)), make(device, shape(250, 256)), null);
            assertTrue(kernels(driver).contains("tile_matrices_64"), "in f32");
            assertTrue(kernels(driver).stream().noneMatch(k -> k.endsWith("_bf16")), "no fast kernel");
        }
    }

    /** Squeeze and excitation: the convolution sums its channels, and the gate is multiplied in 16 bits. */
    @Test
    void whatIsSqueezedIsSummedByTheConvolution() throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            Tensor x = make(device, shape(32, 28, 28, 336));
            Tensor weight = make(device, shape(5, 5, 336));
            Tensor y =
                    Convolution.depthwiseConv2d(x, weight, null, ConvSpec.of(1).pad(2));
            Tensor gate = Views.reshape(Pooling.globalAvgPool(y), 32, 1, 1, 336);
            Pointwise.mul(y, gate);
            assertEquals(
                    List.of("depthwise_pooled_5x5_by_1_bf16 576", "channel_means_bf16 6", "scale_channels_bf16 4116"),
                    driver.started.stream()
                            .map(s -> s.kernel() + " " + s.groups())
                            .toList());
        }
    }

    /** A block of the LFDN: two products in parts, each ended by a kernel that norms what it adds up. */
    @Test
    void aBlockOfTheLfdnIsTwoProductsAndTheirEnds() throws CudaMissingException {
        StandInDriver driver = new StandInDriver();
        try (CudaBackend device = open(driver);
                Scope scope = Scope.open()) {
            Initializer init = new Initializer(device, 1).withWeights(DType.BF16);
            Lfdn network = new Lfdn(init, new LfdnConfig(64, 1440, 64, 3));
            Tensor x = Tensor.empty(device, DType.F32, Shape.of(256, 64));
            Tensor t = Tensor.empty(device, DType.I32, Shape.of(1));
            driver.started.clear();
            Autocast.inside(DType.BF16, () -> network.apply(x, t)).toFloats();
            String product = "gemm_hopper_128x128_bf16";
            String ended = "join_normalized_bf16";
            List<String> block = List.of(product, product, ended, product, ended); // the first is the time's
            List<String> kernels = kernels(driver);
            int first = kernels.indexOf("normalize_row_bf16") + 1;
            for (int b = 0; b < 3; b++) {
                int at = first + b * block.size();
                assertEquals(block, kernels.subList(at, at + block.size()));
            }
        }
    }

    private static List<String> kernels(StandInDriver driver) {
        return driver.started.stream().map(StandInDriver.Started::kernel).toList();
    }

    private static boolean takes(CudaBackend device, LinearSpec s, int[] y, int[] x, int[] weight) {
        Tensor[] in = {make(device, x), make(device, weight), null, null};
        return device.fast().takes(new KernelCall("linear", s, in, new Tensor[] {make(device, y)}));
    }
}
