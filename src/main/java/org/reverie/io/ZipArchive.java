package org.reverie.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;

/**
 * A zip file read from a {@link Source}. All structure is checked when it is opened: every entry has one name of its
 * own, that name is a plain relative path, its local header agrees with the directory, and no two entries share a byte.
 * So an entry's content can be had without a further surprise: a stored entry is a view of the file, a deflated one is
 * inflated into memory paid from the source's allowance. Encrypted and multi-disk archives are refused.
 */
public final class ZipArchive {
    /** More entries than any archive of weights or images here has. */
    public static final int MAX_ENTRIES = 1 << 20;

    static final int STORED = 0;
    static final int DEFLATED = 8;

    private final Source source;
    private final Map<String, Entry> entries;

    /**
     * One file in the archive.
     *
     * @param name a relative path with {@code /} between its parts; of a folder, ending in {@code /}
     * @param method 0 stored, 8 deflated
     * @param crc CRC-32 of the content, as stated
     * @param compressed bytes in the archive
     * @param size bytes of the content
     * @param offset where the bytes begin in the file
     */
    public record Entry(String name, int method, long crc, long compressed, long size, long offset) {
        public boolean isFolder() {
            return name.endsWith("/");
        }
    }

    private ZipArchive(Source source, Map<String, Entry> entries) {
        this.source = source;
        this.entries = entries;
    }

    public static ZipArchive open(Path file) throws IOException {
        return open(Source.map(file));
    }

    /** @throws FormatException if anything in the archive's structure is wrong */
    public static ZipArchive open(Source source) throws FormatException {
        ZipDirectory directory = ZipDirectory.find(source);
        Map<String, Entry> entries = new LinkedHashMap<>();
        List<ZipDirectory.Record> records = directory.records();
        for (ZipDirectory.Record record : records) {
            Entry entry = record.entry();
            if (entries.putIfAbsent(entry.name(), entry) != null) {
                throw source.bad("entry " + entry.name(), "occurs twice");
            }
        }
        checkOverlap(source, records, directory.start());
        return new ZipArchive(source, Collections.unmodifiableMap(entries));
    }

    private static void checkOverlap(Source source, List<ZipDirectory.Record> records, long directory)
            throws FormatException {
        List<ZipDirectory.Record> sorted = new ArrayList<>(records);
        sorted.sort(Comparator.comparingLong(ZipDirectory.Record::header));
        long end = 0;
        for (ZipDirectory.Record record : sorted) {
            Entry entry = record.entry();
            if (record.header() < end) {
                throw source.bad(
                        "entry " + entry.name(), "begins at byte " + record.header() + ", inside another entry");
            }
            end = entry.offset() + entry.compressed();
            if (end > directory) {
                throw source.bad("entry " + entry.name(), "ends at byte " + end + ", inside the archive's directory");
            }
        }
    }

    public Source source() {
        return source;
    }

    /** All entries by name, in the order of the archive's directory. */
    public Map<String, Entry> entries() {
        return entries;
    }

    /**
     * The content of an entry, read-only when it is stored.
     *
     * @param verify whether the CRC-32 is checked, which reads every byte. Checkpoints may state none: PyTorch can be
     *     told not to compute it
     */
    public MemorySegment content(Entry entry, boolean verify) throws FormatException {
        String place = "entry " + entry.name();
        MemorySegment raw = source.data().asSlice(entry.offset(), entry.compressed());
        MemorySegment content = entry.method() == STORED ? raw : Inflate.raw(source, raw, entry.size(), place);
        if (verify && crc(content) != entry.crc()) {
            throw source.bad(place, "the content does not have the CRC-32 that the archive states");
        }
        return content;
    }

    private static long crc(MemorySegment content) {
        CRC32 crc = new CRC32();
        for (ByteBuffer part : Inflate.parts(content)) {
            crc.update(part);
        }
        return crc.getValue();
    }
}
