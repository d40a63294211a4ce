package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    @Test
    void replacesTheContentAndLeavesNothingElse() throws IOException {
        Path file = folder.resolve("deep/er/file.bin");
        AtomicFile.writeBytes(file, new byte[] {1, 2, 3});
        AtomicFile.writeStream(file, out -> {
            out.write(9);
            out.close();
        });
        assertArrayEquals(new byte[] {9}, Files.readAllBytes(file));
        assertEquals(List.of(file), list(file.getParent()));
    }

    @Test
    void aFailureKeepsTheOldContentAndRemovesTheTemporaryFile() throws IOException {
        Path file = folder.resolve("file.bin");
        AtomicFile.writeBytes(file, new byte[] {1, 2, 3});
        IOException e = assertThrows(
                IOException.class,
                () -> AtomicFile.write(file, channel -> {
                    channel.write(ByteBuffer.wrap(new byte[100]));
                    throw new IOException("the disk is full");
                }));
        assertEquals("the disk is full", e.getMessage());
        assertArrayEquals(new byte[] {1, 2, 3}, Files.readAllBytes(file));
        assertEquals(List.of(file), list(folder));
    }

    @Test
    void aFolderIsNotReplaced() {
        IOException e = assertThrows(IOException.class, () -> AtomicFile.writeBytes(folder, new byte[1]));
        assertEquals(folder + ": is a folder, so no file can be written there", e.getMessage());
    }

    private static List<Path> list(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.toList();
        }
    }
}
