package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
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
     * Copies terms {@code k} to {@code k + n}, (kernel row, kernel column, channel) ascending, of {@code count}
     * positions from {@code first} on; those of position first + i go to {@code to[at + i * step]} and behind.
     *
     * @param image address of the first pixel's first channel of the group
     * @param pixel bytes from pixel to pixel
     * @param channels channels of the group
     * @param spill whether up to a vector of floats behind the copied ones may be overwritten
     */
    void gather(
            long image,
            long pixel,
            int channels,
            int first,
            int count,
            int k,
            int n,
            float[] to,
            int at,
            int step,
            boolean spill) {
        int x = first % gridW;
        int y = first / gridW % gridH;
        long picture = image + (long) (first / (gridW * gridH)) * imageH * imageW * pixel;
        int line = kernelW * channels;
        int kh = k / line;
        int in = k - kh * line;
        boolean dense = pixel == 4L * channels;
        for (int i = 0; i < count; i++) {
            if (dense && run[x]) {
                lines(picture + cols[x * kernelW] * pixel, pixel, line, y * kernelH + kh, in, n, to, at, spill);
            } else {
                single(picture, pixel, channels, x, y, kh, in, n, to, at, spill);
            }
            at += step;
            if (++x == gridW) {
                x = 0;
                if (++y == gridH) {
                    y = 0;
                    picture += imageH * imageW * pixel;
                }
            }
        }
    }

    /** A position whose taps are runs of pixels: one copy for each kernel row. */
    private void lines(long column, long pixel, int line, int row, int in, int n, float[] to, int at, boolean spill) {
        while (n > 0) {
            int length = Math.min(line - in, n);
            int r = rows[row++];
            if (r < 0) {
                clear(to, at, length, spill);
            } else {
                copy(column + r * (imageW * pixel) + 4L * in, length, to, at, spill);
            }
            in = 0;
            n -= length;
            at += length;
        }
    }

    /** Any position, tap by tap. */
    private void single(
            long picture,
            long pixel,
            int channels,
            int x,
            int y,
            int kh,
            int in,
            int n,
            float[] to,
            int at,
            boolean spill) {
        int kw = in / channels;
        int c = in - kw * channels;
        while (n > 0) {
            int length = Math.min(channels - c, n);
            int row = rows[y * kernelH + kh];
            int col = cols[x * kernelW + kw];
            if (row < 0 || col < 0) {
                clear(to, at, length, spill);
            } else {
                copy(picture + ((long) row * imageW + col) * pixel + 4L * c, length, to, at, spill);
            }
            c = 0;
            n -= length;
            at += length;
            if (++kw == kernelW) {
                kw = 0;
                kh++;
            }
        }
    }

    private static void clear(float[] to, int at, int length, boolean spill) {
        int end = at + length;
        if (spill) {
            for (; at < end; at += N) {
                FloatVector.zero(F).intoArray(to, at);
            }
        } else {
            Arrays.fill(to, at, end, 0f);
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
