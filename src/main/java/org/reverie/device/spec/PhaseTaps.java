package org.reverie.device.spec;

/**
 * One phase of a convolution's input gradient along one axis: the pixels {@code first, first + stride, …} of dx, and the
 * taps that reach them.
 *
 * @param tap the lowest tap that reaches them; the others follow {@code period} apart
 * @param taps how many there are
 * @param reach outputs from tap to tap: pixel index i reads outputs {@code i − j·reach + shift} for its j-th tap
 */
public record PhaseTaps(int first, int count, int stride, int tap, int taps, int period, int reach, int shift) {
    /** The pixels whose place and pad leave the remainder {@code phase} by the stride. */
    public static PhaseTaps of(int phase, int extent, int kernel, int stride, int dilation, int pad) {
        int period = stride / gcd(stride, dilation);
        int count = phase >= extent ? 0 : (extent - phase + stride - 1) / stride;
        for (int k = 0; k < Math.min(kernel, period); k++) {
            int at = phase + pad - k * dilation;
            if (Math.floorMod(at, stride) == 0) {
                int taps = (kernel - k + period - 1) / period;
                return new PhaseTaps(phase, count, stride, k, taps, period, dilation * period / stride, at / stride);
            }
        }
        return new PhaseTaps(phase, count, stride, 0, 0, period, 1, 0);
    }

    /** Computes the pixels of a phase of rows and one of columns. */
    public interface Body {
        void run(PhaseTaps rows, PhaseTaps columns);
    }

    /** All phases of an image that have pixels. */
    public static void each(ConvSpec s, int height, int width, int kernelHeight, int kernelWidth, Body body) {
        for (int row = 0; row < s.strideH(); row++) {
            PhaseTaps rows = of(row, height, kernelHeight, s.strideH(), s.dilationH(), s.padTop());
            for (int column = 0; column < s.strideW(); column++) {
                PhaseTaps columns = of(column, width, kernelWidth, s.strideW(), s.dilationW(), s.padLeft());
                if (rows.count > 0 && columns.count > 0) {
                    body.run(rows, columns);
                }
            }
        }
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** The tap of the kernel that is the i-th of the phase's, which run from the last to the first. */
    public int descending(int i) {
        return tap + (taps - 1 - i) * period;
    }
}
