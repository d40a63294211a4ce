package org.reverie.op;

import org.reverie.tensor.Shape;

/** A row-major array seen as [outer, extent, inner] around one axis. */
final class Lines {
    final int extent;
    private final int inner;

    Lines(Shape shape, int axis) {
        extent = shape.dim(axis);
        int n = 1;
        for (int a = axis + 1; a < shape.rank(); a++) {
            n *= shape.dim(a);
        }
        inner = n;
    }

    int outer(int i) {
        return i / inner / extent;
    }

    int along(int i) {
        return i / inner % extent;
    }

    int inner(int i) {
        return i % inner;
    }

    int at(int outer, int along, int in) {
        return (outer * extent + along) * inner + in;
    }
}
