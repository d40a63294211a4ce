package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.io.FormatException;

class ArchivesTest {
    private static final String LONG_NAME = "top/" + "n".repeat(150);

    @TempDir
    Path folder;

    /** One tar entry: a header with a right checksum, then the data padded to 512 bytes. */
    private static byte[] entry(String name, char type, byte[] data) {
        byte[] block = new byte[512 + (data.length + 511) / 512 * 512];
        put(block, 0, name);
        put(block, 100, "0000644");
        put(block, 124, String.format("%011o", data.length));
        block[156] = (byte) type;
        put(block, 257, "ustar");
        Arrays.fill(block, 148, 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += block[i] & 0xff;
        }
        put(block, 148, String.format("%06o", sum));
        block[154] = 0;
        System.arraycopy(data, 0, block, 512, data.length);
        return block;
    }

    private static void put(byte[] block, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, block, at, Math.min(bytes.length, 512 - at));
    }

    private static byte[] tar(byte[]... entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] e : entries) {
            out.write(e);
        }
        out.write(new byte[1024]);
        return out.toByteArray();
    }

    /** A tar with every kind of entry that is read. */
    static byte[] sampleTar() throws IOException {
        return tar(
                entry("top/", '5', new byte[0]),
                entry("top/a.txt", '0', text("alpha")),
                entry("top/sub/b.bin", '0', SampleFiles.random(1500, 1)),
                entry("././@LongLink", 'L', text(LONG_NAME + "\0")),
                entry("cut", '0', text("long")),
                entry("PaxHeader", 'x', text("20 path=top/päx.txt\n")),
                entry("cut", '0', text("pax")));
    }

    private static byte[] text(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    private Path unpack(byte[] archive) throws IOException {
        return Archives.unpack(Files.write(folder.resolve("a.archive"), archive), folder, "top");
    }

    @Test
    void tarPlainAndPacked() throws Exception {
        byte[] tar = sampleTar();
        for (byte[] archive : new byte[][] {tar, SampleFiles.gzip(tar)}) {
            Path top = unpack(archive);
            assertEquals("alpha", Files.readString(top.resolve("a.txt")));
            assertEquals(1500, Files.size(top.resolve("sub/b.bin")));
            assertEquals("long", Files.readString(folder.resolve(LONG_NAME)));
            assertEquals("pax", Files.readString(top.resolve("päx.txt")));
            Files.move(top, folder.resolve("seen" + archive.length));
        }
    }

    @Test
    void anArchiveWithoutTheFolderGetsIt() throws Exception {
        assertEquals(
                "x",
                Files.readString(unpack(tar(entry("a.txt", '0', text("x")))).resolve("a.txt")));
    }

    @Test
    void whatIsThereIsKept() throws Exception {
        Files.createDirectories(folder.resolve("top"));
        Path top = unpack(tar(entry("top/a.txt", '0', text("x"))));
        try (var files = Files.list(top)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void tricksAreRefusedAndLeaveNothing() throws Exception {
        refused(tar(entry("../evil", '0', text("x"))), "no \"..\"");
        refused(tar(entry("/evil", '0', text("x"))), "relative");
        refused(tar(entry("top/a", '0', text("x")), entry("top/a", '0', text("y"))), "occurs once");
        refused(tar(entry("top/link", '2', new byte[0])), "a file or a folder");
        refused(tar(entry("top/link", '1', new byte[0])), "a file or a folder");
        refused(SampleFiles.zip(Map.of("../evil", text("x"))), "no \"..\"");
        byte[] good = tar(entry("top/a", '0', SampleFiles.random(5000, 1)));
        refused(Arrays.copyOf(good, 3000), "ends inside an entry");
        refused(Arrays.copyOf(good, 300), "inside a tar header");
        byte[] packed = SampleFiles.gzip(good);
        refused(Arrays.copyOf(packed, packed.length / 2), "cut off");
        byte[] flipped = good.clone();
        flipped[3] ^= 1;
        refused(flipped, "checksum");
        refused(Arrays.copyOf(SampleFiles.zip(Map.of("top/a", text("x"))), 60), "damaged");
    }

    private void refused(byte[] archive, String rule) throws IOException {
        FormatException e = assertThrows(FormatException.class, () -> unpack(archive));
        assertTrue(e.rule().contains(rule), e.rule());
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count(), "only the archive itself is left");
        }
    }
}
