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
        int line = kernelW * channels;
        boolean dense = pixel == 4L * channels;
        int kh = k / line;
        int in = k - kh * line;
        while (n > 0) {
            int length = Math.min(line - in, n);
            segment(image, pixel, channels, dense, first, count, kh, in, length, to, at, step, spill);
            kh++;
            in = 0;
            at += length;
            n -= length;
        }
    }

    /** The terms of one kernel row: {@code length} of them from {@code in} on. */
    private void segment(
            long image,
            long pixel,
            int channels,
            boolean dense,
            int first,
            int count,
            int kh,
            int in,
            int length,
            float[] to,
            int at,
            int step,
            boolean spill) {
        long picture = (long) imageH * imageW * pixel;
        int end = first + count;
        for (int i = first; i < end; ) {
            int x = i % gridW;
            int y = i / gridW;
            int right = Math.min(gridW, x + end - i);
            int row = rows[y % gridH * kernelH + kh];
            long pixels = image + y / gridH * picture + row * (imageW * pixel);
            i += right - x;
            while (x < right) {
                int positions = 1;
                if (row < 0) {
                    positions = right - x;
                    for (int p = 0; p < positions; p++) {
                        clear(to, at + p * step, length, spill);
                    }
                } else if (dense && run[x]) {
                    long from = pixels + cols[x * kernelW] * pixel;
                    while (x + positions < right && run[x + positions]) {
                        positions++;
                    }
                    long apart = positions == 1 ? 0 : (cols[(x + 1) * kernelW] - cols[x * kernelW]) * pixel;
                    copy(from + 4L * in, apart, positions, length, to, at, step, spill);
                } else {
                    single(pixels, pixel, channels, x, in, length, to, at, spill);
                }
                x += positions;
                at += positions * step;
            }
        }
    }

    /** One position, tap by tap. */
    private void single(
            long pixels, long pixel, int channels, int x, int in, int n, float[] to, int at, boolean spill) {
        int kw = in / channels;
        int c = in - kw * channels;
        while (n > 0) {
            int length = Math.min(channels - c, n);
            int col = cols[x * kernelW + kw];
            if (col < 0) {
                clear(to, at, length, spill);
            } else {
                copy(pixels + col * pixel + 4L * c, 0, 1, length, to, at, 0, spill);
            }
            c = 0;
            n -= length;
            at += length;
            kw++;
        }
    }

    /** As many times {@code length} floats, {@code apart} bytes from each other, to places {@code step} floats from each other. */
    private static void copy(
            long from, long apart, int times, int length, float[] to, int at, int step, boolean spill) {
        int done = 0;
        for (; done <= length - N; done += N) {
            for (int i = 0; i < times; i++) {
                Lanes.load(from + 4L * done + i * apart).intoArray(to, at + done + i * step);
            }
        }
        if (done == length) {
            return;
        }
        if (spill) {
            for (int i = 0; i < times; i++) {
                Lanes.loadFirst(from + 4L * done + i * apart, length - done).intoArray(to, at + done + i * step);
            }
            return;
        }
        for (; done < length; done++) {
            for (int i = 0; i < times; i++) {
                to[at + done + i * step] = Lanes.get(from + 4L * done + i * apart);
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
}
