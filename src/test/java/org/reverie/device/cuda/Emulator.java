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
import java.util.stream.Stream;
import org.reverie.device.Arithmetic;

/** A driver whose GPU is the host: {@code src/test/native/simt}, with the fast kernels' own sources. */
final class Emulator {
    private static final Path SCRIPT = Path.of("src", "test", "native", "simt", "build.sh");

    private static Emulator shared;

    private final LibCuda driver;
    private final MethodHandle order;

    private Emulator(Path library) throws CudaMissingException {
        SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
        driver = LibCuda.start(symbols);
        order = Linker.nativeLinker()
                .downcallHandle(
                        symbols.find("emulated_order").orElseThrow(),
                        FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    }

    /**
     * Builds it in a folder; the test is skipped where there is no compiler. With {@code -Dreverie.emulator=FOLDER} it is the one that
     * build.sh has made there.
     */
    private static Emulator build(Path folder) throws Exception {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
        String made = System.getProperty("reverie.emulator");
        if (made != null) {
            return new Emulator(Path.of(made, "libcuda.so").toAbsolutePath());
        }
        String home = System.getenv().getOrDefault("CUDA_HOME", "/usr/local/cuda");
        assumeTrue(Files.exists(Path.of(home, "include", "cuda.h")), "no cuda.h to build a driver for the test with");
        assumeTrue(run(folder, "g++", "--version") == 0, "no g++ to compile the kernels for the host with");
        int status = run(folder, "sh", SCRIPT.toString(), folder.toString());
        assertEquals(0, status, () -> read(folder));
        return new Emulator(folder.resolve("libcuda.so"));
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

    /** The one of this process, built when it is first asked for. */
    static synchronized Emulator shared() throws Exception {
        if (shared == null) {
            Path folder = Files.createTempDirectory("reverie-emulator");
            try {
                shared = build(folder);
            } finally {
                try (Stream<Path> files = Files.list(folder)) {
                    for (Path f : files.toList()) {
                        Files.delete(f); // the library stays loaded
                    }
                }
                Files.delete(folder);
            }
        }
        return shared;
    }

    CudaBackend open() throws CudaMissingException {
        return new CudaBackend(driver, CudaDevice.all(driver).get(0), null, Long.MAX_VALUE, Arithmetic.FAST);
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
