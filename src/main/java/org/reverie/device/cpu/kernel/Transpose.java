package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Transposing copies, in squares of 4 × 4 in 128-bit registers whatever the width of the other kernels. */
final class Transpose {
    private static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

    /** The first (second) halves of two vectors, lanes alternating. */
    private static final VectorShuffle<Float> LOW = VectorShuffle.fromValues(FOUR, 0, 4, 1, 5);

    private static final VectorShuffle<Float> HIGH = VectorShuffle.fromValues(FOUR, 2, 6, 3, 7);

    private Transpose() {}

    /** {@code dst[at + c * step + r] = } float {@code c} of the contiguous row at {@code src + r * row} (bytes). */
    static void scatter(long src, long row, int rows, int cols, float[] dst, int at, int step) {
        int squareRows = rows & ~3;
        int squareCols = cols & ~3;
        if (cols < rows) {
            for (int c = 0; c < squareCols; c += 4) {
                squares(src + 4L * c, row, 4 * row, squareRows / 4, dst, at + c * step, step, 4);
            }
        } else {
            for (int r = 0; r < squareRows; r += 4) {
                squares(src + r * row, row, 16, squareCols / 4, dst, at + r, step, 4 * step);
            }
        }
        plain(src + 4L * squareCols, row, squareRows, cols - squareCols, dst, at + squareCols * step, step);
        plain(src + squareRows * row, row, rows - squareRows, cols, dst, at + squareRows, step);
    }

    /**
     * Transposes {@code count} squares; from one to the next it is {@code along} bytes in src, {@code by} floats in
     * dst.
     */
    private static void squares(long src, long row, long along, int count, float[] dst, int at, int step, int by) {
        for (int i = 0; i < count; i++) {
            FloatVector r0 = FloatVector.fromMemorySegment(FOUR, MEMORY, src, ORDER);
            FloatVector r1 = FloatVector.fromMemorySegment(FOUR, MEMORY, src + row, ORDER);
            FloatVector r2 = FloatVector.fromMemorySegment(FOUR, MEMORY, src + 2 * row, ORDER);
            FloatVector r3 = FloatVector.fromMemorySegment(FOUR, MEMORY, src + 3 * row, ORDER);
            FloatVector low02 = r0.rearrange(LOW, r2);
            FloatVector high02 = r0.rearrange(HIGH, r2);
            FloatVector low13 = r1.rearrange(LOW, r3);
            FloatVector high13 = r1.rearrange(HIGH, r3);
            low02.rearrange(LOW, low13).intoArray(dst, at);
            low02.rearrange(HIGH, low13).intoArray(dst, at + step);
            high02.rearrange(LOW, high13).intoArray(dst, at + 2 * step);
            high02.rearrange(HIGH, high13).intoArray(dst, at + 3 * step);
            src += along;
            at += by;
        }
    }

    private static void plain(long src, long row, int rows, int cols, float[] dst, int at, int step) {
        for (int r = 0; r < rows; r++) {
            long from = src + r * row;
            for (int c = 0; c < cols; c++) {
                dst[at + c * step + r] = Lanes.get(from + 4L * c);
            }
        }
    }
}
