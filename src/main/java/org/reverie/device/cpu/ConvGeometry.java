package org.reverie.device.cpu;

/**
 * A two-dimensional convolution of NHWC images. Output row i reads input rows {@code i * strideH - padTop + kh *
 * dilationH}, columns likewise; what lies outside is +0. The pads below and on the right follow from the output's
 * extents.
 *
 * @param batch images
 * @param height rows of the input
 * @param width columns of the input
 * @param inChannels channels of the input
 * @param outHeight rows of the output
 * @param outWidth columns of the output
 * @param outChannels channels of the output
 * @param groups channels are cut into this many groups that do not mix
 */
public record ConvGeometry(
        int batch,
        int height,
        int width,
        int inChannels,
        int outHeight,
        int outWidth,
        int outChannels,
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int dilationH,
        int dilationW,
        int padTop,
        int padLeft,
        int groups) {
    /** Input channels of one group. */
    public int groupIn() {
        return inChannels / groups;
    }

    /** Output channels of one group. */
    public int groupOut() {
        return outChannels / groups;
    }

    /** Terms of one output element: kernel rows × kernel columns × input channels of a group. */
    public int terms() {
        return kernelH * kernelW * groupIn();
    }

    /** Whether output pixels are input pixels, one by one. */
    public boolean pointwise() {
        return kernelH == 1
                && kernelW == 1
                && strideH == 1
                && strideW == 1
                && padTop == 0
                && padLeft == 0
                && height == outHeight
                && width == outWidth;
    }

    /** Multiply-adds of the convolution, the padding's included. */
    public long fmas() {
        return (long) batch * outHeight * outWidth * outChannels * terms();
    }
}
