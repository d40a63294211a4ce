package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The rows of an image that a depthwise kernel reads for one row of its grid, one vector of channels, in a ring of
 * packed rows: every pixel is one vector, the padding is there as +0, and columns are sorted by phase (column mod
 * stride), so that each tap of consecutive grid columns is a contiguous run. Kernels then need no special case at the
 * border and for strides.
 *
 * <p>For a convolution the grid is the output and the image the input. For its input gradient the grid is the input and
 * the image is the output's gradient with zeros between its pixels.
 */
final class RowWindow {
    /**
     * One axis of the geometry.
     *
     * @param grid grid positions
     * @param kernel taps
     * @param stride image positions per grid step
     * @param first image position of the first tap of grid position 0
     * @param toTap image positions from tap to tap; negative for an input gradient
     * @param image stored pixels
     * @param spread image positions per stored pixel; 1 unless stride is 1
     */
    record Axis(int grid, int kernel, int stride, int first, int toTap, int image, int spread) {
        /** Image positions under one grid position. */
        int span() {
            return (kernel - 1) * Math.abs(toTap) + 1;
        }

        /** The smallest image position under grid position {@code i}. */
        int low(int i) {
            return i * stride + first + Math.min(0, (kernel - 1) * toTap);
        }

        /** Where tap {@code k} is behind {@link #low}. */
        int offset(int k) {
            return toTap < 0 ? (k - kernel + 1) * toTap : k * toTap;
        }

        /** Stored pixel at an image position, or −1 if it is +0. */
        int stored(int at) {
            return at >= 0 && at % spread == 0 && at / spread < image ? at / spread : -1;
        }
    }

    private final Axis rows;
    private final Axis cols;
    private final int channels;

    /** Pixels of one phase in a packed row. */
    private final int phaseLength;

    private final int rowLength;

    /**
     * For each phase: packed pixels from begin to end, every {@code spread}-th, hold the stored ones from source on.
     */
    private final int[] begin;

    private final int[] end;
    private final int[] source;

    RowWindow(Axis rows, Axis cols, int channels) {
        this.rows = rows;
        this.cols = cols;
        this.channels = channels;
        phaseLength = cols.grid() + (cols.span() - 1) / cols.stride();
        rowLength = cols.stride() * phaseLength * N;
        begin = new int[cols.stride()];
        end = new int[cols.stride()];
        source = new int[cols.stride()];
        for (int p = 0; p < cols.stride(); p++) {
            int i = 0;
            while (i < phaseLength && cols.stored(column(p, i)) < 0) {
                i++;
            }
            begin[p] = i;
            source[p] = i < phaseLength ? cols.stored(column(p, i)) : 0;
            while (i < phaseLength && cols.stored(column(p, i)) >= 0) {
                i += cols.spread();
            }
            end[p] = Math.min(i, phaseLength);
        }
    }

    private int column(int phase, int i) {
        return cols.low(i) + phase;
    }

    Axis rows() {
        return rows;
    }

    Axis cols() {
        return cols;
    }

    int channels() {
        return channels;
    }

    /** Floats in the ring. */
    int size() {
        return rows.span() * rowLength;
    }

    /**
     * Packs image rows {@code from} to {@code to - 1}, {@code blocks} vectors of channels from {@code c} on, each
     * vector into a ring of its own.
     */
    void pack(long image, int c, int blocks, int from, int to, float[] rings) {
        long pixel = 4L * channels;
        int whole = Math.min(blocks, (channels - c) / N);
        for (int r = from; r < to; r++) {
            int base = Math.floorMod(r, rows.span()) * rowLength;
            int row = rows.stored(r);
            if (row < 0) {
                for (int b = 0; b < blocks; b++) {
                    Arrays.fill(rings, b * size() + base, b * size() + base + rowLength, 0f);
                }
                continue;
            }
            long line = image + (long) row * cols.image() * pixel + 4L * c;
            for (int p = 0; p < cols.stride(); p++) {
                int phase = base + p * phaseLength * N;
                int first = phase + begin[p] * N;
                int last = phase + end[p] * N;
                for (int b = 0; b < blocks; b++) {
                    clear(rings, b * size() + phase, b * size() + first, b * size() + last);
                }
                long src = line + source[p] * pixel;
                long step = (cols.spread() > 1 ? 1 : cols.stride()) * pixel;
                int by = cols.spread() * N;
                copy(src, step, rings, first, last, by, whole, size());
                if (whole < blocks) {
                    int ring = whole * size();
                    copyFirst(
                            src + 4L * whole * N, step, channels - c - whole * N, rings, ring + first, ring + last, by);
                }
            }
        }
    }

    /** Sets the pixels of a phase that no stored pixel will fill to +0. */
    private void clear(float[] rings, int phase, int first, int last) {
        int stop = phase + phaseLength * N;
        if (cols.spread() > 1) {
            Arrays.fill(rings, phase, stop, 0f);
        } else {
            Arrays.fill(rings, phase, first, 0f);
            Arrays.fill(rings, last, stop, 0f);
        }
    }

    private static void copy(long src, long step, float[] rings, int first, int last, int by, int blocks, int ring) {
        for (int b = 0; b < blocks; b++) {
            long from = src + 4L * b * N;
            for (int at = b * ring + first; at < b * ring + last; at += by) {
                Lanes.load(from).intoArray(rings, at);
                from += step;
            }
        }
    }

    private static void copyFirst(long src, long step, int count, float[] rings, int first, int last, int by) {
        VectorMask<Float> mask = F.indexInRange(0, count);
        for (int at = first; at < last; at += by) {
            FloatVector.fromMemorySegment(F, Lanes.MEMORY, src, Lanes.ORDER, mask)
                    .intoArray(rings, at);
            src += step;
        }
    }

    /** Where in the ring the run of every tap (kh, kw) starts for one grid row. */
    void offsets(int gridRow, int[] offsets) {
        for (int kh = 0; kh < rows.kernel(); kh++) {
            int base = Math.floorMod(rows.low(gridRow) + rows.offset(kh), rows.span()) * rowLength;
            for (int kw = 0; kw < cols.kernel(); kw++) {
                int at = cols.offset(kw);
                offsets[kh * cols.kernel() + kw] = base + (at % cols.stride() * phaseLength + at / cols.stride()) * N;
            }
        }
    }
}
