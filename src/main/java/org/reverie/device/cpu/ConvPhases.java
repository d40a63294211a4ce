package org.reverie.device.cpu;

import org.reverie.device.spec.ConvSpec;
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
        void run(Taps rows, Taps columns, Tensor out);
    }

    /** Runs the body for all phases of dx and puts the results in their places; scratch lies in the current scope. */
    static void each(ConvSpec s, int kernelH, int kernelW, Tensor dx, Body body) {
        for (int ph = 0; ph < s.strideH(); ph++) {
            Taps rows = Taps.of(ph, dx.dim(1), kernelH, s.strideH(), s.dilationH(), s.padTop());
            for (int pw = 0; pw < s.strideW(); pw++) {
                Taps columns = Taps.of(pw, dx.dim(2), kernelW, s.strideW(), s.dilationW(), s.padLeft());
                if (rows.count() == 0 || columns.count() == 0) {
                    continue;
                }
                if (s.strideH() == 1 && s.strideW() == 1) {
                    body.run(rows, columns, dx);
                } else {
                    Shape part = dx.shape().with(1, rows.count()).with(2, columns.count());
                    Tensor out = Tensor.empty(dx.device(), DType.F32, part);
                    body.run(rows, columns, out);
                    Operands.copy(out, places(dx, part, rows, columns));
                }
            }
        }
    }

    /** The pixels of a phase, as a view. */
    private static Tensor places(Tensor dx, Shape part, Taps rows, Taps columns) {
        long[] strides = dx.strides();
        long offset = dx.offset() + rows.first() * strides[1] + columns.first() * strides[2];
        strides[1] *= rows.stride();
        strides[2] *= columns.stride();
        return dx.view(part, strides, offset);
    }

    /**
     * The pixels {@code first, first + stride, …} of one axis of dx, and the taps that reach them.
     *
     * @param tap the lowest tap that reaches them; the others follow {@code period} apart
     * @param taps how many there are
     * @param reach outputs from tap to tap: pixel index i reads outputs {@code i − j·reach + shift} for its j-th tap
     */
    record Taps(int first, int count, int stride, int tap, int taps, int period, int reach, int shift) {
        private static Taps of(int phase, int extent, int kernel, int stride, int dilation, int pad) {
            int period = stride / gcd(stride, dilation);
            int count = phase >= extent ? 0 : (extent - phase + stride - 1) / stride;
            for (int k = 0; k < Math.min(kernel, period); k++) {
                int at = phase + pad - k * dilation;
                if (Math.floorMod(at, stride) == 0) {
                    int taps = (kernel - k + period - 1) / period;
                    return new Taps(phase, count, stride, k, taps, period, dilation * period / stride, at / stride);
                }
            }
            return new Taps(phase, count, stride, 0, 0, period, 1, 0);
        }

        private static int gcd(int a, int b) {
            return b == 0 ? a : gcd(b, a % b);
        }

        /** The tap of the kernel that is the i-th of the phase's, which run from the last to the first. */
        int descending(int i) {
            return tap + (taps - 1 - i) * period;
        }
    }

    /** The phase's convolution of dy: output pixel i reads rows {@code i + shift − (taps − 1)·reach + tap·reach}. */
    static ConvGeometry geometry(Tensor dy, Tensor dx, Taps rows, Taps columns, int groups) {
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
