package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the program says where OpenCL is installed by halves; it runs in a process of its own, with its environment. */
final class WithoutOpenClTest {
    @TempDir
    Path folder;

    private Cli run(Map<String, String> environment, String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        int code = builder.redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        String said = Files.readString(err, StandardCharsets.UTF_8);
        return new Cli(code, Files.readString(out), said.replaceFirst("WARNING: Using incubator modules: .*\\R", ""));
    }

    @Test
    void aLoaderWithoutADriver() throws Exception {
        Map<String, String> none = Map.of(
                "OCL_ICD_VENDORS",
                Files.createDirectory(folder.resolve("vendors")).toString());
        Cli devices = run(none, "devices").ok();
        List<String> lines =
                devices.out().lines().filter(l -> l.startsWith("opencl")).toList();
        assertEquals(1, lines.size(), devices.out());
        assumeTrue(!lines.getFirst().contains("no libOpenCL"), lines.getFirst());
        assertEquals(
                "opencl  none: OpenCL's loader is installed, but no driver (no ICD, for example pocl-opencl-icd)",
                lines.getFirst());
        assertTrue(devices.out().contains("device      cpu"), devices.out());
        run(none, "fingerprint", "--device=opencl:0")
                .fails(Main.USAGE, "opencl:0 cannot be opened", "no driver", "pocl-opencl-icd");
    }

    /** PoCL is told to have none; a driver that has none must not hide what others have either. */
    @Test
    void aDriverWithoutADevice() throws Exception {
        Path pocl = Path.of("/etc/OpenCL/vendors/pocl.icd");
        assumeTrue(Files.exists(pocl), "PoCL is not installed");
        Path vendors = Files.createDirectory(folder.resolve("vendors"));
        Files.copy(pocl, vendors.resolve("pocl.icd"));
        Map<String, String> empty = Map.of("OCL_ICD_VENDORS", vendors.toString(), "POCL_DEVICES", "");
        assertEquals(
                List.of("opencl  none: OpenCL and a driver are installed, but there is no device"),
                run(empty, "devices")
                        .ok()
                        .out()
                        .lines()
                        .filter(l -> l.startsWith("opencl"))
                        .toList());
        run(empty, "fingerprint", "--device=opencl:0")
                .fails(Main.USAGE, "opencl:0 cannot be opened", "there is no device");
    }
}
