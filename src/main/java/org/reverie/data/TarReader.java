package org.reverie.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.reverie.io.FormatException;

/**
 * The entries of a tar stream one after the other: ustar with the long names of GNU and pax. Only files and folders are
 * let through; a link is an error, because unpacking through links is how archives write outside their folder.
 */
final class TarReader {
    private static final int BLOCK = 512;
    private static final int LONGEST_NAME = 4096;

    private final String file;
    private final InputStream in;
    private long position;
    /** Bytes of the current entry that have not been read yet, and the padding after them. */
    private long left;

    private long padding;

    TarReader(String file, InputStream in) {
        this.file = file;
        this.in = in;
    }

    /** Whether a file's first 512 bytes carry the mark of ustar and its successors. */
    static boolean isTar(byte[] head) {
        return head.length >= BLOCK && text(head, 257, 5).equals("ustar");
    }

    /** @param size in bytes, 0 for a folder */
    record Entry(String path, boolean folder, long size) {}

    /** The next file or folder, or null at the end. What is left of the entry before is skipped. */
    Entry next() throws IOException {
        String longName = null;
        while (true) {
            skip(left + padding);
            left = 0;
            padding = 0;
            byte[] header = new byte[BLOCK];
            int n = in.readNBytes(header, 0, BLOCK);
            if (n == 0 || n == BLOCK && isZero(header)) {
                return null;
            }
            if (n < BLOCK) {
                throw bad("it ends inside a tar header");
            }
            long at = position;
            position += BLOCK;
            requireChecksum(header, at);
            left = number(header, 124, 12, at);
            padding = -left & BLOCK - 1;
            char type = (char) header[156];
            switch (type) {
                case 'L' -> {
                    byte[] name = name(at);
                    longName = text(name, 0, name.length);
                }
                case 'x' -> longName = paxPath(name(at), longName);
                case 'g' -> {} // settings for the whole archive, none of which matter here
                case '0', '\0', '7', '5' -> {
                    String path = longName != null ? longName : path(header);
                    boolean folder = type == '5' || path.endsWith("/");
                    return new Entry(path, folder, folder ? 0 : left);
                }
                default ->
                    throw new FormatException(
                            file, "byte " + at, "a tar entry is a file or a folder, not of type " + (int) type);
            }
        }
    }

    /** Reads from the current entry; −1 at its end. */
    int read(byte[] buffer) throws IOException {
        if (left == 0) {
            return -1;
        }
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (n < 0) {
            throw bad("it ends inside an entry");
        }
        left -= n;
        position += n;
        return n;
    }

    private FormatException bad(String rule) {
        return new FormatException(file, "byte " + position, rule);
    }

    private void skip(long count) throws IOException {
        try {
            in.skipNBytes(count);
        } catch (EOFException e) {
            throw bad("it ends inside an entry");
        }
        position += count;
    }

    /** The whole data of an entry that carries a name. */
    private byte[] name(long at) throws IOException {
        if (left > LONGEST_NAME) {
            throw new FormatException(file, "byte " + at, "a path has at most " + LONGEST_NAME + " bytes, not " + left);
        }
        byte[] name = in.readNBytes((int) left);
        if (name.length < left) {
            throw bad("it ends inside a name");
        }
        position += left;
        left = 0;
        return name;
    }

    /** The value of {@code path} among pax records "length key=value\n". */
    private static String paxPath(byte[] records, String otherwise) {
        for (String record : new String(records, StandardCharsets.UTF_8).split("\n")) {
            int space = record.indexOf(' ');
            if (space > 0 && record.startsWith("path=", space + 1)) {
                return record.substring(space + 6);
            }
        }
        return otherwise;
    }

    private static String path(byte[] header) {
        String name = text(header, 0, 100);
        boolean ustar = text(header, 257, 5).equals("ustar");
        String prefix = ustar ? text(header, 345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String text(byte[] bytes, int from, int length) {
        int n = 0;
        while (n < length && bytes[from + n] != 0) {
            n++;
        }
        return new String(bytes, from, n, StandardCharsets.UTF_8);
    }

    private long number(byte[] header, int from, int length, long at) throws FormatException {
        if (header[from] < 0) { // base 256, for sizes of 8 GiB and more
            long value = header[from] & 0x7f;
            for (int i = 1; i < length; i++) {
                value = value << 8 | header[from + i] & 0xff;
                if (value > 1L << 50) {
                    throw new FormatException(file, "byte " + at, "a size below 2^50 is expected");
                }
            }
            return value;
        }
        String digits = text(header, from, length).strip();
        if (!digits.matches("[0-7]{0,12}")) {
            throw new FormatException(file, "byte " + at, "a number in a tar header is octal, not \"" + digits + "\"");
        }
        return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
    }

    private void requireChecksum(byte[] header, long at) throws FormatException {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : header[i] & 0xff;
        }
        if (number(header, 148, 8, at) != sum) {
            throw new FormatException(file, "byte " + at, "the tar header's checksum is wrong");
        }
    }

    private static boolean isZero(byte[] block) {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }
}
