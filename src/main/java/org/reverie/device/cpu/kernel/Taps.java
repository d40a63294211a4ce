package org.reverie.device.cpu.kernel;

import java.util.Arrays;
import org.reverie.device.cpu.ConvGeometry;

/**
 * Which pixel of an image each kernel tap of each position of a grid reads, as a table for rows and one for columns; −1
 * where there is none and +0 is read. The same gather serves the convolution (grid: output, image: input) and its input
 * gradient (grid: input, image: the output's gradient).
 */
final class Taps {
    final int kernelH;
    final int kernelW;
    final int gridH;
    final int gridW;
    final int imageH;
    final int imageW;

    /** Entry {@code y * kernelH + kh}: image row. */
    final int[] rows;

    /** Entry {@code x * kernelW + kw}: image column. */
    final int[] cols;

    /** Per grid column: the taps of a kernel row are neighbouring pixels in ascending order. */
    final boolean[] run;

    private Taps(int kernelH, int kernelW, int imageH, int imageW, int[] rows, int[] cols) {
        this.kernelH = kernelH;
        this.kernelW = kernelW;
        this.gridH = rows.length / kernelH;
        this.gridW = cols.length / kernelW;
        this.imageH = imageH;
        this.imageW = imageW;
        this.rows = rows;
        this.cols = cols;
        run = new boolean[gridW];
        for (int x = 0; x < gridW; x++) {
            int first = cols[x * kernelW];
            boolean r = first >= 0;
            for (int kw = 1; kw < kernelW; kw++) {
                r &= cols[x * kernelW + kw] == first + kw;
            }
            run[x] = r;
        }
    }

    static Taps forward(ConvGeometry g) {
        return new Taps(
                g.kernelH(),
                g.kernelW(),
                g.height(),
                g.width(),
                forward(g.outHeight(), g.kernelH(), g.strideH(), g.dilationH(), g.padTop(), g.height()),
                forward(g.outWidth(), g.kernelW(), g.strideW(), g.dilationW(), g.padLeft(), g.width()));
    }

    static Taps backward(ConvGeometry g) {
        return new Taps(
                g.kernelH(),
                g.kernelW(),
                g.outHeight(),
                g.outWidth(),
                backward(g.height(), g.kernelH(), g.strideH(), g.dilationH(), g.padTop(), g.outHeight()),
                backward(g.width(), g.kernelW(), g.strideW(), g.dilationW(), g.padLeft(), g.outWidth()));
    }

    private static int[] forward(int grid, int kernel, int stride, int dilation, int pad, int image) {
        int[] table = new int[grid * kernel];
        Arrays.setAll(table, i -> {
            int at = i / kernel * stride - pad + i % kernel * dilation;
            return at >= 0 && at < image ? at : -1;
        });
        return table;
    }

    private static int[] backward(int grid, int kernel, int stride, int dilation, int pad, int image) {
        int[] table = new int[grid * kernel];
        Arrays.setAll(table, i -> {
            int at = i / kernel + pad - i % kernel * dilation;
            return at >= 0 && at % stride == 0 && at / stride < image ? at / stride : -1;
        });
        return table;
    }

    /**
     * Copies terms {@code k} to {@code k + n} of one grid position, (kernel row, kernel column, channel) ascending.
     *
     * @param image address of the first pixel's first channel of the group
     * @param pixel bytes from pixel to pixel
     * @param channels channels of the group
     * @param spill whether up to a vector of floats behind the copied ones may be overwritten
     */
    void gather(long image, long pixel, int channels, int position, int k, int n, float[] to, int at, boolean spill) {
        int x = position % gridW;
        int y = position / gridW % gridH;
        long picture = image + (long) (position / (gridW * gridH)) * imageH * imageW * pixel;
        int line = kernelW * channels;
        boolean runs = run[x] && pixel == 4L * channels;
        int end = k + n;
        while (k < end) {
            int kh = k / line;
            int in = k - kh * line;
            int row = rows[y * kernelH + kh];
            int length;
            if (row < 0) {
                length = Math.min(line - in, end - k);
                Arrays.fill(to, at, at + length, 0f);
            } else if (runs) {
                length = Math.min(line - in, end - k);
                long from = picture + ((long) row * imageW + cols[x * kernelW]) * pixel + 4L * in;
                copy(from, length, to, at, spill);
            } else {
                int kw = in / channels;
                int c = in - kw * channels;
                length = Math.min(channels - c, end - k);
                int col = cols[x * kernelW + kw];
                if (col < 0) {
                    Arrays.fill(to, at, at + length, 0f);
                } else {
                    copy(picture + ((long) row * imageW + col) * pixel + 4L * c, length, to, at, spill);
                }
            }
            k += length;
            at += length;
        }
    }

    private static void copy(long from, int length, float[] to, int at, boolean spill) {
        if (spill) {
            Packing.copy(from, length, to, at);
        } else {
            Packing.copyExactly(from, length, to, at);
        }
    }
}
