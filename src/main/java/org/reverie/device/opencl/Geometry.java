package org.reverie.device.opencl;

import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The structs of {@code kernels/opencl/phase.h}, {@code place.h} and {@code heads.h}, word by word. */
final class Geometry {
    /** A Place where row follows row. */
    static final int[] ROWS_IN_ORDER = new int[8];

    private Geometry() {}

    /** The struct Phase. */
    static int[] phase(PhaseTaps down, PhaseTaps right) {
        return new int[] {
            down.first(),
            right.first(),
            down.count(),
            right.count(),
            down.taps(),
            right.taps(),
            down.shift() - (down.taps() - 1) * down.reach(),
            right.shift() - (right.taps() - 1) * right.reach(),
            down.reach(),
            right.reach()
        };
    }

    /** The struct Place of a phase's pixels in an image. */
    static int[] place(PhaseTaps down, PhaseTaps right, Shape image) {
        return new int[] {
            down.count(),
            right.count(),
            image.dim(1),
            image.dim(2),
            down.first(),
            right.first(),
            down.stride(),
            right.stride()
        };
    }

    /** The struct Strides of a tensor of rank 4. */
    static int[] strides(Tensor t) {
        return new int[] {
            Math.toIntExact(t.offset()),
            Math.toIntExact(t.stride(0)),
            Math.toIntExact(t.stride(1)),
            Math.toIntExact(t.stride(2)),
            Math.toIntExact(t.stride(3))
        };
    }
}
