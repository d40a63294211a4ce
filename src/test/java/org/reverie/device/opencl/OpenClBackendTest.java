package org.reverie.device.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jocl.CL;
import org.jocl.CLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.kernels.Launch;
import org.reverie.op.Op;
import org.reverie.op.Ops;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Shaping;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** What an OpenCL device does beside computing: memory, transfers, checks, messages. */
final class OpenClBackendTest {
    private OpenClBackend device;

    @TempDir
    private Path folder;

    @BeforeEach
    void open() {
        device = open(1L << 30);
    }

    private OpenClBackend open(long budget) {
        try {
            ClQueue queue = queue(folder, budget);
            return new OpenClBackend(0, queue, Devices.open("reference", BackendOptions.DEFAULT), null);
        } catch (OpenClMissingException e) {
            assumeTrue(false, "opencl  none: " + e.getMessage());
            throw new AssertionError(e);
        }
    }

    private static ClQueue queue(Path cache, long budget) throws OpenClMissingException {
        ClDevice first = ClDevice.all().get(0);
        return new ClQueue(first, TileKind.of(first), new ProgramCache(cache), budget, null);
    }

    @AfterEach
    void close() {
        if (device != null) {
            device.close();
        }
    }

    /** From nothing to more than all stages; lengths that no pattern and no alignment divides. */
    @Test
    void whatGoesUpComesBack() {
        try (Scope s = Scope.open()) {
            for (int n : new int[] {0, 1, 3, 37, 255, 256, 257, 5000, 2_000_003, 5_000_001}) {
                HostTensor numbers = HostTensor.allocate(DType.I32, Shape.of(n));
                for (int i = 0; i < n; i++) {
                    numbers.data().set(HostTensor.INT, 4L * i, i * 31 + n);
                }
                HostTensor back = Tensor.from(device, numbers).toHost();
                assertEquals(-1L, numbers.data().mismatch(back.data()), n + " numbers");
            }
        }
    }

    /** Its bytes may change as soon as an upload returns; it waits for no kernel while there are stages left. */
    @Test
    void uploadsDoNotWait() {
        try (Scope s = Scope.open()) {
            long before = device.waits();
            List<Tensor> sums = new ArrayList<>();
            HostTensor numbers = HostTensor.allocate(DType.F32, Shape.of(1000));
            for (int i = 0; i < 1000; i++) {
                numbers.data().fill((byte) i);
                Tensor x = Tensor.from(device, numbers);
                sums.add(Reductions.sum(Pointwise.add(x, x), 0));
            }
            assertEquals(before, device.waits());
            for (int i = 0; i < 1000; i++) {
                numbers.data().fill((byte) i);
                Tensor x = Tensor.from(device, numbers);
                assertEquals(
                        Reductions.sum(Pointwise.add(x, x), 0).item(),
                        sums.get(i).item());
            }
        }
    }

    @Test
    void freedMemoryIsUsedAgain() {
        long allocations = 0;
        for (int i = 0; i < 5; i++) {
            try (Scope s = Scope.open()) {
                Tensor x = Random.normal(device, Shape.of(1000), 1, i);
                Pointwise.exp(Pointwise.add(x, x)).toFloats();
            }
            assertTrue(i == 0 || device.memory().allocations() == allocations);
            allocations = device.memory().allocations();
        }
        assertEquals(0, device.memory().live());
    }

    @Test
    void memoryThatRunsOutSaysWhoHasIt() {
        try (OpenClBackend small = open(4 << 20);
                Scope s = Scope.open()) {
            try (Scope inner = Scope.open()) {
                Random.normal(small, Shape.of(700_000), 1, 2);
            }
            Tensor kept = Random.uniform(small, Shape.of(1 << 19), 1, 2);
            assertEquals(1 << 21, small.memory().live());
            OutOfMemoryError e =
                    assertThrows(OutOfMemoryError.class, () -> Tensor.empty(small, DType.F32, Shape.of(1 << 20)));
            assertTrue(
                    e.getMessage().startsWith("no memory on opencl:0 for a tensor of 4,194,304 bytes"), e.getMessage());
            assertTrue(e.getMessage().contains("uniform: 2,097,152 bytes in 1"), e.getMessage());
            assertEquals(0, small.memory().pooled());
            assertEquals(1 << 19, kept.elements());
        }
    }

    /** As with drivers that look for a buffer's memory when a kernel needs it. */
    @Test
    void memoryThatIsFoundMissingLateIsLookedForOnceMore() throws Exception {
        ClQueue queue = queue(folder, 1 << 20);
        try (queue) {
            List<String> tries = new ArrayList<>();
            queue.shortage().enqueue("a kernel", () -> {
                tries.add("try");
                if (tries.size() == 1) {
                    throw new CLException("at first", CL.CL_MEM_OBJECT_ALLOCATION_FAILURE);
                }
            });
            assertEquals(2, tries.size());
            OutOfMemoryError never = assertThrows(
                    OutOfMemoryError.class,
                    () -> queue.shortage().enqueue("the kernel x", () -> {
                        tries.add("try");
                        throw new CLException("always", CL.CL_OUT_OF_RESOURCES);
                    }));
            assertEquals(4, tries.size());
            assertEquals(
                    "no memory for the kernel x: 0 bytes are in use, 0 pooled bytes were given back first",
                    never.getMessage());
            assertThrows(
                    CLException.class,
                    () -> queue.shortage().enqueue("a kernel", () -> {
                        throw new CLException("something else", CL.CL_INVALID_KERNEL_ARGS);
                    }));
        }
    }

    @Test
    void anIndexOutOfRangeIsRefusedAtTheNextRead() {
        try (Scope s = Scope.open()) {
            Tensor table = Tensor.of(device, Shape.of(3), 1, 2, 3);
            Tensor bad = Tensor.from(device, indices(1, 7, -1));
            Tensor y = Shaping.gather(table, 0, bad);
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, y::toFloats);
            assertEquals("gather: index 7 at position 1 is not in 0 … 2", e.getMessage());
            assertArrayEquals(
                    new float[] {2, 1},
                    Shaping.gather(table, 0, Tensor.from(device, indices(1, 0))).toFloats());
        }
    }

    private static HostTensor indices(int... values) {
        HostTensor t = HostTensor.allocate(DType.I32, Shape.of(values.length));
        for (int i = 0; i < values.length; i++) {
            t.data().set(HostTensor.INT, 4L * i, values[i]);
        }
        return t;
    }

    /** Three ops never reach a device: no number moves. */
    @Test
    void noOpNeedsTheHost() {
        Set<String> views = Set.of("permute", "expand", "slice");
        for (Op<?> op : Ops.all()) {
            assertEquals(views.contains(op.name()) ? "host, scalar" : "opencl", device.explain(op.name()), op.name());
        }
    }

    @Test
    void aDeviceThatIsNotThereIsAClearLine() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Devices.open("opencl:99", BackendOptions.DEFAULT));
        assertTrue(e.getMessage().startsWith("there is no device opencl:99"), e.getMessage());
    }

    @Test
    void aProgramThatDoesNotBuildSaysWhereItsLogIs() throws Exception {
        Path cache = folder.resolve("cache");
        ClQueue queue = queue(cache, 1 << 20);
        try (queue) {
            Launch launch = queue.launchOwn("broken", "broken").memory((Tensor) null);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> launch.groups(1, 1));
            assertTrue(
                    e.getMessage().matches("the OpenCL kernels opencl/broken.cl do not build on .+, see .+\\.log"),
                    e.getMessage());
            Path log = Path.of(e.getMessage().substring(e.getMessage().indexOf(", see ") + 6));
            assertEquals(cache, log.getParent());
            assertTrue(Files.readString(log).contains("undeclared"), Files.readString(log));
        }
    }

    @Test
    void compiledProgramsAreKeptByWhatTheyWereMadeOf() {
        ProgramCache cache = new ProgramCache(folder.resolve("programs"));
        String key = ProgramCache.key("source", "driver");
        assertNull(cache.find(key));
        cache.keep(key, new byte[] {1, 2});
        assertArrayEquals(new byte[] {1, 2}, cache.find(key));
        assertTrue(!key.equals(ProgramCache.key("sourced", "river")));
        cache.forget(key);
        assertNull(cache.find(key));
    }
}
