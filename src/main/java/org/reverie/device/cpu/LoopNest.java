package org.reverie.device.cpu;

import java.util.Arrays;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A walk over the elements of several tensors at once: extents of the loops, outermost first, and for each tensor its
 * strides in elements. Axes of extent 1 are left out and neighbouring axes joined where all tensors allow it; there is
 * always at least one loop.
 */
record LoopNest(int[] extents, long[][] strides) {
    /** @param strides for each tensor one stride for each axis of the shape, 0 where it is broadcast */
    static LoopNest of(Shape shape, long[]... strides) {
        int[] extents = new int[Math.max(1, shape.rank())];
        long[][] joined = new long[strides.length][extents.length];
        int n = 0;
        for (int a = 0; a < shape.rank(); a++) {
            if (shape.dim(a) == 1) {
                continue;
            }
            if (n > 0 && joins(joined, extents[n - 1], n - 1, strides, shape.dim(a), a)) {
                extents[n - 1] *= shape.dim(a);
                n--;
            } else {
                extents[n] = shape.dim(a);
            }
            for (int t = 0; t < strides.length; t++) {
                joined[t][n] = strides[t][a];
            }
            n++;
        }
        if (n == 0) {
            extents[n++] = 1;
        }
        int loops = n;
        Arrays.setAll(joined, t -> Arrays.copyOf(joined[t], loops));
        return new LoopNest(Arrays.copyOf(extents, loops), joined);
    }

    private static boolean joins(long[][] outer, int outerExtent, int o, long[][] inner, int extent, int a) {
        for (int t = 0; t < inner.length; t++) {
            if (outer[t][o] != inner[t][a] * extent) {
                return false;
            }
        }
        return (long) outerExtent * extent <= Integer.MAX_VALUE;
    }

    /** The strides with which a tensor is read when it is broadcast to {@code result}. */
    static long[] broadcast(Tensor t, Shape result) {
        long[] strides = new long[result.rank()];
        int shift = result.rank() - t.rank();
        for (int a = 0; a < t.rank(); a++) {
            strides[a + shift] = t.dim(a) == 1 ? 0 : t.stride(a);
        }
        return strides;
    }

    int loops() {
        return extents.length;
    }

    /** The extent of a loop counted from the innermost; 1 for loops that are not there. */
    int extent(int fromInner) {
        return fromInner < extents.length ? extents[extents.length - 1 - fromInner] : 1;
    }

    /** A tensor's stride along a loop counted from the innermost; 0 for loops that are not there. */
    long stride(int tensor, int fromInner) {
        return fromInner < extents.length ? strides[tensor][extents.length - 1 - fromInner] : 0;
    }

    /** How often the loops outside the {@code inner} innermost ones run. */
    int outer(int inner) {
        int n = 1;
        for (int a = 0; a < extents.length - inner; a++) {
            n = Math.multiplyExact(n, extents[a]);
        }
        return n;
    }

    /** Where a tensor is, in elements from its start, at run {@code i} of the loops outside the {@code inner} innermost. */
    long at(int tensor, int inner, int i) {
        long at = 0;
        for (int a = extents.length - inner - 1; a >= 0; a--) {
            at += i % extents[a] * strides[tensor][a];
            i /= extents[a];
        }
        return at;
    }
}
