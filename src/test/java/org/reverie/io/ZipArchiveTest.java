package org.reverie.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.reverie.io.IoAssertions.bytes;
import static org.reverie.io.IoAssertions.concat;
import static org.reverie.io.IoAssertions.refuses;
import static org.reverie.io.IoAssertions.source;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class ZipArchiveTest {
    private static final int LOCAL = 30;
    private static final int CENTRAL = 46;
    private static final int END = 22;

    @Test
    void storedAndDeflatedEntriesRead() throws IOException {
        Map<String, byte[]> content = new LinkedHashMap<>();
        content.put("a", bytes("hello"));
        content.put("b/ü", new byte[100_000]);
        content.put("b/empty", new byte[0]);
        for (boolean deflate : new boolean[] {false, true}) {
            ZipArchive zip = ZipArchive.open(source(TorchFiles.zipOf(content, deflate)));
            assertEquals(
                    List.copyOf(content.keySet()), List.copyOf(zip.entries().keySet()));
            for (Map.Entry<String, byte[]> e : content.entrySet()) {
                assertArrayEquals(
                        e.getValue(),
                        zip.content(zip.entries().get(e.getKey()), true).toArray(ValueLayout.JAVA_BYTE));
            }
            assertEquals(deflate ? 100_005 : 0, zip.source().allocated(), "only inflated entries cost memory");
        }
    }

    @Test
    void zip64RecordsRead() throws IOException {
        byte[] zip = zip64(bytes("hello"));
        ZipArchive archive = ZipArchive.open(source(zip));
        assertArrayEquals(
                bytes("hello"),
                archive.content(archive.entries().get("a"), true).toArray(ValueLayout.JAVA_BYTE));
        assertEquals(
                "f: byte 187: the zip64 end record is not where its locator says", failure(put(zip, 195, 8, 1L << 62)));
        assertEquals("f: byte 207: the zip end record and the zip64 end record disagree", failure(put(zip, 217, 2, 7)));
    }

    @Test
    void cutShortArchivesAreRefused() {
        byte[] zip = one("a", bytes("hello"));
        for (int n = 0; n < zip.length; n++) {
            refusesZip("has no zip end record; the file is cut short or is no zip file", Arrays.copyOf(zip, n));
        }
        refusesZip("has no zip end record; the file is cut short or is no zip file", concat(zip, new byte[1]));
    }

    @Test
    void directoriesThatLieAreRefused() {
        byte[] zip = one("a", bytes("hello"));
        int central = LOCAL + 1 + 5;
        int end = central + CENTRAL + 1;
        assertEquals(end + END, zip.length);
        refusesZip("byte 83: the archive is spread over several disks", put(zip, end + 4, 2, 1));
        refusesZip("byte 83: the archive is spread over several disks", put(zip, end + 10, 2, 2));
        byte[] many = put(put(zip, end + 8, 2, 1000), end + 10, 2, 1000);
        refusesZip("byte 83: the archive's directory of 47 bytes cannot hold 1000 entries (at most 1048576)", many);
        refusesZip("byte 83: a directory of 47 bytes at byte 35 does not end at byte 83", put(zip, end + 16, 4, 35));
        refusesZip(
                "byte 83: a directory of 47 bytes at byte 4294967294 does not end at byte 83",
                put(zip, end + 16, 4, -2));
        refusesZip("byte 83: the zip end record refers to a zip64 record that is not there", put(zip, end + 16, 4, -1));
        refusesZip("byte 36: expected entry 0 of the archive's directory", put(zip, central, 1, 0));
        refusesZip(
                "byte 36: entry 0 of the archive's directory is longer than the directory",
                put(zip, central + 30, 2, 9));
        byte[] none = put(put(zip, end + 8, 2, 0), end + 10, 2, 0);
        refusesZip("byte 36: 47 bytes follow the last entry of the archive's directory", none);
    }

    @Test
    void entriesThatLieAreRefused() {
        byte[] zip = one("a", bytes("hello"));
        int central = LOCAL + 1 + 5;
        refusesZip("entry a: is encrypted", put(zip, central + 8, 2, 1));
        refusesZip(
                "entry a: compression method 14 is neither stored (0) nor deflated (8)", put(zip, central + 10, 2, 14));
        refusesZip("entry a: states 6 bytes, stored as 5", put(zip, central + 24, 4, 6));
        refusesZip(
                "entry a: its local header at byte 0 disagrees with the archive's directory",
                put(put(zip, central + 24, 4, 6), central + 20, 4, 6));
        refusesZip("entry a: its local header at byte 0 disagrees with the archive's directory", put(zip, 14, 1, 0));
        refusesZip("entry a: has no local header at byte 1", put(zip, central + 42, 4, 1));
        refusesZip("entry a: has no local header at byte 4294967294", put(zip, central + 42, 4, -2));
        refusesZip("entry a: has another name in its local header at byte 0", put(zip, LOCAL, 1, 'b'));
        byte[] long64 = put(put(put(zip, 18, 4, 60), 22, 4, 60), central + 20, 4, 60);
        refusesZip("entry a: ends at byte 91, inside the archive's directory", put(long64, central + 24, 4, 60));
        byte[] wide = zip64(bytes("hello"));
        refusesZip(
                "entry a: its zip64 field lacks a size or an offset",
                put(wide, indexOf(wide, 0x02014b50) + CENTRAL + 1 + 2, 2, 4));
    }

    @Test
    void twoEntriesMayShareNeitherNameNorBytes() {
        Map<String, byte[]> content = new LinkedHashMap<>();
        content.put("a", bytes("hello"));
        content.put("b", bytes("hello"));
        byte[] zip = TorchFiles.zipOf(content, false);
        int second = LOCAL + 1 + 5;
        int central = 2 * second;
        byte[] sameName = put(put(zip, second + LOCAL, 1, 'a'), central + CENTRAL + 1 + CENTRAL, 1, 'a');
        refusesZip("entry a: occurs twice", sameName);
        // The second entry's header lies inside the first one's data: how overlapping zip bombs are made.
        byte[] big = put(put(put(zip, 18, 4, 20), 22, 4, 20), central + 20, 4, 20);
        refusesZip("entry b: begins at byte 36, inside another entry", put(big, central + 24, 4, 20));
    }

    @Test
    void namesThatLeaveTheArchiveAreRefused() {
        for (String name : List.of(
                "../a", "a/../../b", "/etc/passwd", "a\\b", "C:/a", "a//b", "./a", "a/.", "..", "a\u0000b", "a\nb")) {
            String shown = name.replace("\u0000", "\\u0000").replace("\n", "\\u000a");
            refusesZip("entry " + shown + ": its name is not a plain relative path", one(name, new byte[1]));
        }
        byte[] zip = one("a", bytes("hello"));
        int central = LOCAL + 1 + 5;
        refusesZip("byte 82: an entry's name is not UTF-8", put(zip, central + CENTRAL, 1, 0xff));
    }

    @Test
    void bombsAreRefusedBeforeTheyGoOff() {
        byte[] deflated = TorchFiles.zipOf(Map.of("a", new byte[900_000]), true);
        refusesContent(
                "entry a: needs 2000000 bytes of memory, but a file of N bytes may cost 1048576",
                TorchFiles.zipOf(Map.of("a", new byte[2_000_000]), true));
        int central = indexOf(deflated, 0x02014b50);
        long compressed =
                ByteBuffer.wrap(deflated).order(ByteOrder.LITTLE_ENDIAN).getInt(central + 20);
        refusesContent(
                "entry a: cannot inflate from " + compressed + " to the 4000000000 bytes it states",
                put(deflated, central + 24, 4, 4_000_000_000L));
        refusesContent(
                "entry a: inflates to more than the 899999 bytes it states", put(deflated, central + 24, 4, 899_999));
        refusesContent(
                "entry a: inflates to fewer than the 900001 bytes it states", put(deflated, central + 24, 4, 900_001));
        refusesContent("entry a: inflates to more than the 0 bytes it states", put(deflated, central + 24, 4, 0));
        byte[] broken = deflated.clone();
        Arrays.fill(broken, LOCAL + 1, LOCAL + 20, (byte) 0xff);
        refusesContent("entry a: is not a valid deflate stream", broken);
    }

    private static void refusesContent(String message, byte[] zip) {
        refuses(
                message.replace("N bytes may", zip.length + " bytes may"),
                source -> {
                    ZipArchive archive = ZipArchive.open(source);
                    archive.content(archive.entries().get("a"), true);
                },
                zip);
    }

    private static void refusesZip(String message, byte[] zip) {
        refuses(message, ZipArchive::open, zip);
    }

    private static String failure(byte[] zip) throws IOException {
        try {
            ZipArchive.open(source(zip));
            return "no failure";
        } catch (FormatException e) {
            return e.getMessage();
        }
    }

    private static byte[] one(String name, byte[] content) {
        return TorchFiles.zipOf(Map.of(name, content), false);
    }

    /** A stored entry "a" whose sizes and offset are all in zip64 fields. */
    private static byte[] zip64(byte[] content) {
        CRC32 crc = new CRC32();
        crc.update(content);
        int n = content.length;
        ByteBuffer b = ByteBuffer.allocate(1000).order(ByteOrder.LITTLE_ENDIAN);
        b.putInt(0x04034b50)
                .putShort((short) 45)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0);
        b.putInt((int) crc.getValue())
                .putInt(-1)
                .putInt(-1)
                .putShort((short) 1)
                .putShort((short) 20)
                .put((byte) 'a');
        b.putShort((short) 1).putShort((short) 16).putLong(n).putLong(n).put(content);
        int central = b.position();
        b.putInt(0x02014b50)
                .putShort((short) 45)
                .putShort((short) 45)
                .putShort((short) 0)
                .putShort((short) 0)
                .putInt(0);
        b.putInt((int) crc.getValue())
                .putInt(-1)
                .putInt(-1)
                .putShort((short) 1)
                .putShort((short) 28)
                .putShort((short) 0);
        b.putShort((short) 0).putShort((short) 0).putInt(0).putInt(-1).put((byte) 'a');
        b.putShort((short) 1).putShort((short) 24).putLong(n).putLong(n).putLong(0);
        int end = b.position();
        b.putInt(0x06064b50)
                .putLong(44)
                .putShort((short) 45)
                .putShort((short) 45)
                .putInt(0)
                .putInt(0);
        b.putLong(1).putLong(1).putLong(end - central).putLong(central);
        b.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
        b.putInt(0x06054b50)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort((short) -1)
                .putShort((short) -1);
        b.putInt(-1).putInt(-1).putShort((short) 0);
        return Arrays.copyOf(b.array(), b.position());
    }

    private static byte[] put(byte[] file, int at, int width, long value) {
        byte[] out = file.clone();
        for (int i = 0; i < width; i++) {
            out[at + i] = (byte) (value >>> (8 * i));
        }
        return out;
    }

    private static int indexOf(byte[] file, int word) {
        ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int i = 0;
        while (b.getInt(i) != word) {
            i++;
        }
        return i;
    }
}
