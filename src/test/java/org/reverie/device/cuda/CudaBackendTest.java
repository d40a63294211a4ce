package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.Arithmetic;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.Trace;
import org.reverie.op.Pointwise;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The host's half of the CUDA backend, over a stand-in for the driver: memory, transfers, launches, errors. */
final class CudaBackendTest {
    private static final int ILLEGAL_ADDRESS = 700;

    private final StandInDriver driver = new StandInDriver();
    private CudaBackend device;

    @BeforeEach
    void open() throws CudaMissingException {
        device = new CudaBackend(
                driver,
                CudaDevice.all(driver).get(0),
                Devices.open("reference", BackendOptions.DEFAULT),
                Long.MAX_VALUE);
    }

    @AfterEach
    void close() {
        device.close();
    }

    private static void needsKernels() {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
    }

    @Test
    void aDeviceIsDescribed() {
        assertEquals("stand-in, sm_90, CUDA 13.0, 132 units, 81,920 MiB", device.description());
        assertEquals("cuda", device.explain("add"));
    }

    @Test
    void whatGoesUpComesBack() {
        try (Scope s = Scope.open()) {
            // more than both pinned pieces, and no multiple of one
            HostTensor numbers = HostTensor.allocate(DType.I32, Shape.of(3_000_001));
            for (int i = 0; i < 3_000_001; i++) {
                numbers.data().set(HostTensor.INT, 4L * i, i * 31);
            }
            HostTensor back = Tensor.from(device, numbers).toHost();
            assertEquals(-1L, numbers.data().mismatch(back.data()));
        }
    }

    @Test
    void argumentsStandInTheKernelsOrder() {
        needsKernels();
        try (Scope s = Scope.open()) {
            Tensor x = Tensor.of(device, Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
            Pointwise.scale(x, 2.5);
        }
        StandInDriver.Started last = driver.started.get(driver.started.size() - 1);
        assertEquals("op_scale", last.kernel());
        assertEquals(1, last.groups());
        assertEquals(256, last.size());
        assertEquals(7, last.parameters().size());
        int[] view = last.parameters().get(1);
        assertEquals(18, view.length);
        assertArrayEquals(new int[] {1, 0, 6}, new int[] {view[0], view[1], view[2]});
        assertEquals(6, last.parameters().get(4)[0]);
        assertEquals(2.5f, Float.intBitsToFloat(last.parameters().get(5)[0]));
    }

    @Test
    void memoryIsTrimmedBeforeItRunsOut() {
        driver.room = 3 << 20;
        try (Scope outer = Scope.open()) {
            Tensor kept = Tensor.empty(device, DType.F32, Shape.of(1 << 18));
            try (Scope inner = Scope.open()) {
                Tensor.empty(device, DType.F32, Shape.of(1 << 18));
            }
            assertEquals(1 << 20, device.memory().pooled());
            OutOfMemoryError e =
                    assertThrows(OutOfMemoryError.class, () -> Tensor.empty(device, DType.F32, Shape.of(1 << 19)));
            assertTrue(
                    e.getMessage().startsWith("no memory on cuda:0 for a tensor of 2,097,152 bytes"), e.getMessage());
            assertTrue(e.getMessage().contains("1,048,576 pooled bytes were given back first"), e.getMessage());
            assertTrue(e.getMessage().contains("uploaded: 1,048,576 bytes in 1"), e.getMessage());
            assertEquals(0, device.memory().pooled());
            assertEquals(1 << 18, kept.elements());
        }
    }

    @Test
    void aLostContextNamesTheKernelAndFailsFast() {
        needsKernels();
        try (Scope s = Scope.open()) {
            Tensor y = Pointwise.exp(Tensor.of(device, Shape.of(2), 1, 2));
            driver.fault = ILLEGAL_ADDRESS;
            IllegalStateException e = assertThrows(IllegalStateException.class, y::toFloats);
            assertTrue(e.getMessage().startsWith("cuda:0 is lost and only a new process can use it"), e.getMessage());
            assertTrue(e.getMessage().contains("the kernel op_exp failed"), e.getMessage());
            int calls = driver.calls.size();
            IllegalStateException again = assertThrows(IllegalStateException.class, () -> Pointwise.exp(y));
            assertEquals(e.getMessage(), again.getMessage());
            assertEquals(calls, driver.calls.size());
        }
        int calls = driver.calls.size();
        device.close();
        assertEquals(calls, driver.calls.size());
    }

    @Test
    void trimmedMemoryIsTheDriversAgain() {
        int before = driver.held();
        try (Scope s = Scope.open()) {
            Tensor.empty(device, DType.F32, Shape.of(1 << 18));
        }
        assertEquals(before + 1, driver.held());
        device.trim();
        assertEquals(before, driver.held());
        assertEquals(0, device.memory().pooled());
    }

    private static List<String> kernels(List<StandInDriver.Started> started) {
        return started.stream().map(StandInDriver.Started::kernel).toList();
    }

    @Test
    void aRecordingIsOneLaunchFromTheThirdTimeOn() {
        needsKernels();
        try (Scope s = Scope.open()) {
            Tensor x = Tensor.of(device, Shape.of(2), 1, 2);
            Recording recording =
                    device.record(() -> List.of(Pointwise.exp(Pointwise.add(x, Tensor.of(device, Shape.of(1), 3)))));
            recording.replay();
            assertEquals(List.of("op_add", "op_exp"), kernels(driver.started));
            recording.replay();
            assertTrue(recording.isOneLaunch());
            int calls = driver.calls.size();
            Tensor y = recording.replay().getFirst();
            assertEquals(List.of("launchGraph"), driver.calls.subList(calls, driver.calls.size()));
            assertEquals(6, driver.started.size());
            assertEquals(kernels(driver.started.subList(0, 2)), kernels(driver.started.subList(4, 6)));
            // what the graph writes to is nobody else's until it is closed
            try (Scope inner = Scope.open()) {
                for (int i = 0; i < 8; i++) {
                    assertTrue(CudaQueue.address(y.buffer())
                            != CudaQueue.address(
                                    Tensor.empty(device, DType.F32, Shape.of(2)).buffer()));
                }
            }
            recording.close();
        }
        device.close();
        assertEquals(0, driver.held());
    }

    @Test
    void workThatReadsItsResultsIsNoGraph() {
        needsKernels();
        try (Scope s = Scope.open()) {
            Tensor x = Tensor.of(device, Shape.of(2), 1, 2);
            Recording recording = device.record(() -> {
                Tensor y = Pointwise.exp(x);
                y.toFloats();
                return List.of(y);
            });
            for (int i = 1; i <= 3; i++) {
                recording.replay();
                assertEquals(i, driver.started.size());
            }
            assertFalse(recording.isOneLaunch());
            recording.close();
        }
        device.close();
        assertEquals(0, driver.held());
    }

    @Test
    void aTraceHasOpsAndKernels(@TempDir Path folder) throws Exception {
        needsKernels();
        Path file = folder.resolve("trace.json");
        try (CudaBackend traced = new CudaBackend(
                        driver,
                        CudaDevice.all(driver).get(0),
                        null,
                        Long.MAX_VALUE,
                        Arithmetic.EXACT,
                        new Trace(file));
                Scope s = Scope.open()) {
            Pointwise.exp(Tensor.of(traced, Shape.of(2), 1, 2)).toFloats();
        }
        List<JsonObject> spans = new ArrayList<>();
        for (JsonElement e :
                JsonParser.parseString(Files.readString(file)).getAsJsonObject().getAsJsonArray("traceEvents")) {
            if (e.getAsJsonObject().get("ph").getAsString().equals("X")) {
                spans.add(e.getAsJsonObject());
            }
        }
        assertEquals(
                List.of("exp", "op_exp"),
                spans.stream().map(e -> e.get("name").getAsString()).sorted().toList());
        JsonObject kernel = spans.stream()
                .filter(e -> e.get("name").getAsString().equals("op_exp"))
                .findFirst()
                .orElseThrow();
        assertEquals(1000, kernel.get("dur").getAsDouble()); // the stand-in's clock: a millisecond from event to event
    }

    @Test
    void whatIsOpenedIsGivenBack() {
        device.close();
        assertTrue(driver.calls.contains("releaseContext"));
        assertEquals(0, driver.held());
    }
}
