package org.reverie.device.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.kernels.Tiles;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.op.Engine;
import org.reverie.op.Linear;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import org.reverie.op.Random;
import org.reverie.op.Sample;
import org.reverie.op.SampleInput;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The kernels for GPUs, on whatever device there is: every sample of the ops that have one, and products with every tile and
 * cuts of k of every length, have the reference's bits.
 */
final class GpuTilesTest {
    private static final List<String> OPS = List.of(
            "matmul",
            "linear",
            "conv2d",
            "conv2d_input_gradient",
            "conv2d_weight_gradient",
            "conv_transpose2d",
            "depthwise_conv2d",
            "depthwise_input_gradient",
            "depthwise_weight_gradient",
            "attention",
            "attention_gradient",
            "layer_norm",
            "group_norm");

    @TempDir
    private static Path folder;

    private static ClDevice device() {
        try {
            return ClDevice.all().get(0);
        } catch (OpenClMissingException e) {
            assumeTrue(false, "opencl  none: " + e.getMessage());
            throw new AssertionError(e);
        }
    }

    private static OpenClBackend open(ClDevice device, TileKind kind, Function<ClQueue, Tiles> tiles) {
        ClQueue queue = new ClQueue(device, kind, new ProgramCache(folder), 1L << 30, null);
        Backend reference = Devices.open("reference", BackendOptions.DEFAULT);
        return new OpenClBackend(0, queue, reference, tiles.apply(queue), null);
    }

    @TestFactory
    Stream<DynamicTest> samplesOfOps() {
        ClDevice device = device();
        OpenClBackend gpu = open(device, TileKind.GPU, TileKind.GPU::tiles);
        return Ops.all().stream()
                .filter(op -> OPS.contains(op.name()))
                .map(op -> dynamicTest(op.name(), () -> {
                    for (Sample s : op.samples()) {
                        same(op.name() + ", " + s.note(), d -> run(op, s, d), gpu);
                    }
                }))
                .onClose(gpu::close);
    }

    private static List<Tensor> run(Op<?> op, Sample s, Device on) {
        SampleInput[] recipes = s.inputs();
        Tensor[] in = new Tensor[recipes.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = recipes[i] == null ? null : recipes[i].make(on, 1000 + i);
        }
        return Stream.of(Engine.runAll(op, s.attributes(), in))
                .filter(t -> t != null)
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> everyTileAndCutsOfEveryLength() {
        ClDevice device = device();
        List<DynamicTest> tests = new ArrayList<>();
        for (int t = 0; t < TileShape.ALL.size(); t++) {
            TileShape tile = TileShape.ALL.get(t);
            int chunks = List.of(1, 2, Slices.MOST_CHUNKS).get(t % 3);
            tests.add(dynamicTest(tile + ", slices of " + chunks, () -> {
                assumeTrue(tile.fits(device), "too large for " + device.name());
                try (OpenClBackend gpu =
                        open(device, TileKind.GPU, q -> new GpuTiles(q, (d, r, c, m) -> tile, chunks))) {
                    same("products", GpuTilesTest::products, gpu);
                }
            }));
        }
        return tests.stream();
    }

    /** Edges of tiles in every direction, sums of several chunks, and each kind of operand. */
    private static List<Tensor> products(Device on) {
        List<Tensor> results = new ArrayList<>();
        Tensor a = Random.normal(on, Shape.of(2, 70, 1300), 1, 1);
        Tensor b = Random.normal(on, Shape.of(1300, 133), 1, 2);
        results.add(Linear.matmul(a, b));
        Tensor x = Random.normal(on, Shape.of(2, 9, 10, 36), 1, 3);
        Tensor weight = Random.normal(on, Shape.of(40, 3, 3, 36), 1, 4);
        ConvSpec s = ConvSpec.of(2).pad(1);
        Tensor y = Convolution.conv2d(x, weight, null, s);
        results.add(y);
        return results;
    }

    @Test
    void everyTileForCpusHasTheSameBits() {
        ClDevice device = device();
        for (CpuTile tile : CpuTile.ALL) {
            try (OpenClBackend cpu = open(device, TileKind.CPU, q -> new CpuGemm(q, () -> tile))) {
                same("tile " + tile, GpuTilesTest::products, cpu);
            }
        }
    }

    @Test
    void tilesAreFoundByTheirNames() {
        for (TileShape t : TileShape.ALL) {
            assertEquals(t, TileShape.named(t.toString()));
            assertEquals(0, 256 % t.steps());
            assertEquals(0, t.items() % t.rows() + t.items() % t.columns() + t.items() % t.steps());
        }
        for (CpuTile t : CpuTile.ALL) {
            assertEquals(t, CpuTile.named(t.toString()));
        }
    }

    private static void same(String what, Function<Device, List<Tensor>> work, Backend found) {
        try (Backend reference = Devices.open("cpu", BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            List<Tensor> expected = work.apply(reference);
            List<Tensor> actual = work.apply(found);
            assertEquals(expected.size(), actual.size(), what);
            for (int r = 0; r < expected.size(); r++) {
                HostTensor e = expected.get(r).toHost();
                HostTensor f = actual.get(r).toHost();
                assertEquals(e.shape(), f.shape(), what);
                float[] want = e.toFloats();
                float[] have = f.toFloats();
                for (int i = 0; i < want.length; i++) {
                    boolean equal = Float.floatToRawIntBits(want[i]) == Float.floatToRawIntBits(have[i])
                            || Float.isNaN(want[i]) && Float.isNaN(have[i]);
                    int place = i;
                    assertTrue(
                            equal,
                            () -> what + ", result element " + place + ": " + Float.toHexString(have[place])
                                    + " instead of " + Float.toHexString(want[place]));
                }
            }
        }
    }
}
