package org.reverie.device.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;

/** Choices are kept from run to run; a file that is missing, broken or cannot be written does no harm. */
final class TuningTest {
    private ClDevice device;

    @TempDir
    private Path folder;

    @BeforeEach
    void find() {
        try {
            device = ClDevice.all().get(0);
        } catch (OpenClMissingException e) {
            assumeTrue(false, "opencl  none: " + e.getMessage());
        }
    }

    private TuningFile file(Path where) {
        return new TuningFile(new ProgramCache(where), device);
    }

    private static Tuning found() {
        return new Tuning(true, 64, new CpuTile(8, 4), TileShape.ALL.get(3), TileShape.ALL.get(5));
    }

    @Test
    void whatWasFoundIsReadAgain() {
        file(folder).write(found(), Map.of("group 64", 1.5));
        assertEquals(found(), file(folder).read());
    }

    @Test
    void withoutAFileADeviceHasWhatIsUsual() {
        String said = said(() -> assertEquals(Tuning.usual(device), file(folder).read()));
        assertEquals("", said);
    }

    @Test
    void aBrokenFileIsOneLine() throws IOException {
        Path path = Path.of(file(folder).toString());
        for (String text : List.of("", "{", "[1]", "{\"group\": 64}", "no", "{\"group\": \"x\"}", "{\"group\": {}}")) {
            Files.writeString(path, text);
            String said =
                    said(() -> assertEquals(Tuning.usual(device), file(folder).read()));
            assertTrue(said.startsWith("reverie: the OpenCL tuning " + path), said);
            assertEquals(1, said.strip().lines().count(), said);
        }
        file(folder)
                .write(
                        new Tuning(
                                true, device.largestGroup() + 1, new CpuTile(8, 4), TileShape.LARGE, TileShape.SMALL),
                        Map.of());
        assertTrue(said(() -> assertEquals(Tuning.usual(device), file(folder).read()))
                .contains("work items"));
    }

    @Test
    void aFolderThatCannotBeWrittenIsOneLine() throws IOException {
        Path notAFolder = Files.writeString(folder.resolve("file"), "");
        String said = said(() -> file(notAFolder).write(found(), Map.of()));
        assertTrue(said.contains("cannot be written"), said);
        assertEquals(1, said.strip().lines().count(), said);
        assertEquals(Tuning.usual(device), file(notAFolder).read());
    }

    @Test
    void tuningTimesAndKeepsAChoice() {
        try (OpenClBackend backend = new OpenClBackend(
                0,
                new ClQueue(device, TileKind.PLAIN, new ProgramCache(folder), 1L << 30, null),
                Devices.open("reference", BackendOptions.DEFAULT),
                null)) {
            assertFalse(file(folder).read().measured());
            List<String> lines = backend.tune();
            assertEquals(1, lines.stream().filter(l -> l.endsWith("chosen")).count(), lines.toString());
            assertEquals("kept in " + file(folder), lines.getLast());
            Tuning kept = file(folder).read();
            assertTrue(kept.measured());
            assertTrue(
                    lines.stream().anyMatch(l -> l.startsWith("group " + kept.group() + " ") && l.endsWith("chosen")));
        }
    }

    /** A program of each variant has a binary of its own in the cache. */
    @Test
    void variantsAreDifferentPrograms() {
        String source = Sources.of("opencl/tile.cl");
        List<String> keys = TileShape.ALL.stream()
                .map(t -> ProgramCache.key(t.definitions() + source, device.driver()))
                .toList();
        assertEquals(TileShape.ALL.size(), keys.stream().distinct().count());
        assertNotEquals(new CpuTile(12, 4).definitions(device), new CpuTile(12, 8).definitions(device));
    }

    private static String said(Runnable work) {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream caught = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setErr(caught);
            work.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
