package org.reverie.device.cpu;

/** Pooling of contiguous NHWC images. */
public interface PoolKernels {
    /**
     * The windows of a pooling: output row i reads rows {@code i * strideH - padTop} and the {@code kernelH - 1} below,
     * columns likewise; what lies outside the image is not there. Every window holds a pixel.
     */
    record Windows(
            int batch,
            int height,
            int width,
            int channels,
            int outHeight,
            int outWidth,
            int kernelH,
            int kernelW,
            int strideH,
            int strideW,
            int padTop,
            int padLeft) {}

    /** What an average divides by. */
    @FunctionalInterface
    interface Count {
        /** The divisor in the window of output row i, column j. */
        int at(int i, int j);
    }

    /** The largest number of each window: the first NaN, else the first of the largest. */
    void max(Windows windows, long x, long y);

    /** Every g is added, in the order of outputs, to the place of its window's largest; dx is +0 elsewhere. */
    void maxGradient(Windows windows, long x, long g, long dx);

    /** The sum of each window by rule 2 with weights of one, +0 outside the image, divided by the count. */
    void average(Windows windows, Count count, long x, long y);

    /** Every g / count is added, in the order of outputs, to the pixels of its window. */
    void averageGradient(Windows windows, Count count, long g, long dx);

    /** x [batch, pixels, channels] → y [batch, channels]: the sum over the pixels (rule 3) divided by their number. */
    void globalAverage(int batch, int pixels, int channels, long x, long y);

    /** x [batch, pixels, channels], weights [pixels] → y [batch, channels]: Σ x · w over the pixels (rule 2). */
    void weighted(int batch, int pixels, int channels, long x, long weights, long y);
}
