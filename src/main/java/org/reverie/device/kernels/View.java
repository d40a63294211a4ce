package org.reverie.device.kernels;

import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Where the elements of a strided tensor lie, as {@code kernels/common/view.h} reads it: rank, offset, eight extents, eight
 * strides. Axes of extent 1 are left out, and neighbours that lie behind each other are one axis.
 */
public final class View {
    static final int MAX_RANK = 8;

    private final int[] words = new int[2 + 2 * MAX_RANK];

    private View(Shape shape, long[] strides, long offset) {
        words[1] = Math.toIntExact(offset);
        int[] extent = new int[shape.rank() + 1];
        long[] stride = new long[shape.rank() + 1];
        int rank = 0;
        for (int a = 0; a < shape.rank(); a++) {
            if (shape.dim(a) == 1) {
                continue;
            }
            if (rank > 0 && stride[rank - 1] == strides[a] * shape.dim(a)) {
                extent[rank - 1] = Math.multiplyExact(extent[rank - 1], shape.dim(a));
                stride[rank - 1] = strides[a];
            } else {
                extent[rank] = shape.dim(a);
                stride[rank] = strides[a];
                rank++;
            }
        }
        if (rank == 0) {
            extent[0] = 1;
            rank = 1;
        }
        if (rank > MAX_RANK) {
            throw new IllegalArgumentException("kernels take views of up to " + MAX_RANK
                    + " axes that do not lie behind each other, not " + shape);
        }
        words[0] = rank;
        for (int a = 0; a < rank; a++) {
            words[2 + a] = extent[a];
            words[2 + MAX_RANK + a] = Math.toIntExact(stride[a]);
        }
    }

    public static View of(Tensor t) {
        return new View(t.shape(), t.strides(), t.offset());
    }

    /** The elements of t, repeated to a shape that it broadcasts to, in that shape's row-major order. */
    public static View broadcast(Tensor t, Shape to) {
        long[] strides = new long[to.rank()];
        int shift = to.rank() - t.rank();
        for (int a = 0; a < t.rank(); a++) {
            strides[a + shift] = t.dim(a) == 1 ? 0 : t.stride(a);
        }
        return new View(to, strides, t.offset());
    }

    public static View of(Shape shape, long[] strides, long offset) {
        return new View(shape, strides, offset);
    }

    /** Where a tensor begins, for kernels that know the rest. */
    public static View start(Tensor t) {
        return of(Shape.SCALAR, new long[0], t.offset());
    }

    /** The matrices of a batch that is repeated to another: where each of them begins. */
    public static View matrices(Tensor t, Shape batch) {
        Shape own = t.shape().without(-1).without(-1);
        long[] strides = new long[batch.rank()];
        int shift = batch.rank() - own.rank();
        for (int a = 0; a < own.rank(); a++) {
            strides[a + shift] = own.dim(a) == 1 ? 0 : t.stride(a);
        }
        return of(batch, strides, t.offset());
    }

    /** Whether element i lies i places behind the first. */
    boolean isDense() {
        return words[0] == 1 && (words[2] == 1 || words[2 + MAX_RANK] == 1);
    }

    /** Elements from one to the next if they lie evenly, else 0. */
    int step() {
        return words[0] == 1 ? words[2 + MAX_RANK] : 0;
    }

    int offset() {
        return words[1];
    }

    public int[] words() {
        return words;
    }
}
