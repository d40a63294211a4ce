package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.reverie.device.Arithmetic;

/**
 * A driver whose GPU is the host: it runs the kernels of {@code kernels/cuda}, their own text compiled by g++ ({@code
 * src/test/native/hostcuda}).
 */
final class HostCuda {
    private static final Path BUILD = Path.of("src", "test", "native", "hostcuda", "build.sh");

    /** Where a build finds the objects of the one before. */
    private static final Path FOLDER = Path.of("target", "hostcuda");

    private static HostCuda shared;

    private final LibCuda driver;
    private final MethodHandle order;

    private HostCuda(Path library) throws CudaMissingException {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library.toAbsolutePath(), Arena.global());
        driver = LibCuda.start(symbols);
        order = Linker.nativeLinker()
                .downcallHandle(
                        symbols.find("emulated_order").orElseThrow(),
                        FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    }

    /** The one of this process, with all kernels; skips the test if there is no compiler, no cuda.h or no fatbins. */
    static synchronized HostCuda shared() throws Exception {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
        if (shared == null) {
            shared = build(FOLDER);
        }
        return shared;
    }

    /** One with the kernels of some families; skips the test if there is no compiler or no cuda.h. */
    static HostCuda build(Path folder, String... families) throws Exception {
        Files.createDirectories(folder);
        boolean header = Stream.of(System.getenv().getOrDefault("CUDA_HOME", "/usr/local/cuda"), "/usr")
                .anyMatch(root -> Files.exists(Path.of(root, "include", "cuda.h")));
        assumeTrue(header, "no cuda.h to build a driver for the test with");
        Path log = folder.resolve("log");
        assumeTrue(run(log, List.of("g++", "--version")) == 0, "no g++ to compile the kernels for the host with");
        List<String> command = new ArrayList<>(List.of("sh", BUILD.toString(), folder.toString()));
        command.addAll(List.of(families));
        assertEquals(0, run(log, command), () -> read(log));
        return new HostCuda(folder.resolve("libcuda.so.1"));
    }

    private static int run(Path log, List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    LibCuda driver() {
        return driver;
    }

    CudaBackend open(Arithmetic arithmetic) throws CudaMissingException {
        return new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE, arithmetic);
    }

    /**
     * In which order the threads run from now on.
     *
     * @param eager whether copies are done at once instead of as late as they may be
     */
    void order(int seed, boolean eager) {
        try {
            order.invokeExact(seed, eager ? 1 : 0);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
