package org.reverie.device.cpu.kernel;

/** Transposing copies. */
final class Transpose {
    private Transpose() {}

    /** {@code dst[at + c * step + r] = } float {@code c} of the contiguous row at {@code src + r * row}. */
    static void scatter(long src, long row, int rows, int cols, float[] dst, int at, int step) {
        for (int r = 0; r < rows; r++) {
            long from = src + r * row;
            for (int c = 0; c < cols; c++) {
                dst[at + c * step + r] = Lanes.get(from + 4L * c);
            }
        }
    }
}
