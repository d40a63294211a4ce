package org.reverie.op;

import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.Shape;

/** Where the taps of a convolution read, in one place for all references: the image x, the result y and the kernel. */
record ConvTaps(ConvSpec spec, Shape x, Shape y, int kernelH, int kernelW) {
    /** The index of the image's pixel (its first channel) under tap (kh, kw) of output pixel (oh, ow); −1 in the padding. */
    int pixel(int n, int oh, int ow, int kh, int kw) {
        int h = oh * spec.strideH() - spec.padTop() + kh * spec.dilationH();
        int w = ow * spec.strideW() - spec.padLeft() + kw * spec.dilationW();
        return index(x, n, h, w);
    }

    /** Row-major index of pixel (h, w)'s first channel; −1 outside. */
    static int index(Shape image, int n, int h, int w) {
        int height = image.dim(1);
        int width = image.dim(2);
        return h < 0 || h >= height || w < 0 || w >= width ? -1 : ((n * height + h) * width + w) * image.dim(3);
    }

    /**
     * The taps through which input pixel (h, w) reaches outputs, by ascending output row and column, that is from the
     * last tap to the first. Taps that the stride jumps over are not there; outputs beyond the edge are, at index −1.
     * Each is a pair: the index of the output pixel's first channel, and the tap's number kh·kernelW + kw.
     */
    int[][] towards(int n, int h, int w) {
        int[][] pairs = new int[kernelH * kernelW][];
        int count = 0;
        for (int kh = kernelH - 1; kh >= 0; kh--) {
            int atH = h + spec.padTop() - kh * spec.dilationH();
            for (int kw = kernelW - 1; kw >= 0; kw--) {
                int atW = w + spec.padLeft() - kw * spec.dilationW();
                if (atH % spec.strideH() == 0 && atW % spec.strideW() == 0) {
                    int pixel = index(y, n, atH / spec.strideH(), atW / spec.strideW());
                    pairs[count++] = new int[] {pixel, kh * kernelW + kw};
                }
            }
        }
        return java.util.Arrays.copyOf(pairs, count);
    }

    static double orZero(double[] values, int pixel, int channel) {
        return pixel < 0 ? 0 : values[pixel + channel];
    }
}
