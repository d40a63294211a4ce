package org.reverie.data;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.reverie.io.FormatException;

/** Whole files into memory, unpacked when they are gzip streams, never more than a stated number of bytes. */
final class FileBytes {
    /** The largest file kept in memory. */
    static final long MAX_BYTES = 2_000_000_000L;

    /**
     * Real images shrink by 2 to 20; a stream that unpacks to more than this many times its size is not one of them.
     */
    static final int MAX_RATIO = 100;

    /** What a gzip stream may unpack to however small it is. */
    static final long FREE_BYTES = 64L << 20;

    private static final int STEP = 1 << 20;

    private FileBytes() {}

    static boolean isGzip(byte[] head) {
        return head.length >= 2 && head[0] == 0x1f && head[1] == (byte) 0x8b;
    }

    /** The first bytes of a file as they lie there, {@code count} or fewer. */
    static byte[] head(Path file, int count) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(count);
        }
    }

    /** The first bytes of a file's content, unpacked if it is a gzip stream: {@code count} or fewer. */
    static byte[] contentHead(Path file, int count) throws IOException {
        if (!isGzip(head(file, 2))) {
            return head(file, count);
        }
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = new GZIPInputStream(raw)) {
            return in.readNBytes(count);
        } catch (EOFException e) {
            throw new FormatException(file.toString(), "gzip stream", "it is cut off");
        } catch (ZipException e) {
            throw new FormatException(file.toString(), "gzip stream", "it is damaged: " + e.getMessage());
        }
    }

    /** The content of a file, unpacked if it is a gzip stream. */
    static byte[] read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return read(file.toString(), in, Files.size(file));
        }
    }

    /** The content of {@code size} bytes that come from a stream, unpacked if they are a gzip stream. */
    static byte[] read(String file, InputStream raw, long size) throws IOException {
        if (size > MAX_BYTES) {
            throw new FormatException(
                    file, "file size", "a file read into memory has at most " + MAX_BYTES + " bytes, not " + size);
        }
        BufferedInputStream in = new BufferedInputStream(raw, 1 << 16);
        in.mark(2);
        boolean packed = isGzip(in.readNBytes(2));
        in.reset();
        if (!packed) {
            return in.readNBytes((int) size);
        }
        long limit = Math.min(MAX_BYTES, Math.max(FREE_BYTES, MAX_RATIO * size));
        try (InputStream unpacked = new GZIPInputStream(in, 1 << 16)) {
            return readAtMost(unpacked, limit, file);
        } catch (EOFException e) {
            throw new FormatException(file, "gzip stream", "it is cut off");
        } catch (ZipException e) {
            throw new FormatException(file, "gzip stream", "it is damaged: " + e.getMessage());
        }
    }

    /** Grows with the bytes that really arrive, whatever a header promises. */
    private static byte[] readAtMost(InputStream in, long limit, String file) throws IOException {
        byte[] bytes = new byte[STEP];
        int length = 0;
        while (true) {
            int n = in.read(bytes, length, bytes.length - length);
            if (n < 0) {
                return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
            }
            length += n;
            if (length > limit) {
                throw new FormatException(
                        file,
                        "gzip stream",
                        "it unpacks to more than " + limit + " bytes, which no set of real images of this size does");
            }
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(limit + 1, 2L * length));
            }
        }
    }
}
