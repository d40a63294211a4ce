package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.op.Pointwise;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The calls of the driver's library as they arrive there: at one built from {@code src/test/native/libcuda.c} and the real cuda.h. */
final class LibCudaTest {
    private static final Path SOURCE = Path.of("src", "test", "native", "libcuda.c");

    private static LibCuda driver;

    @BeforeAll
    static void build(@TempDir Path folder) throws Exception {
        List<String> roots = Stream.of(System.getenv("CUDA_HOME"), "/usr/local/cuda", "/usr")
                .filter(r -> r != null && Files.exists(Path.of(r, "include", "cuda.h")))
                .toList();
        assumeTrue(!roots.isEmpty(), "no cuda.h to build a driver for the test with");
        Path library = folder.resolve("libcuda.so");
        assumeTrue(run(folder, "gcc", "--version") == 0, "no gcc to build a driver for the test with");
        assertEquals(
                0,
                run(
                        folder,
                        "gcc",
                        "-shared",
                        "-fPIC",
                        "-Wall",
                        "-Werror",
                        "-I" + Path.of(roots.getFirst(), "include"),
                        "-o",
                        library.toString(),
                        SOURCE.toString()),
                () -> read(folder));
        driver = LibCuda.start(SymbolLookup.libraryLookup(library, Arena.global()));
    }

    private static int run(Path folder, String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log").toFile())
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        }
    }

    private static String read(Path folder) {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    private static CudaBackend open() throws CudaMissingException {
        return new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE);
    }

    @Test
    void devicesAreAskedForWhatTheyAre() throws CudaMissingException {
        assertEquals(
                "no card, sm_86, CUDA 13.0, 3 units, 20,480 MiB",
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
            Tensor x = Tensor.of(device, Shape.of(3), 1, 2, 3);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> Pointwise.exp(x));
            assertEquals(
                    "cuda:0: cuLaunchKernel: CUDA_ERROR_NOT_SUPPORTED (801) starting the kernel op_exp",
                    e.getMessage());
            OutOfMemoryError o =
                    assertThrows(OutOfMemoryError.class, () -> Tensor.empty(device, DType.F32, Shape.of(1 << 29)));
            assertTrue(o.getMessage().startsWith("no memory on cuda:0"), o.getMessage());
        }
    }
}
