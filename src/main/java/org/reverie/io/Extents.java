package org.reverie.io;

import java.util.List;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;

/** Turns extents as files state them into a shape, refusing what no shape can be before any arithmetic can overflow. */
final class Extents {
    static final int MAX_RANK = 64;

    private Extents() {}

    /** @throws FormatException at {@code place} for a negative or too large extent, more than 64 axes, or too many bytes */
    static Shape shape(Source source, String place, List<Long> extents, DType dtype) throws FormatException {
        if (extents.size() > MAX_RANK) {
            throw source.bad(place, "has " + extents.size() + " axes; at most " + MAX_RANK + " are allowed");
        }
        int[] dims = new int[extents.size()];
        long bytes = dtype.bytes();
        for (int i = 0; i < dims.length; i++) {
            long extent = extents.get(i);
            if (extent < 0 || extent > Integer.MAX_VALUE) {
                throw source.bad(place, "extent " + extent + " is not in 0…" + Integer.MAX_VALUE);
            }
            dims[i] = (int) extent;
            // In order and with zeros counted where they stand, as Shape does: [0, huge, huge] is empty, [huge, huge,
            // 0] is not.
            if (extent != 0 && bytes > Long.MAX_VALUE / extent) {
                throw source.bad(place, dtype + " " + extents + " has more bytes than 64 bits can count");
            }
            bytes *= extent;
        }
        return Shape.of(dims);
    }
}
