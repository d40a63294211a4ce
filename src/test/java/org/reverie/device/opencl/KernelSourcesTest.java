package org.reverie.device.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.numerics.Coefficients;
import org.reverie.numerics.Contract;

/** The kernels' texts by themselves: they carry the contract's constants, and CUDA's compiler takes them too. */
final class KernelSourcesTest {
    private static final Path COMMON = Path.of("kernels", "common");

    @Test
    void theCoefficientsAreThoseOfTheSpecification() throws Exception {
        Map<String, String> defined = defines("coefficients.h");
        for (Field f : Coefficients.class.getFields()) {
            String text = defined.remove(f.getName());
            assertTrue(text != null, f.getName() + " is not in coefficients.h");
            String number = text.replaceAll("[()]", "");
            if (f.getType() == int.class) {
                assertEquals(f.getInt(null), Integer.decode(number), f.getName());
            } else {
                assertEquals(
                        Float.floatToRawIntBits(f.getFloat(null)),
                        Float.floatToRawIntBits(Float.parseFloat(number)),
                        f.getName());
            }
        }
        assertTrue(defined.isEmpty(), "left over: " + defined.keySet());
    }

    @Test
    void theConstantsOfTheContractAreTheSame() throws IOException {
        assertEquals("" + Contract.LANES, defines("lanes.h").get("LANES"));
        assertEquals("" + Contract.SEGMENT, defines("lanes.h").get("SEGMENT"));
        assertEquals("" + Contract.CHUNK, defines("contract.h").get("CHUNK"));
    }

    @Test
    void aProgramHoldsEachHeaderOnce() {
        String program = Sources.of("common/random.h");
        assertTrue(!program.contains("#include \""), "an include is left");
        assertEquals(2, program.split("define REVERIE_MATH_H", -1).length);
    }

    @Test
    void everyFamilyIsCudaToo(@TempDir Path folder) throws Exception {
        assumeTrue(isInstalled("nvcc"), "no nvcc to compile the common kernels with");
        List<Path> headers;
        try (var files = Files.list(COMMON)) {
            headers = files.filter(f -> f.toString().endsWith(".h")).sorted().toList();
        }
        StringBuilder program = new StringBuilder();
        headers.forEach(
                h -> program.append("#include \"").append(h.toAbsolutePath()).append("\"\n"));
        Path source = Files.writeString(folder.resolve("all.cu"), program);
        Path log = folder.resolve("log");
        Process nvcc = new ProcessBuilder(
                        "nvcc",
                        "-arch=sm_90a",
                        "--fmad=false",
                        "-cubin",
                        "-Werror",
                        "all-warnings",
                        "-o",
                        "all.cubin",
                        source.toString())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertTrue(nvcc.waitFor(5, TimeUnit.MINUTES));
        assertEquals(0, nvcc.exitValue(), Files.readString(log));
    }

    private static boolean isInstalled(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static Map<String, String> defines(String file) throws IOException {
        Matcher m = Pattern.compile("#define (\\w+) ([^\\n]+)").matcher(Files.readString(COMMON.resolve(file)));
        Map<String, String> found = new HashMap<>();
        while (m.find()) {
            found.put(m.group(1), m.group(2).strip());
        }
        return found;
    }
}
