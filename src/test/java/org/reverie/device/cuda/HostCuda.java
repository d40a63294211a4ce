package org.reverie.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A driver that runs the kernels of {@code kernels/cuda} on the host: their own text, compiled by g++
 * ({@code src/test/native/hostcuda}).
 */
final class HostCuda {
    private static final Path BUILD = Path.of("src", "test", "native", "hostcuda", "build.sh");

    private static LibCuda driver;

    private HostCuda() {}

    /** The driver; skips the test if there is no compiler, no cuda.h or no fatbins. */
    static synchronized LibCuda driver() throws Exception {
        assumeTrue(Fatbins.areThere(), "no CUDA kernels: compiled without nvcc");
        if (driver == null) {
            Path folder = Files.createTempDirectory("hostcuda");
            folder.toFile().deleteOnExit();
            Path log = folder.resolve("log");
            assumeTrue(run(log, "g++", "--version") == 0, "no g++ to compile the kernels for the host with");
            Path home = Path.of(System.getenv().getOrDefault("CUDA_HOME", "/usr/local/cuda"));
            assumeTrue(Files.exists(home.resolve("include/cuda.h")), "no cuda.h to build a driver for the test with");
            assertEquals(0, run(log, "sh", BUILD.toString(), folder.toString()), () -> read(log));
            driver = LibCuda.start(SymbolLookup.libraryLookup(folder.resolve("libcuda.so.1"), Arena.global()));
        }
        return driver;
    }

    private static int run(Path log, String... command) throws InterruptedException {
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
}
