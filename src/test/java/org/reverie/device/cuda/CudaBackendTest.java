package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Pointwise;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
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
    void whatIsOpenedIsGivenBack() {
        device.close();
        assertTrue(driver.calls.contains("releaseContext"));
        assertEquals(0, driver.held());
    }
}
