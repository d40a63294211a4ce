package org.reverie.io;

import java.lang.foreign.MemorySegment;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.reverie.tensor.HostTensor;

/** The central directory of a zip file (PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5, with zip64). */
final class ZipDirectory {
    private static final int END = 0x06054b50;
    private static final int END64 = 0x06064b50;
    private static final int LOCATOR64 = 0x07064b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final int ENCRYPTED = 1;
    private static final int SIZES_FOLLOW = 8;
    private static final long FULL16 = 0xffffL;
    private static final long FULL32 = 0xffffffffL;

    /** An entry and where its local header begins. */
    record Record(ZipArchive.Entry entry, long header) {}

    private final Source source;
    private final MemorySegment data;
    private final long start;
    private final long size;
    private final long count;

    private ZipDirectory(Source source, long start, long size, long count) {
        this.source = source;
        this.data = source.data();
        this.start = start;
        this.size = size;
        this.count = count;
    }

    /** Byte offset of the directory. */
    long start() {
        return start;
    }

    /** Finds the directory by the end record, which is last in the file but for a comment. */
    static ZipDirectory find(Source source) throws FormatException {
        MemorySegment data = source.data();
        long last = source.size() - 22;
        for (long at = last; at >= 0 && at >= last - FULL16; at--) {
            if (data.get(HostTensor.INT, at) == END && u16(data, at + 20) == last - at) {
                return fromEnd(source, at);
            }
        }
        throw source.bad("", "has no zip end record; the file is cut short or is no zip file");
    }

    private static ZipDirectory fromEnd(Source source, long end) throws FormatException {
        MemorySegment data = source.data();
        long disk = u16(data, end + 4) | u16(data, end + 6);
        long here = u16(data, end + 8);
        long count = u16(data, end + 10);
        long size = u32(data, end + 12);
        long start = u32(data, end + 16);
        long stop = end;
        // PyTorch writes a zip64 end record always, others only when a number does not fit the old one.
        boolean wide = end >= 76 && data.get(HostTensor.INT, end - 20) == LOCATOR64;
        if (wide) {
            stop = data.get(HostTensor.LONG, end - 12);
            if (!source.holds(stop, 56) || stop > end - 76 || data.get(HostTensor.INT, stop) != END64) {
                throw source.badAt(end - 20, "the zip64 end record is not where its locator says");
            }
            long[] narrow = {here, count, size, start};
            disk |= u32(data, stop + 16) | u32(data, stop + 20);
            here = data.get(HostTensor.LONG, stop + 24);
            count = data.get(HostTensor.LONG, stop + 32);
            size = data.get(HostTensor.LONG, stop + 40);
            start = data.get(HostTensor.LONG, stop + 48);
            if (differs(narrow[0], here, FULL16)
                    || differs(narrow[1], count, FULL16)
                    || differs(narrow[2], size, FULL32)
                    || differs(narrow[3], start, FULL32)) {
                throw source.badAt(end, "the zip end record and the zip64 end record disagree");
            }
        } else if (here == FULL16 || count == FULL16 || size == FULL32 || start == FULL32) {
            throw source.badAt(end, "the zip end record refers to a zip64 record that is not there");
        }
        if (disk != 0 || here != count) {
            throw source.badAt(end, "the archive is spread over several disks");
        }
        if (start < 0 || size < 0 || start > stop || size != stop - start) {
            throw source.badAt(
                    end, "a directory of " + size + " bytes at byte " + start + " does not end at byte " + stop);
        }
        if (count < 0 || count > ZipArchive.MAX_ENTRIES || count * 46 > size) {
            throw source.badAt(
                    end,
                    "the archive's directory of " + size + " bytes cannot hold " + count + " entries (at most "
                            + ZipArchive.MAX_ENTRIES + ")");
        }
        return new ZipDirectory(source, start, size, count);
    }

    /** Whether a value of the old record contradicts the one of the zip64 record; all ones defer to it. */
    private static boolean differs(long narrow, long wide, long full) {
        return narrow != full && narrow != wide;
    }

    List<Record> records() throws FormatException {
        List<Record> records = new ArrayList<>();
        long at = start;
        long end = start + size;
        for (long i = 0; i < count; i++) {
            if (end - at < 46 || data.get(HostTensor.INT, at) != CENTRAL) {
                throw source.badAt(at, "expected entry " + i + " of the archive's directory");
            }
            int name = u16(data, at + 28);
            int extra = u16(data, at + 30);
            long length = 46L + name + extra + u16(data, at + 32);
            if (length > end - at) {
                throw source.badAt(at, "entry " + i + " of the archive's directory is longer than the directory");
            }
            records.add(record(at, name, extra));
            at += length;
        }
        if (at != end) {
            throw source.badAt(at, (end - at) + " bytes follow the last entry of the archive's directory");
        }
        return records;
    }

    private Record record(long at, int nameLength, int extraLength) throws FormatException {
        String name = name(at + 46, nameLength);
        String place = "entry " + name;
        int flags = u16(data, at + 8);
        int method = u16(data, at + 10);
        long crc = u32(data, at + 16);
        long[] sizes = {u32(data, at + 24), u32(data, at + 20), u32(data, at + 42)};
        widen(sizes, at + 46 + nameLength, extraLength, place);
        long size = sizes[0];
        long compressed = sizes[1];
        long header = sizes[2];
        if ((flags & ENCRYPTED) != 0) {
            throw source.bad(place, "is encrypted");
        }
        if (method != ZipArchive.STORED && method != ZipArchive.DEFLATED) {
            throw source.bad(place, "compression method " + method + " is neither stored (0) nor deflated (8)");
        }
        if (size < 0 || compressed < 0 || (method == ZipArchive.STORED && size != compressed)) {
            throw source.bad(place, "states " + size + " bytes, stored as " + compressed);
        }
        if (name.endsWith("/") && size != 0) {
            throw source.bad(place, "is a folder with content");
        }
        long offset = local(header, at, nameLength, flags, new long[] {size, compressed}, method, crc, place);
        if (!source.holds(offset, compressed)) {
            throw source.bad(place, compressed + " bytes at byte " + offset + " are not all in the file");
        }
        return new Record(new ZipArchive.Entry(name, method, crc, compressed, size, offset), header);
    }

    /** Checks the header in front of the data against the directory; where the data begins. */
    private long local(
            long header, long central, int nameLength, int flags, long[] sizes, int method, long crc, String place)
            throws FormatException {
        if (!source.holds(header, 30) || data.get(HostTensor.INT, header) != LOCAL) {
            throw source.bad(place, "has no local header at byte " + header);
        }
        int name = u16(data, header + 26);
        int extra = u16(data, header + 28);
        boolean sameName = name == nameLength
                && source.holds(header + 30, (long) name + extra)
                && MemorySegment.mismatch(
                                data, header + 30, header + 30 + name, data, central + 46, central + 46 + nameLength)
                        == -1;
        if (!sameName) {
            throw source.bad(place, "has another name in its local header at byte " + header);
        }
        boolean agrees =
                ((u16(data, header + 6) ^ flags) & (ENCRYPTED | SIZES_FOLLOW)) == 0 && u16(data, header + 8) == method;
        if ((flags & SIZES_FOLLOW) == 0) {
            long[] here = {u32(data, header + 22), u32(data, header + 18)};
            widen(here, header + 30 + name, extra, place);
            agrees &= here[0] == sizes[0] && here[1] == sizes[1] && u32(data, header + 14) == crc;
        }
        if (!agrees) {
            throw source.bad(place, "its local header at byte " + header + " disagrees with the archive's directory");
        }
        return header + 30 + name + extra;
    }

    /** Replaces each value that is all ones by the next one of the zip64 extra field. */
    private void widen(long[] values, long extra, int length, String place) throws FormatException {
        long at = extra;
        long end = extra + length;
        while (end - at >= 4) {
            int id = u16(data, at);
            long fieldEnd = at + 4 + u16(data, at + 2);
            if (fieldEnd > end) {
                throw source.bad(place, "has an extra field that is longer than its header");
            }
            if (id == 1) {
                long next = at + 4;
                for (int i = 0; i < values.length; i++) {
                    if (values[i] == FULL32) {
                        if (fieldEnd - next < 8) {
                            throw source.bad(place, "its zip64 field lacks a size or an offset");
                        }
                        values[i] = data.get(HostTensor.LONG, next);
                        next += 8;
                    }
                }
                return;
            }
            at = fieldEnd;
        }
    }

    private String name(long at, int length) throws FormatException {
        String name;
        try {
            name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(data.asSlice(at, length).asByteBuffer())
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(source.name(), "byte " + at, "an entry's name is not UTF-8", e);
        }
        boolean tricks = name.isEmpty()
                || name.startsWith("/")
                || name.indexOf('\\') >= 0
                || name.indexOf(':') == 1
                || name.chars().anyMatch(c -> c < ' ' || c == 0x7f);
        String path = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
        for (String part : path.split("/", -1)) {
            tricks |= part.isEmpty() || part.equals(".") || part.equals("..");
        }
        if (tricks) {
            throw source.bad("entry " + name, "its name is not a plain relative path");
        }
        return name;
    }

    private static int u16(MemorySegment data, long at) {
        return Short.toUnsignedInt(data.get(HostTensor.SHORT, at));
    }

    private static long u32(MemorySegment data, long at) {
        return Integer.toUnsignedLong(data.get(HostTensor.INT, at));
    }
}
