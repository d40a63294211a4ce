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
        int square = cols & ~3;
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            fourRows(src + r * row, row, square, dst, at + r, step);
        }
        if (square < cols) {
            plain(src + 4L * square, row, r, cols - square, dst, at + square * step, step);
        }
        plain(src + r * row, row, rows - r, cols, dst, at + r, step);
    }

    private static void fourRows(long src, long row, int cols, float[] dst, int at, int step) {
        long src1 = src + row;
        long src2 = src1 + row;
        long src3 = src2 + row;
        for (int c = 0; c < cols; c += 4) {
            long i = 4L * c;
            FloatVector r0 = FloatVector.fromMemorySegment(FOUR, MEMORY, src + i, ORDER);
            FloatVector r1 = FloatVector.fromMemorySegment(FOUR, MEMORY, src1 + i, ORDER);
            FloatVector r2 = FloatVector.fromMemorySegment(FOUR, MEMORY, src2 + i, ORDER);
            FloatVector r3 = FloatVector.fromMemorySegment(FOUR, MEMORY, src3 + i, ORDER);
            FloatVector low02 = r0.rearrange(LOW, r2);
            FloatVector high02 = r0.rearrange(HIGH, r2);
            FloatVector low13 = r1.rearrange(LOW, r3);
            FloatVector high13 = r1.rearrange(HIGH, r3);
            low02.rearrange(LOW, low13).intoArray(dst, at);
            low02.rearrange(HIGH, low13).intoArray(dst, at + step);
            high02.rearrange(LOW, high13).intoArray(dst, at + 2 * step);
            high02.rearrange(HIGH, high13).intoArray(dst, at + 3 * step);
            at += 4 * step;
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
