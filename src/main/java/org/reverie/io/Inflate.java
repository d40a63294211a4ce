package org.reverie.io;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Inflates raw deflate data whose size is stated beforehand, and believes the statement only as far as it is kept. */
final class Inflate {
    /** Deflate cannot do better than 258 bytes from two bits. */
    private static final int BEST_RATIO = 1032;

    private static final long PART = 1 << 30;

    private Inflate() {}

    /** Exactly {@code size} bytes, paid from the source's allowance. */
    static MemorySegment raw(Source source, MemorySegment deflated, long size, String place) throws FormatException {
        if (size / BEST_RATIO > deflated.byteSize()) {
            throw source.bad(
                    place, "cannot inflate from " + deflated.byteSize() + " to the " + size + " bytes it states");
        }
        MemorySegment out = source.allocate(size, place);
        Inflater inflater = new Inflater(true);
        try {
            List<ByteBuffer> room = parts(out);
            room.add(ByteBuffer.allocate(1)); // lets the stream end, and shows when it does not end where it should
            long made = inflate(inflater, parts(deflated), room);
            if (made != size) {
                throw source.bad(
                        place,
                        "inflates to " + (made > size ? "more" : "fewer") + " than the " + size + " bytes it states");
            }
            if (!inflater.finished() || inflater.getBytesRead() != deflated.byteSize()) {
                throw source.bad(
                        place, "its deflate stream does not end where its " + deflated.byteSize() + " bytes end");
            }
            return out;
        } catch (DataFormatException e) {
            throw new FormatException(source.name(), place, "is not a valid deflate stream", e);
        } finally {
            inflater.end();
        }
    }

    /** Bytes made; stops at the end of the stream, of the input or of the output, whichever comes first. */
    private static long inflate(Inflater inflater, List<ByteBuffer> in, List<ByteBuffer> out)
            throws DataFormatException {
        int next = 0;
        long made = 0;
        for (ByteBuffer to : out) {
            while (to.hasRemaining() && !inflater.finished()) {
                int n = inflater.inflate(to);
                made += n;
                if (n == 0 && !inflater.finished()) {
                    if (!inflater.needsInput() || next == in.size()) {
                        return made;
                    }
                    inflater.setInput(in.get(next++));
                }
            }
        }
        return made;
    }

    /** The segment as buffers, which cannot be longer than 2 GiB each. */
    static List<ByteBuffer> parts(MemorySegment segment) {
        List<ByteBuffer> parts = new ArrayList<>();
        for (long at = 0; at < segment.byteSize(); at += PART) {
            parts.add(
                    segment.asSlice(at, Math.min(PART, segment.byteSize() - at)).asByteBuffer());
        }
        return parts;
    }
}
