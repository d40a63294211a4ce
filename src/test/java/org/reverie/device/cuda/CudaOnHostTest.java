package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.reverie.device.Arithmetic;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.diffusion.Denoiser;
import org.reverie.diffusion.Guidance;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.models.FingerprintProgram;
import org.reverie.op.Attention;
import org.reverie.op.Compare;
import org.reverie.op.Convolution;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Engine;
import org.reverie.op.Linear;
import org.reverie.op.Norms;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Sample;
import org.reverie.op.Views;
import org.reverie.optim.AdamW;
import org.reverie.optim.AdamWConfig;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The CUDA kernels' own text, run on the host: every op's samples have the reference's bits, and so have sizes that fill
 * several tiles. {@code -Dreverie.op=conv2d} restricts the samples to ops whose name starts so.
 */
final class CudaOnHostTest {
    private static HostCuda host;
    private static Backend reference;
    private static Backend cpu;
    private static CudaBackend cuda;

    @BeforeAll
    static void open() throws Exception {
        host = HostCuda.shared();
        reference = Devices.open("reference", BackendOptions.DEFAULT);
        cpu = Devices.open("cpu", BackendOptions.DEFAULT);
        cuda = host.open(Arithmetic.EXACT);
    }

    @AfterAll
    static void close() {
        for (Backend b : new Backend[] {reference, cpu, cuda}) {
            if (b != null) {
                b.close();
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> samplesHaveTheReferencesBits() {
        String only = System.getProperty("reverie.op", "");
        List<DynamicTest> tests = new ArrayList<>();
        for (Op<?> op : Ops.all()) {
            if (op.name().startsWith(only)) {
                for (Sample s : op.samples()) {
                    tests.add(dynamicTest(op.name() + ": " + s.note(), () -> compare(op, s)));
                }
            }
        }
        return tests.stream();
    }

    private static void compare(Op<?> op, Sample s) {
        try (Scope scope = Scope.open()) {
            assertSameBits(outputs(op, s, reference), outputs(op, s, cuda));
        }
    }

    private static List<HostTensor> outputs(Op<?> op, Sample s, Device device) {
        Tensor[] in = new Tensor[s.inputs().length];
        for (int i = 0; i < in.length; i++) {
            in[i] = s.inputs()[i] == null ? null : s.inputs()[i].make(device, 1000 + i);
        }
        Tensor[] out;
        if (op.isInPlace()) {
            Engine.update(op, s.attributes(), in);
            out = in;
        } else if (in.length == 0) {
            out = new Tensor[] {Engine.create(op, s.attributes(), device)};
        } else {
            out = Engine.runAll(op, s.attributes(), in);
        }
        return Stream.of(out).filter(t -> t != null).map(Tensor::toHost).toList();
    }

    private static void assertSameBits(List<HostTensor> expected, List<HostTensor> actual) {
        assertEquals(expected.size(), actual.size());
        for (int k = 0; k < expected.size(); k++) {
            float[] e = expected.get(k).toFloats();
            float[] a = actual.get(k).toFloats();
            assertEquals(e.length, a.length);
            for (int i = 0; i < e.length; i++) {
                boolean same = Float.floatToRawIntBits(e[i]) == Float.floatToRawIntBits(a[i])
                        || Float.isNaN(e[i]) && Float.isNaN(a[i]);
                int at = i;
                assertTrue(
                        same,
                        () -> "element " + at + ": " + Float.toHexString(a[at]) + " instead of "
                                + Float.toHexString(e[at]));
            }
        }
    }

    private static Tensor normal(Device d, int stream, int... shape) {
        return Random.normal(d, Shape.of(shape), 7, stream);
    }

    private static DynamicTest large(String name, Function<Device, Tensor> work) {
        return dynamicTest(name, () -> {
            try (Scope scope = Scope.open()) {
                HostTensor expected = work.apply(cpu).toHost();
                for (int turn = 0; turn < 2; turn++) {
                    host.order(turn + 1, turn == 1);
                    assertSameBits(List.of(expected), List.of(work.apply(cuda).toHost()));
                }
            }
        });
    }

    private static ConvSpec conv(int stride, int pad) {
        return ConvSpec.of(stride).pad(pad);
    }

    @TestFactory
    Stream<DynamicTest> manyTiles() {
        return Stream.of(
                large("tiles of 128", d -> Linear.matmul(normal(d, 1, 390, 40), normal(d, 2, 40, 268))),
                large("a ragged edge", d -> Linear.matmul(normal(d, 1, 257, 21), normal(d, 2, 21, 131))),
                large("chunks", d -> Linear.matmul(normal(d, 1, 300, 1301), normal(d, 2, 1301, 140))),
                large("seven parts", d -> Linear.matmul(normal(d, 1, 20, 1700), normal(d, 2, 1700, 24))),
                large("40 chunks in parts", d -> Linear.matmul(normal(d, 1, 5, 10_100), normal(d, 2, 10_100, 8))),
                large("a batch", d -> Linear.matmul(normal(d, 1, 3, 70, 300), normal(d, 2, 68, 300), false, true)),
                large(
                        "linear, everything",
                        d -> Linear.linear(
                                normal(d, 1, 200, 600),
                                normal(d, 2, 136, 600),
                                normal(d, 3, 136),
                                normal(d, 4, 200, 136),
                                Activation.GELU)),
                large(
                        "3x3",
                        d -> Convolution.conv2d(
                                normal(d, 1, 2, 17, 19, 40), normal(d, 2, 72, 3, 3, 40), normal(d, 3, 72), conv(1, 1))),
                large(
                        "three channels, stride 2",
                        d -> Convolution.conv2d(
                                normal(d, 1, 2, 33, 31, 3), normal(d, 2, 130, 7, 7, 3), null, conv(2, 3))),
                large("gradient of an image", d -> imageGradient(d, 1)),
                large("gradient of an image, stride 2", d -> imageGradient(d, 2)),
                large("gradient of a weight", d -> weightGradient(d, 1)),
                large("gradient of a weight, stride 2", d -> weightGradient(d, 2)),
                large(
                        "gradient of a depthwise weight",
                        d -> Engine.run(
                                Ops.find("depthwise_weight_gradient"),
                                new ConvWeightGradientSpec(conv(2, 1), 3, 3),
                                normal(d, 1, 3, 80, 74, 20),
                                normal(d, 2, 3, 40, 37, 20))),
                large("columns of many segments", d -> Reductions.sum(normal(d, 1, 9000, 45), 0)),
                large(
                        "statistics of a batch",
                        d -> Norms.batchNormTrain(normal(d, 1, 30, 12, 12, 40), normal(d, 2, 40), null, 1e-5)[2]),
                large("attention of 40", d -> attention(d, 2, 130, 200, 40, 40, false, null)),
                large("causal attention of 80", d -> attention(d, 1, 150, 150, 80, 80, true, null)),
                large(
                        "attention of 160, masked pairs",
                        d -> attention(d, 2, 70, 77, 160, 160, false, mask(d, 2, 70, 77))),
                large("attention of 256, masked keys", d -> attention(d, 2, 65, 130, 256, 250, false, mask(d, 2, 130))),
                large(
                        "causal attention of 17, masked keys",
                        d -> attention(d, 2, 100, 90, 17, 66, true, mask(d, 2, 90))),
                large(
                        "two groups, everything",
                        d -> Convolution.conv2d(
                                normal(d, 1, 2, 13, 15, 48),
                                normal(d, 2, 72, 3, 3, 24),
                                normal(d, 3, 72),
                                normal(d, 4, 2, 13, 15, 72),
                                conv(1, 1).groups(2).activation(Activation.SILU))),
                large(
                        "three groups of 18, many chunks, few pixels",
                        d -> Convolution.conv2d(
                                normal(d, 1, 1, 5, 5, 180),
                                normal(d, 2, 54, 3, 3, 60),
                                null,
                                conv(2, 1).groups(3))),
                large(
                        "eight narrow groups, everything",
                        d -> Convolution.conv2d(
                                normal(d, 1, 2, 13, 15, 64),
                                normal(d, 2, 32, 3, 3, 8),
                                normal(d, 3, 32),
                                normal(d, 4, 2, 7, 8, 32),
                                conv(2, 1).groups(8).activation(Activation.SILU))),
                large("transposed narrow groups", d -> narrowBack(d, conv(1, 1))),
                large("transposed narrow groups, stride 2", d -> narrowBack(d, conv(2, 1))),
                large(
                        "transposed narrow groups, dilation 2",
                        d -> narrowBack(d, conv(1, 2).dilation(2))),
                large("transposed narrow groups, stride 3", d -> narrowBack(d, conv(3, 0))),
                large(
                        "gradient of a weight of narrow groups",
                        d -> Engine.run(
                                Ops.find("conv2d_weight_gradient"),
                                new ConvWeightGradientSpec(conv(2, 1).groups(4), 3, 3),
                                normal(d, 1, 3, 40, 42, 16),
                                normal(d, 2, 3, 20, 21, 32))),
                large("gradient of an image of groups", d -> imageGradientOfGroups(d, 1)),
                large("gradient of an image of groups, stride 2", d -> imageGradientOfGroups(d, 2)),
                large(
                        "gradient of a weight of groups",
                        d -> Engine.run(
                                Ops.find("conv2d_weight_gradient"),
                                new ConvWeightGradientSpec(conv(2, 1).groups(2), 3, 3),
                                normal(d, 1, 2, 30, 34, 40),
                                normal(d, 2, 2, 15, 17, 34))),
                large("gradient of a depthwise image, 3x3", d -> depthwiseBack(d, 3, 1, 1)),
                large("gradient of a depthwise image, 3x3, stride 2", d -> depthwiseBack(d, 3, 2, 1)),
                large("gradient of a depthwise image, 5x5", d -> depthwiseBack(d, 5, 1, 2)),
                large("gradient of a depthwise image, 5x5, stride 2", d -> depthwiseBack(d, 5, 2, 2)),
                large("gradient of a depthwise image, 5x5, stride 2, pad 1", d -> depthwiseBack(d, 5, 2, 1)),
                large("gradient of a depthwise image, 3x3, stride 2, no pad", d -> depthwiseBack(d, 3, 2, 0)),
                large("depthwise 3x3", d -> depthwise(d, 3, 1)),
                large("depthwise 3x3, stride 2", d -> depthwise(d, 3, 2)),
                large("depthwise 5x5", d -> depthwise(d, 5, 1)),
                large("depthwise 5x5, stride 2", d -> depthwise(d, 5, 2)),
                large(
                        "group norm of many segments",
                        d -> Norms.groupNorm(
                                normal(d, 1, 2, 900, 24),
                                2,
                                normal(d, 2, 24),
                                normal(d, 3, 24),
                                1e-5,
                                Activation.SILU)));
    }

    /** Of three heads, which lie beside each other as a projection leaves them. */
    private static Tensor attention(
            Device d, int batch, int queries, int keys, int depth, int width, boolean causal, Tensor mask) {
        return Attention.attention(
                Views.permute(normal(d, 1, batch, queries, 3, depth), 0, 2, 1, 3),
                Views.permute(normal(d, 2, batch, keys, 3, depth), 0, 2, 1, 3),
                Views.permute(normal(d, 3, batch, keys, 3, width), 0, 2, 1, 3),
                mask,
                new AttentionSpec(1 / Math.sqrt(depth), causal));
    }

    /** Half of it ones. */
    private static Tensor mask(Device d, int... shape) {
        Tensor x = normal(d, 4, shape);
        return Compare.greater(x, Pointwise.fullLike(x, 0));
    }

    private static Tensor imageGradient(Device d, int stride) {
        return Engine.run(
                Ops.find("conv2d_input_gradient"),
                new ConvInputGradientSpec(conv(stride, 1), 16 * stride, 18 * stride),
                normal(d, 1, 2, 16, 18, 68),
                normal(d, 2, 68, 3, 3, 70));
    }

    private static Tensor imageGradientOfGroups(Device d, int stride) {
        return Engine.run(
                Ops.find("conv2d_input_gradient"),
                new ConvInputGradientSpec(conv(stride, 1).groups(2), 9 * stride, 11 * stride),
                normal(d, 1, 2, 9, 11, 40),
                normal(d, 2, 40, 3, 3, 34));
    }

    /** A transposed convolution, with a bias. */
    private static Tensor narrowBack(Device d, ConvSpec s) {
        return Convolution.convTranspose2d(
                normal(d, 1, 2, 9, 11, 32),
                normal(d, 2, 32, 3, 3, 8),
                normal(d, 3, 32),
                s.groups(4).activation(Activation.GELU),
                0,
                0);
    }

    private static Tensor depthwiseBack(Device d, int kernel, int stride, int pad) {
        ConvSpec s = conv(stride, pad);
        int height = (17 + 2 * pad - kernel) / stride + 1;
        int width = (18 + 2 * pad - kernel) / stride + 1;
        return Engine.run(
                Ops.find("depthwise_input_gradient"),
                new ConvInputGradientSpec(s, 17, 18),
                normal(d, 1, 2, height, width, 20),
                normal(d, 2, kernel, kernel, 20));
    }

    private static Tensor weightGradient(Device d, int stride) {
        return Engine.run(
                Ops.find("conv2d_weight_gradient"),
                new ConvWeightGradientSpec(conv(stride, 1), 3, 3),
                normal(d, 1, 2, 16 * stride, 18 * stride, 37),
                normal(d, 2, 2, 16, 18, 132));
    }

    private static Tensor depthwise(Device d, int kernel, int stride) {
        return Convolution.depthwiseConv2d(
                normal(d, 1, 2, 13, 18, 24),
                normal(d, 2, kernel, kernel, 24),
                normal(d, 3, 24),
                conv(stride, kernel / 2).activation(Activation.SILU));
    }

    /** Trained networks and samples among them. */
    @Test
    void theFingerprintIsTheCpus() {
        assertEquals(
                FingerprintProgram.run(cpu, 0).parts(),
                FingerprintProgram.run(cuda, 0).parts());
    }

    /** A recording gives what its code gives, on new input too, and nobody else gets its memory. */
    @Test
    void aRecordingIsReplayed() {
        try (Scope scope = Scope.open()) {
            Tensor x = normal(cuda, 1, 30, 50);
            Tensor w = normal(cuda, 2, 70, 50);
            try (Recording recording = cuda.record(() -> List.of(layers(x, w)))) {
                float[] first = recording.replay().getFirst().toFloats();
                assertArrayEquals(layers(x, w).toFloats(), first);
                for (int i = 0; i < 3; i++) {
                    cuda.upload(normal(cpu, 10 + i, 30, 50).toHost().data(), x.buffer(), 0);
                    Tensor noise = normal(cuda, 99, 40, 70);
                    float[] before = noise.toFloats();
                    assertArrayEquals(
                            layers(x, w).toFloats(),
                            recording.replay().getFirst().toFloats());
                    assertArrayEquals(before, noise.toFloats());
                    assertTrue(recording.isOneLaunch());
                }
            }
        }
    }

    /** Forty steps of a sampler, each with a time step that is uploaded, are one launch, which takes other numbers of samples. */
    @Test
    void aSamplersLoopIsOneLaunch() {
        NoiseSchedule schedule = NoiseSchedule.linear(1000, 1e-4, 0.02);
        try (Scope scope = Scope.open()) {
            Tensor context = normal(cuda, 1, 2, 6);
            Denoiser network = Guidance.of(
                    (x, t, c) -> Pointwise.mul(Pointwise.add(x, c), DiffusionOps.timestepEmbedding(t, x.dim(1), true)),
                    context,
                    normal(cuda, 2, 2, 6),
                    1.5);
            Sampler sampler = new Sampler(schedule, network, Prediction.EPSILON, 3);
            Tensor rows = Tensor.from(cuda, HostTensor.of(Shape.of(2), 0, 1));
            Sampler recorded = sampler.withNumbers((device, count) -> rows);
            try (Recording recording = cuda.record(() -> List.of(loop(recorded)))) {
                for (int i = 0; i < 4; i++) {
                    cuda.upload(HostTensor.of(Shape.of(2), i, i + 1).data(), rows.buffer(), 0);
                    assertArrayEquals(
                            loop(sampler.withFirstSample(i)).toFloats(),
                            recording.replay().getFirst().toFloats());
                }
                assertTrue(recording.isOneLaunch());
            }
        }
    }

    private static Tensor loop(Sampler sampler) {
        return sampler.ddim(sampler.start(cuda, Shape.of(2, 6)), 40, 1);
    }

    /** A step for many tensors, one of them with a strided gradient, is that of each alone; one that overflows changes nothing. */
    @Test
    void stepsOfAdamWForManyTensors() {
        try (Scope scope = Scope.open()) {
            assertSameBits(trained(cpu), trained(cuda));
        }
    }

    private static List<HostTensor> trained(Device d) {
        List<Tensor> params = List.of(
                normal(d, 1, 5000),
                normal(d, 2, 3),
                normal(d, 3, 0, 4),
                normal(d, 4, 2048),
                normal(d, 5, 70, 31),
                normal(d, 6, 9));
        List<Tensor> gradients = new ArrayList<>();
        for (Tensor p : params) {
            gradients.add(Pointwise.scale(Pointwise.addScalar(p, 0.5), 1024));
        }
        gradients.set(4, Views.permute(Random.normal(d, Shape.of(31, 70), 7, 9), 1, 0));
        gradients.set(5, null);
        try (AdamW adam = new AdamW(params, AdamWConfig.of(1e-2).withWeightDecay(0.1))) {
            adam.step(gradients);
            assertTrue(adam.step(gradients, 1e-2, 1024));
            List<Tensor> overflown = new ArrayList<>(gradients);
            overflown.set(3, Pointwise.scale(gradients.get(3), Double.POSITIVE_INFINITY));
            assertFalse(adam.step(overflown, 1e-2, 1024));
            assertEquals(2, adam.steps());
        }
        return params.stream().map(Tensor::toHost).toList();
    }

    private static Tensor layers(Tensor x, Tensor w) {
        return Scope.local(() -> {
            Tensor h = Pointwise.exp(Linear.linear(x, w, null));
            return Pointwise.add(h, Tensor.of(x.device(), Shape.of(1), 3));
        });
    }
}
