package org.reverie.io;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.reverie.tensor.HostTensor;

/**
 * Named arrays in an npz file: a zip of {@code NAME.npy}, as {@code numpy.savez} and {@code savez_compressed} write it.
 * Stored arrays are views of the mapped file; deflated ones are inflated. Every CRC-32 is checked.
 */
public final class Npz {
    private static final String SUFFIX = ".npy";
    /** Not the first instant a zip can state: for that one the library adds a field that depends on the time zone. */
    private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

    private Npz() {}

    /** The arrays by name without {@code .npy}, in the order of the file. */
    public static Map<String, HostTensor> read(Path file) throws IOException {
        return read(Source.map(file));
    }

    public static Map<String, HostTensor> read(Source source) throws FormatException {
        return read(ZipArchive.open(source));
    }

    static Map<String, HostTensor> read(ZipArchive zip) throws FormatException {
        Map<String, HostTensor> arrays = new LinkedHashMap<>();
        for (ZipArchive.Entry entry : zip.entries().values()) {
            if (!entry.name().endsWith(SUFFIX)) {
                throw zip.source().bad("entry " + entry.name(), "an npz file holds nothing but .npy entries");
            }
            String name = entry.name().substring(0, entry.name().length() - SUFFIX.length());
            arrays.put(name, Npy.read(zip.source(), zip.content(entry, true), "entry " + entry.name() + " "));
        }
        return arrays;
    }

    /** Writes stored entries, which can be mapped when read. */
    public static void write(Path file, Map<String, HostTensor> arrays) throws IOException {
        write(file, arrays, false);
    }

    /**
     * Writes atomically, in the map's order. The bytes depend on the arrays alone: no time of day is written.
     *
     * @param deflate whether to compress
     */
    public static void write(Path file, Map<String, HostTensor> arrays, boolean deflate) throws IOException {
        AtomicFile.writeStream(file, out -> {
            ZipOutputStream zip = new ZipOutputStream(out);
            WritableByteChannel channel = Channels.newChannel(zip);
            for (Map.Entry<String, HostTensor> e : arrays.entrySet()) {
                HostTensor tensor = e.getValue();
                byte[] header = Npy.header(tensor);
                ZipEntry entry = new ZipEntry(e.getKey() + SUFFIX);
                entry.setTimeLocal(NO_TIME);
                if (!deflate) {
                    CRC32 crc = new CRC32();
                    crc.update(header);
                    Inflate.parts(tensor.data()).forEach(crc::update);
                    entry.setMethod(ZipEntry.STORED);
                    entry.setCrc(crc.getValue());
                    entry.setSize(header.length + tensor.data().byteSize());
                }
                zip.putNextEntry(entry);
                zip.write(header);
                AtomicFile.writeFully(channel, tensor.data());
                zip.closeEntry();
            }
            zip.finish();
        });
    }
}
