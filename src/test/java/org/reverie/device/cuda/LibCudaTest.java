package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The calls of the driver's library as they arrive there: at one built from the real cuda.h, with the pointwise kernels alone. */
final class LibCudaTest {
    private static LibCuda driver;

    @BeforeAll
    static void build(@TempDir Path folder) throws Exception {
        driver = HostCuda.build(folder, "pointwise").driver();
    }

    private static CudaBackend open() throws CudaMissingException {
        return new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE);
    }

    @Test
    void devicesAreAskedForWhatTheyAre() throws CudaMissingException {
        assertEquals(
                "the host in place of a GPU, sm_86, CUDA 13.0, 3 units, 20,480 MiB",
                CudaDevice.all(driver).get(0).description());
    }

    @Test
    void whatGoesUpComesBack() throws CudaMissingException {
        try (CudaBackend device = open();
                Scope s = Scope.open()) {
            assertArrayEquals(
                    new float[] {1, 2, 3},
                    Tensor.of(device, Shape.of(3), 1, 2, 3).toFloats());
        }
    }

    @Test
    void aKernelGetsItsParameters() throws CudaMissingException {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
        try (CudaBackend device = open();
                Scope s = Scope.open()) {
            Tensor x = Tensor.of(device, Shape.of(3), 1, 2, 3);
            assertArrayEquals(
                    new float[] {2.5f, 2.5f, 2.5f}, Pointwise.fullLike(x, 2.5).toFloats());
        }
    }

    @Test
    void errorsHaveTheDriversNames() throws CudaMissingException {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
        try (CudaBackend device = open();
                Scope s = Scope.open()) {
            IllegalStateException e =
                    assertThrows(IllegalStateException.class, () -> Random.normal(device, Shape.of(3), 1, 2));
            assertEquals(
                    "cuda:0: cuLaunchKernel: CUDA_ERROR_NOT_SUPPORTED (801) starting the kernel op_normal",
                    e.getMessage());
            OutOfMemoryError o =
                    assertThrows(OutOfMemoryError.class, () -> Tensor.empty(device, DType.F32, Shape.of(1 << 29)));
            assertTrue(o.getMessage().startsWith("no memory on cuda:0"), o.getMessage());
        }
    }
}
