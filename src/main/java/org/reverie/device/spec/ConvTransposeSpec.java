package org.reverie.device.spec;

/**
 * A transposed convolution: {@code conv} is the convolution that would lead from the output's extents back to the
 * input's; {@code outPadH} and {@code outPadW}, less than the strides, choose among the extents it maps there.
 */
public record ConvTransposeSpec(ConvSpec conv, int outPadH, int outPadW) {
    /** Rows of the output for an input of {@code height} rows. */
    public int outputHeight(int height, int kernel) {
        return (height - 1) * conv.strideH()
                - conv.padTop()
                - conv.padBottom()
                + conv.dilationH() * (kernel - 1)
                + outPadH
                + 1;
    }

    /** Columns of the output for an input of {@code width} columns. */
    public int outputWidth(int width, int kernel) {
        return (width - 1) * conv.strideW()
                - conv.padLeft()
                - conv.padRight()
                + conv.dilationW() * (kernel - 1)
                + outPadW
                + 1;
    }
}
