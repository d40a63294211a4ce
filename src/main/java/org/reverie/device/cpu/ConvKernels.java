package org.reverie.device.cpu;

/**
 * Convolutions by rule 2 of the bit contract: images NHWC, weights [O, KH, KW, I/groups], everything contiguous. Taps
 * in the padding are +0 and are multiplied like any other. Outputs must not overlap inputs or weights.
 */
public interface ConvKernels {
    /**
     * {@code y = epilogue(conv(x, weights))}; each element is a contraction over (kh, kw, input channel).
     *
     * @param epilogue its residual is laid out like y
     */
    void forward(ConvGeometry geometry, long x, long weights, long y, Epilogue epilogue);

    /** Weights in the order in which {@link #forwardPacked} reads them, for this object's vector width. */
    float[] pack(ConvGeometry geometry, long weights);

    /** {@link #forward} with weights from {@link #pack}. */
    void forwardPacked(ConvGeometry geometry, long x, float[] packed, long y, Epilogue epilogue);

    /**
     * The gradient with respect to the input, which is also the transposed convolution: {@code dx} has the geometry's
     * input extents; each element is a contraction over (kh, kw, output channel) of dy · w, with +0 for the dy that do
     * not exist.
     *
     * @param epilogue bias over input channels, residual laid out like dx; {@link Epilogue#NONE} for a gradient
     */
    void inputGradient(ConvGeometry geometry, long dy, long weights, long dx, Epilogue epilogue);

    /**
     * The gradient with respect to the weights; each element is a contraction over (image, output row, output
     * column).
     */
    void weightGradient(ConvGeometry geometry, long dy, long x, long dWeights);
}
