package org.reverie.device.cpu;

/**
 * Convolutions of every channel by itself, by rule 2 of the bit contract: images NHWC, weights [KH, KW, C], everything
 * contiguous. The geometry has equal input and output channels; its groups are not read. Taps in the padding are +0 and
 * are multiplied like any other.
 */
public interface DepthwiseKernels {
    /** {@code y = epilogue(conv(x, weights))}; each element is a contraction over (kh, kw). */
    void forward(ConvGeometry geometry, long x, long weights, long y, Epilogue epilogue);

    /** The gradient with respect to the input: each element is a contraction over (kh, kw), +0 where there is no dy. */
    void inputGradient(ConvGeometry geometry, long dy, long weights, long dx);

    /**
     * The gradient with respect to the weights: each element is a contraction over (image, output row, output
     * column).
     */
    void weightGradient(ConvGeometry geometry, long dy, long x, long dWeights);
}
