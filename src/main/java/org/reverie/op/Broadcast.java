package org.reverie.op;

import org.reverie.tensor.Shape;

/** Maps row-major indices of a broadcast result to row-major indices of one operand. */
final class Broadcast {
    private final int[] extents;
    private final int[] strides;

    Broadcast(Shape operand, Shape result) {
        extents = result.toArray();
        strides = new int[extents.length];
        long[] own = operand.strides();
        int shift = result.rank() - operand.rank();
        for (int a = 0; a < operand.rank(); a++) {
            strides[a + shift] = operand.dim(a) == 1 ? 0 : (int) own[a];
        }
    }

    int index(int i) {
        int at = 0;
        for (int a = extents.length - 1; a >= 0; a--) {
            at += i % extents[a] * strides[a];
            i /= extents[a];
        }
        return at;
    }
}
