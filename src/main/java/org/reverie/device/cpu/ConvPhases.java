package org.reverie.device.cpu;

import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The gradient of a convolution with respect to its input x, cut into phases: the pixels of dx that are reached by the same
 * taps, one phase for each remainder of rows and columns by the strides. Each phase is a convolution of dy with stride 1.
 */
final class ConvPhases {
    private ConvPhases() {}

    /** Computes one phase into a tensor of its own extents. */
    interface Body {
        void run(PhaseTaps rows, PhaseTaps columns, Tensor out);
    }

    /** Runs the body for all phases of dx and puts the results in their places; scratch lies in the current scope. */
    static void each(ConvSpec s, int kernelH, int kernelW, Tensor dx, Body body) {
        PhaseTaps.each(s, dx.dim(1), dx.dim(2), kernelH, kernelW, (rows, columns) -> {
            if (s.strideH() == 1 && s.strideW() == 1) {
                body.run(rows, columns, dx);
            } else {
                Shape part = dx.shape().with(1, rows.count()).with(2, columns.count());
                Tensor out = Tensor.empty(dx.device(), DType.F32, part);
                body.run(rows, columns, out);
                Operands.copy(out, places(dx, part, rows, columns));
            }
        });
    }

    /** The pixels of a phase, as a view. */
    private static Tensor places(Tensor dx, Shape part, PhaseTaps rows, PhaseTaps columns) {
        long[] strides = dx.strides();
        long offset = dx.offset() + rows.first() * strides[1] + columns.first() * strides[2];
        strides[1] *= rows.stride();
        strides[2] *= columns.stride();
        return dx.view(part, strides, offset);
    }

    /** The phase's convolution of dy: output pixel i reads rows {@code i + shift − (taps − 1)·reach + tap·reach}. */
    static ConvGeometry geometry(Tensor dy, Tensor dx, PhaseTaps rows, PhaseTaps columns, int groups) {
        return new ConvGeometry(
                dx.dim(0),
                dy.dim(1),
                dy.dim(2),
                dy.dim(3),
                rows.count(),
                columns.count(),
                dx.dim(3),
                rows.taps(),
                columns.taps(),
                1,
                1,
                rows.reach(),
                columns.reach(),
                (rows.taps() - 1) * rows.reach() - rows.shift(),
                (columns.taps() - 1) * columns.reach() - columns.shift(),
                groups);
    }
}
