package org.reverie.device.cpu.kernel;

import java.util.Arrays;
import org.reverie.device.cpu.ConvGeometry;

/**
 * What a number of neighbouring output rows of a convolution read of one group of the input, with its padding, copied into an array that
 * stays in the second-level cache. Output rows are counted through the batch.
 */
final class Window {
    /** Floats of a window, more only if a single output row needs more. */
    static final int FLOATS = 96 << 10;

    /** The layout that all windows of a convolution share. */
    static final class Layout {
        private final ConvGeometry g;
        private final boolean onlyPixels;

        /** Floats from pixel to pixel, and from row to row. */
        private final int pixel;

        private final int row;
        private final int width;
        final Runs runs;

        Layout(ConvGeometry g) {
            this.g = g;
            onlyPixels = g.kernelH() == 1
                    && g.kernelW() == 1
                    && g.padTop() == 0
                    && g.padLeft() == 0
                    && (g.outHeight() - 1) * g.strideH() < g.height()
                    && (g.outWidth() - 1) * g.strideW() < g.width();
            int channels = g.groupIn();
            // Pixels a multiple of 2 KiB apart would meet in a few sets of the first-level cache.
            pixel = channels % 512 == 0 ? channels + 16 : channels;
            width = onlyPixels
                    ? g.outWidth()
                    : (g.outWidth() - 1) * g.strideW() + (g.kernelW() - 1) * g.dilationW() + 1;
            row = width * pixel;
            runs = runs(channels);
        }

        private Runs runs(int channels) {
            boolean whole = g.dilationW() == 1 && pixel == channels;
            int columns = whole ? 1 : g.kernelW();
            int[] starts = new int[g.kernelH() * columns];
            for (int i = 0; i < starts.length; i++) {
                starts[i] = i / columns * g.dilationH() * row + i % columns * g.dilationW() * pixel;
            }
            return Runs.of(starts, whole ? g.kernelW() * channels : channels);
        }

        /** Output rows whose window has at most {@link #FLOATS} floats, at least one. */
        int rows() {
            int step = onlyPixels ? 1 : g.strideH();
            int rim = inputRows(1) - step;
            int rows = Math.max(1, (FLOATS / Math.max(1, row) - rim) / step);
            // Each image has a rim of its own.
            return rows <= g.outHeight()
                    ? rows
                    : Math.max(1, FLOATS / Math.max(1, inputRows(g.outHeight()) * row)) * g.outHeight();
        }

        private int inputRows(int outputRows) {
            return onlyPixels ? outputRows : (outputRows - 1) * g.strideH() + (g.kernelH() - 1) * g.dilationH() + 1;
        }
    }

    private final Layout layout;
    private final ConvGeometry g;

    /** The window's floats, and where each output pixel's first tap is in it; the last one is repeated to fill a tile. */
    float[] floats;

    int[] pixels = new int[0];
    int count;

    Window(Layout layout) {
        this.layout = layout;
        this.g = layout.g;
    }

    /** Floats that the window of such rows needs. */
    int size(int first, int rows) {
        int images = (first + rows - 1) / g.outHeight() - first / g.outHeight() + 1;
        int rim = layout.inputRows(1) - (layout.onlyPixels ? 1 : g.strideH());
        return Math.multiplyExact(
                Math.addExact((layout.inputRows(rows + 1)), Math.multiplyExact(images, Math.max(0, rim))), layout.row);
    }

    /** @param image address of the group's first channel of the batch's first pixel */
    void fill(long image, int first, int rows, float[] into) {
        floats = into;
        count = 0;
        int room = Math.ceilDiv(rows * g.outWidth(), ConvTiles.PIXELS) * ConvTiles.PIXELS;
        if (pixels.length < room) {
            pixels = new int[room];
        }
        int at = 0;
        for (int r = first; r < first + rows; ) {
            int begin = r % g.outHeight();
            int end = Math.min(g.outHeight(), begin + first + rows - r);
            long picture = image + 4L * (r / g.outHeight()) * g.height() * g.width() * g.inChannels();
            locate(at, end - begin);
            at = layout.onlyPixels ? pixels(picture, begin, end, at) : padded(picture, begin, end, at);
            r += end - begin;
        }
        Arrays.fill(pixels, count, room, pixels[count - 1]);
    }

    private void locate(int at, int rows) {
        int down = layout.onlyPixels ? layout.row : g.strideH() * layout.row;
        int across = layout.onlyPixels ? layout.pixel : g.strideW() * layout.pixel;
        for (int y = 0; y < rows; y++) {
            for (int x = 0; x < g.outWidth(); x++) {
                pixels[count++] = at + y * down + x * across;
            }
        }
    }

    /** Copies just the pixels that a 1×1 kernel reads. */
    private int pixels(long picture, int begin, int end, int at) {
        for (int y = begin; y < end; y++) {
            long row = picture + 4L * y * g.strideH() * g.width() * g.inChannels();
            copyPixels(row, g.strideW() * g.inChannels(), g.outWidth(), at);
            at += layout.row;
        }
        return at;
    }

    private int padded(long picture, int begin, int end, int at) {
        // A negative pad, which a phase of a transposed convolution may have, leaves out the image's first columns.
        int left = Math.clamp(g.padLeft(), 0, layout.width);
        int skipped = Math.max(0, -g.padLeft());
        int read = Math.max(0, Math.min(g.width() - skipped, layout.width - left));
        int top = begin * g.strideH() - g.padTop();
        int count = layout.inputRows(end - begin);
        for (int y = top; y < top + count; y++) {
            if (y < 0 || y >= g.height()) {
                Arrays.fill(floats, at, at + layout.row, 0f);
            } else {
                int from = at + left * layout.pixel;
                int to = from + read * layout.pixel;
                Arrays.fill(floats, at, from, 0f);
                copyPixels(picture + 4L * (y * g.width() + skipped) * g.inChannels(), g.inChannels(), read, from);
                Arrays.fill(floats, to, at + layout.row, 0f);
            }
            at += layout.row;
        }
        return at;
    }

    /** Copies the group's channels of pixels that lie {@code step} floats apart. */
    private void copyPixels(long from, int step, int count, int at) {
        int channels = g.groupIn();
        if (step == channels && layout.pixel == channels) {
            Packing.copyExactly(from, count * channels, floats, at);
            return;
        }
        for (int x = 0; x < count; x++) {
            Packing.copyExactly(from, channels, floats, at);
            from += 4L * step;
            at += layout.pixel;
        }
    }
}
