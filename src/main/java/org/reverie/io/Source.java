package org.reverie.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The bytes of one file, as every reader here takes them: a name for messages, the content (mapped, so nothing is
 * copied and nothing is read before it is needed), and an allowance of memory that reading it may cost beyond the
 * content itself. Inflated entries and tensors that have to be put in another order are paid from the allowance, so a
 * small file cannot make a reader allocate without bound.
 *
 * <p>The mapping lives as long as anything refers to it. A file that another process shortens while it is mapped is
 * beyond what can be checked; files written by {@link AtomicFile} are never shortened in place.
 */
public final class Source {
    /** Memory that any file may cost, however small it is. */
    public static final long BASE_ALLOWANCE = 256L << 20;

    /** Memory that each byte of a file may cost on top. */
    public static final long ALLOWANCE_PER_BYTE = 16;

    private final String name;
    private final MemorySegment data;
    private final long allowance;
    private long allocated;

    private Source(String name, MemorySegment data, long allowance) {
        this.name = name;
        this.data = data;
        this.allowance = allowance;
    }

    /** Maps a file for reading. */
    public static Source map(Path file) throws IOException {
        String name = file.toString();
        if (!Files.exists(file)) {
            throw new NoSuchFileException(name, null, "no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new FormatException(name, "", "is not a regular file");
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return of(name, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto()));
        }
    }

    /** Content that is already in memory, with the allowance a file of this size has. */
    public static Source of(String name, MemorySegment data) {
        return of(name, data, BASE_ALLOWANCE + ALLOWANCE_PER_BYTE * data.byteSize());
    }

    /** Content that is already in memory, with an allowance in bytes. */
    public static Source of(String name, MemorySegment data, long allowance) {
        return new Source(name, data.asReadOnly(), allowance);
    }

    public String name() {
        return name;
    }

    /** The whole content, read-only. */
    public MemorySegment data() {
        return data;
    }

    public long size() {
        return data.byteSize();
    }

    /** Bytes taken from the allowance so far. */
    public long allocated() {
        return allocated;
    }

    /** Whether {@code length} bytes at {@code offset} lie inside the content; safe for any values. */
    public boolean holds(long offset, long length) {
        return offset >= 0 && length >= 0 && offset <= size() && length <= size() - offset;
    }

    /**
     * Zero-filled memory outside the heap, freed by the garbage collector and paid from the allowance.
     *
     * @param place for the message when the allowance does not suffice
     */
    public MemorySegment allocate(long bytes, String place) throws FormatException {
        if (bytes < 0 || bytes > allowance - allocated) {
            throw bad(
                    place,
                    "needs " + bytes + " bytes of memory, but a file of " + size() + " bytes may cost " + allowance
                            + (allocated > 0 ? " (" + allocated + " are in use)" : ""));
        }
        allocated += bytes;
        try {
            return Arena.ofAuto().allocate(bytes, 64);
        } catch (OutOfMemoryError e) {
            // The JVM's own cap on memory outside the heap: a refusal by count, after which the JVM is as sound as
            // before.
            throw new FormatException(
                    name, place, "needs " + bytes + " bytes of memory, more than this JVM has left", e);
        }
    }

    /** An error at a named place, such as an entry. */
    public FormatException bad(String place, String rule) {
        return new FormatException(name, place, rule);
    }

    /** An error at a byte offset. */
    public FormatException badAt(long offset, String rule) {
        return new FormatException(name, "byte " + offset, rule);
    }
}
