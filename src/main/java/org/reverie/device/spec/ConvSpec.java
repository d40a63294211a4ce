package org.reverie.device.spec;

/**
 * The geometry of a two-dimensional convolution, and the activation that ends it. Output row i reads input rows
 * {@code i·strideH − padTop + kh·dilationH}; columns likewise.
 *
 * @param padTop rows of +0 above the image; the four sides are independent
 * @param groups channels are cut into this many groups that do not mix; 1 for a depthwise convolution, whose kernel says it
 */
public record ConvSpec(
        int strideH,
        int strideW,
        int dilationH,
        int dilationW,
        int padTop,
        int padLeft,
        int padBottom,
        int padRight,
        int groups,
        Activation activation) {
    public ConvSpec {
        if (strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1 || groups < 1) {
            throw new IllegalArgumentException("strides, dilations and groups of a convolution are at least 1: stride "
                    + strideH + "×" + strideW + ", dilation " + dilationH + "×" + dilationW + ", groups " + groups);
        }
        if (padTop < 0 || padLeft < 0 || padBottom < 0 || padRight < 0) {
            throw new IllegalArgumentException("the pads of a convolution are not negative: top " + padTop + ", left "
                    + padLeft + ", bottom " + padBottom + ", right " + padRight);
        }
    }

    /** No padding, no dilation, one group, no activation. */
    public static ConvSpec of(int stride) {
        return new ConvSpec(stride, stride, 1, 1, 0, 0, 0, 0, 1, Activation.NONE);
    }

    /** The same pad on all four sides. */
    public ConvSpec pad(int p) {
        return pad(p, p, p, p);
    }

    public ConvSpec pad(int top, int left, int bottom, int right) {
        return new ConvSpec(strideH, strideW, dilationH, dilationW, top, left, bottom, right, groups, activation);
    }

    public ConvSpec stride(int h, int w) {
        return new ConvSpec(h, w, dilationH, dilationW, padTop, padLeft, padBottom, padRight, groups, activation);
    }

    public ConvSpec dilation(int d) {
        return new ConvSpec(strideH, strideW, d, d, padTop, padLeft, padBottom, padRight, groups, activation);
    }

    public ConvSpec groups(int g) {
        return new ConvSpec(
                strideH, strideW, dilationH, dilationW, padTop, padLeft, padBottom, padRight, g, activation);
    }

    public ConvSpec activation(Activation a) {
        return new ConvSpec(strideH, strideW, dilationH, dilationW, padTop, padLeft, padBottom, padRight, groups, a);
    }

    /** Whether every pixel of an image is reached by a tap, so that the phases of an input gradient write all of it. */
    public boolean reachesAll(int kernelHeight, int kernelWidth) {
        boolean stepsByOne = strideH == 1 && strideW == 1;
        boolean coversSteps = dilationH == 1 && dilationW == 1 && kernelHeight >= strideH && kernelWidth >= strideW;
        return stepsByOne || coversSteps;
    }

    /** Rows of the output for an image of {@code height} rows; not positive if the kernel does not fit. */
    public int outputHeight(int height, int kernel) {
        return Math.floorDiv(height + padTop + padBottom - dilationH * (kernel - 1) - 1, strideH) + 1;
    }

    /** Columns of the output for an image of {@code width} columns; not positive if the kernel does not fit. */
    public int outputWidth(int width, int kernel) {
        return Math.floorDiv(width + padLeft + padRight - dilationW * (kernel - 1) - 1, strideW) + 1;
    }
}
