package org.reverie.device.spec;

/**
 * The geometry of a two-dimensional pooling. The window of output row i starts at input row {@code i·strideH − padTop};
 * columns likewise. Every window holds at least one pixel of the image.
 *
 * @param ceilMode also keep a last window that hangs over the edge, unless it would start beyond the image
 * @param countIncludePad whether an average divides by all pixels of the padded image in the window or by those of the
 *     image; what a last window has beyond the padding never counts
 */
public record PoolSpec(
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int padTop,
        int padLeft,
        int padBottom,
        int padRight,
        boolean ceilMode,
        boolean countIncludePad) {
    public PoolSpec {
        if (kernelH < 1 || kernelW < 1 || strideH < 1 || strideW < 1) {
            throw new IllegalArgumentException("windows and strides of a pooling are at least 1: window " + kernelH
                    + "×" + kernelW + ", stride " + strideH + "×" + strideW);
        }
        if (Math.min(Math.min(padTop, padBottom), Math.min(padLeft, padRight)) < 0
                || Math.max(padTop, padBottom) >= kernelH
                || Math.max(padLeft, padRight) >= kernelW) {
            throw new IllegalArgumentException("the pads of a pooling are at least 0 and less than the window "
                    + kernelH
                    + "×" + kernelW + ": top " + padTop + ", left " + padLeft + ", bottom " + padBottom + ", right "
                    + padRight);
        }
    }

    /** A square window without pads; padded pixels, should any be added, count. */
    public static PoolSpec of(int kernel, int stride) {
        return new PoolSpec(kernel, kernel, stride, stride, 0, 0, 0, 0, false, true);
    }

    /** The same pad on all four sides. */
    public PoolSpec pad(int p) {
        return pad(p, p, p, p);
    }

    public PoolSpec pad(int top, int left, int bottom, int right) {
        return new PoolSpec(kernelH, kernelW, strideH, strideW, top, left, bottom, right, ceilMode, countIncludePad);
    }

    public PoolSpec ceilMode(boolean ceil) {
        return new PoolSpec(
                kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight, ceil, countIncludePad);
    }

    public PoolSpec countIncludePad(boolean include) {
        return new PoolSpec(
                kernelH, kernelW, strideH, strideW, padTop, padLeft, padBottom, padRight, ceilMode, include);
    }

    /** Rows of the output for an image of {@code height} rows; not positive if the window does not fit. */
    public int outputHeight(int height) {
        return output(height, kernelH, strideH, padTop, padBottom);
    }

    /** Columns of the output for an image of {@code width} columns; not positive if the window does not fit. */
    public int outputWidth(int width) {
        return output(width, kernelW, strideW, padLeft, padRight);
    }

    private int output(int extent, int kernel, int stride, int before, int after) {
        int room = extent + before + after - kernel;
        if (!ceilMode) {
            return Math.floorDiv(room, stride) + 1;
        }
        int windows = Math.ceilDiv(room, stride) + 1;
        return (windows - 1) * stride >= extent + before ? windows - 1 : windows;
    }

    /** What an average divides by in the window of output (i, j) over an image of these extents. */
    public int count(int i, int j, int height, int width) {
        return count(i * strideH - padTop, kernelH, height, padTop, padBottom)
                * count(j * strideW - padLeft, kernelW, width, padLeft, padRight);
    }

    private int count(int start, int kernel, int extent, int before, int after) {
        int first = Math.max(start, countIncludePad ? -before : 0);
        int end = Math.min(start + kernel, extent + (countIncludePad ? after : 0));
        return end - first;
    }
}
