package org.reverie.device.kernels;

import java.util.ArrayList;
import java.util.List;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A strided tensor cut into groups of elements that are reduced together.
 *
 * @param kept where the groups begin
 * @param along where an element lies from there
 * @param count groups
 * @param each elements in a group
 */
record Groups(View kept, View along, int count, int each) {
    /** Groups along some axes of a tensor; the others are kept. */
    static Groups of(Tensor t, List<Integer> axes) {
        return of(t.shape(), t.strides(), t.offset(), axes);
    }

    static Groups of(Shape shape, long[] strides, long offset, List<Integer> axes) {
        List<Integer> kept = new ArrayList<>();
        for (int a = 0; a < shape.rank(); a++) {
            if (!axes.contains(a)) {
                kept.add(a);
            }
        }
        Shape outer = part(shape, kept);
        Shape inner = part(shape, axes);
        return new Groups(
                View.of(outer, part(strides, kept), offset),
                View.of(inner, part(strides, axes), 0),
                Math.toIntExact(outer.elements()),
                Math.toIntExact(inner.elements()));
    }

    /** Whether they are the columns of a matrix: neighbours begin next to each other, and elements lie evenly. */
    boolean areColumns() {
        return count > 1 && each > 1 && kept.step() == 1 && along.step() > 1;
    }

    /** The rows of a tensor: groups along its last axis. */
    static Groups rows(Tensor t) {
        return of(t, List.of(t.rank() - 1));
    }

    private static Shape part(Shape shape, List<Integer> axes) {
        return Shape.of(axes.stream().mapToInt(shape::dim).toArray());
    }

    private static long[] part(long[] strides, List<Integer> axes) {
        return axes.stream().mapToLong(a -> strides[a]).toArray();
    }
}
