package org.reverie.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes a file so that, at every instant, its name holds either the whole old content or the whole new one. The bytes
 * go to a temporary name in the same folder, are forced to the disk, and are moved into place; if anything fails, the
 * temporary file is removed and what stood there before is untouched. A process that is killed may leave a
 * {@code .NAME.….tmp} behind, never a half-written file. Readers that have the old file mapped keep reading the old one.
 */
public final class AtomicFile {
    private static final AtomicLong COUNTER = new AtomicLong();
    private static final int CHUNK = 1 << 26;

    private AtomicFile() {}

    /** Writes the content of a file to an open channel that starts at position 0. */
    @FunctionalInterface
    public interface Body {
        void write(FileChannel channel) throws IOException;
    }

    /** Writes the content of a file to a stream; closing it is allowed and not needed. */
    @FunctionalInterface
    public interface StreamBody {
        void write(OutputStream out) throws IOException;
    }

    /** Refuses a folder as a name for a file: for those who want to know before long work that it can't be written. */
    public static void refuseFolder(Path file) throws IOException {
        if (file.toAbsolutePath().getParent() == null || Files.isDirectory(file)) {
            throw new IOException(file + ": is a folder, so no file can be written there");
        }
    }

    /** Creates or replaces {@code file}; its folder is created if it is missing. */
    public static void write(Path file, Body body) throws IOException {
        refuseFolder(file);
        Path target = file.toAbsolutePath();
        Path folder = target.getParent();
        Files.createDirectories(folder);
        Path temporary = folder.resolve("." + target.getFileName() + "."
                + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet() + "-"
                + Long.toHexString(System.nanoTime()) + ".tmp");
        boolean moved = false;
        try {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                body.write(channel);
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            moved = true;
        } finally {
            if (!moved) {
                Files.deleteIfExists(temporary);
            }
        }
        forceFolder(folder);
    }

    /** The same through a buffered stream. */
    public static void writeStream(Path file, StreamBody body) throws IOException {
        write(file, channel -> {
            OutputStream keepOpen = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16) {
                @Override
                public void close() throws IOException {
                    flush(); // the channel must stay open until it has been forced to the disk
                }
            };
            body.write(keepOpen);
            keepOpen.flush();
        });
    }

    public static void writeBytes(Path file, byte[] bytes) throws IOException {
        write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /** Writes a whole segment, of any length. */
    static void writeFully(WritableByteChannel channel, MemorySegment data) throws IOException {
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            long n = Math.min(CHUNK, data.byteSize() - at);
            writeFully(channel, data.asSlice(at, n).asByteBuffer());
        }
    }

    static void writeFully(WritableByteChannel channel, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            channel.write(data);
        }
    }

    /** Makes the move itself durable. Not every file system lets a folder be opened; then the move is as durable as it gets. */
    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException notSupportedHere) {
            return;
        }
    }
}
