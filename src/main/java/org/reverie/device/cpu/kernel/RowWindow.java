package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;

import jdk.incubator.vector.FloatVector;

/**
 * The rows of an image that a depthwise kernel reads for one row of its grid, one vector of channels, in a ring of packed
 * rows: every pixel is one vector, the padding is there as +0, and columns are sorted by phase (column mod stride), so
 * that each tap of consecutive grid columns is a contiguous run. Kernels then need no special case at the border and for
 * strides.
 *
 * <p>For a convolution the grid is the output and the image the input. For its input gradient the grid is the input and
 * the image is the output's gradient with zeros between its pixels ({@code spread} is the convolution's stride).
 *
 * @param stride image columns and rows per grid step
 * @param first image row (column) of the first tap of grid row (column) 0
 * @param toTap image rows (columns) from tap to tap; negative for an input gradient
 * @param spread image rows (columns) per stored pixel
 */
record RowWindow(Axis rows, Axis cols, int channels) {
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

    /** Pixels of one phase in a packed row. */
    private int phaseLength() {
        return cols.grid() + (cols.span() - 1) / cols.stride();
    }

    private int rowLength() {
        return cols.stride() * phaseLength() * N;
    }

    /** Floats in the ring. */
    int size() {
        return rows.span() * rowLength();
    }

    /** Packs image rows {@code from} to {@code to - 1}, channels from {@code c}, of the picture at {@code image}. */
    void pack(long image, int c, int from, int to, float[] ring) {
        int count = Math.min(N, channels - c);
        long pixel = 4L * channels;
        int phase = phaseLength();
        FloatVector zero = FloatVector.zero(Lanes.F);
        for (int r = from; r < to; r++) {
            int base = Math.floorMod(r, rows.span()) * rowLength();
            int row = rows.stored(r);
            for (int p = 0; p < cols.stride(); p++) {
                for (int i = 0; i < phase; i++) {
                    int col = row < 0 ? -1 : cols.stored(cols.low(i) + p);
                    int at = base + (p * phase + i) * N;
                    if (col < 0) {
                        zero.intoArray(ring, at);
                    } else {
                        Lanes.loadFirst(image + ((long) row * cols.image() + col) * pixel + 4L * c, count)
                                .intoArray(ring, at);
                    }
                }
            }
        }
    }

    /** Where in the ring the run of every tap (kh, kw) starts for one grid row. */
    void offsets(int gridRow, int[] offsets) {
        int phase = phaseLength();
        for (int kh = 0; kh < rows.kernel(); kh++) {
            int base = Math.floorMod(rows.low(gridRow) + rows.offset(kh), rows.span()) * rowLength();
            for (int kw = 0; kw < cols.kernel(); kw++) {
                int at = cols.offset(kw);
                offsets[kh * cols.kernel() + kw] =
                        base + (at % cols.stride() * phase + at / cols.stride()) * N;
            }
        }
    }
}
