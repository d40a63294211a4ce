package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposing copies, in squares of 8 × 8 in 256-bit registers (4 × 4 in 128-bit ones where those are the widest). A
 * square is transposed by merging row i with row i + 4, lanes alternating, three times over. The numbers pass through as
 * integers: only for those does the JIT know a selection from two vectors as one instruction.
 */
final class Transpose {
    /** Rows and columns of a square. */
    static final int SQUARE = Math.min(N, 8);

    private static final VectorSpecies<Integer> FOUR = IntVector.SPECIES_128;
    static final VectorSpecies<Integer> EIGHT = IntVector.SPECIES_256;
    private static final IntVector LOW4 = merge(FOUR, 0);
    private static final IntVector HIGH4 = merge(FOUR, 2);
    static final IntVector LOW8 = merge(EIGHT, 0);
    static final IntVector HIGH8 = merge(EIGHT, 4);

    private Transpose() {}

    /** Selects lanes {@code first …} of two vectors, alternating. */
    private static IntVector merge(VectorSpecies<Integer> species, int first) {
        int n = species.length();
        int[] lanes = new int[n];
        for (int i = 0; i < n; i++) {
            lanes[i] = first + i / 2 + i % 2 * n;
        }
        return IntVector.fromArray(species, lanes, 0);
    }

    /** {@code dst[at + c * step + r] = } float {@code c} of the contiguous row at {@code src + r * row} (bytes). */
    static void scatter(long src, long row, int rows, int cols, float[] dst, int at, int step) {
        int squareRows = rows / SQUARE * SQUARE;
        int squareCols = cols / SQUARE * SQUARE;
        if (cols < rows) {
            for (int c = 0; c < squareCols; c += SQUARE) {
                int to = at + c * step;
                squares(src + 4L * c, row, SQUARE * row, squareRows / SQUARE, dst, to, step, SQUARE);
            }
        } else {
            for (int r = 0; r < squareRows; r += SQUARE) {
                squares(src + r * row, row, 4L * SQUARE, squareCols / SQUARE, dst, at + r, step, SQUARE * step);
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
        if (SQUARE == 8) {
            squares8(src, row, along, count, dst, at, step, by);
        } else {
            squares4(src, row, along, count, dst, at, step, by);
        }
    }

    private static void squares8(long src, long row, long along, int count, float[] dst, int at, int step, int by) {
        for (int i = 0; i < count; i++) {
            IntVector a0 = load8(src), a1 = load8(src + row), a2 = load8(src + 2 * row), a3 = load8(src + 3 * row);
            IntVector a4 = load8(src + 4 * row), a5 = load8(src + 5 * row);
            IntVector a6 = load8(src + 6 * row), a7 = load8(src + 7 * row);
            IntVector b0 = LOW8.selectFrom(a0, a4), b1 = HIGH8.selectFrom(a0, a4);
            IntVector b2 = LOW8.selectFrom(a1, a5), b3 = HIGH8.selectFrom(a1, a5);
            IntVector b4 = LOW8.selectFrom(a2, a6), b5 = HIGH8.selectFrom(a2, a6);
            IntVector b6 = LOW8.selectFrom(a3, a7), b7 = HIGH8.selectFrom(a3, a7);
            IntVector c0 = LOW8.selectFrom(b0, b4), c1 = HIGH8.selectFrom(b0, b4);
            IntVector c2 = LOW8.selectFrom(b1, b5), c3 = HIGH8.selectFrom(b1, b5);
            IntVector c4 = LOW8.selectFrom(b2, b6), c5 = HIGH8.selectFrom(b2, b6);
            IntVector c6 = LOW8.selectFrom(b3, b7), c7 = HIGH8.selectFrom(b3, b7);
            LOW8.selectFrom(c0, c4).reinterpretAsFloats().intoArray(dst, at);
            HIGH8.selectFrom(c0, c4).reinterpretAsFloats().intoArray(dst, at + step);
            LOW8.selectFrom(c1, c5).reinterpretAsFloats().intoArray(dst, at + 2 * step);
            HIGH8.selectFrom(c1, c5).reinterpretAsFloats().intoArray(dst, at + 3 * step);
            LOW8.selectFrom(c2, c6).reinterpretAsFloats().intoArray(dst, at + 4 * step);
            HIGH8.selectFrom(c2, c6).reinterpretAsFloats().intoArray(dst, at + 5 * step);
            LOW8.selectFrom(c3, c7).reinterpretAsFloats().intoArray(dst, at + 6 * step);
            HIGH8.selectFrom(c3, c7).reinterpretAsFloats().intoArray(dst, at + 7 * step);
            src += along;
            at += by;
        }
    }

    private static void squares4(long src, long row, long along, int count, float[] dst, int at, int step, int by) {
        for (int i = 0; i < count; i++) {
            IntVector a0 = load4(src), a1 = load4(src + row), a2 = load4(src + 2 * row), a3 = load4(src + 3 * row);
            IntVector b0 = LOW4.selectFrom(a0, a2), b1 = HIGH4.selectFrom(a0, a2);
            IntVector b2 = LOW4.selectFrom(a1, a3), b3 = HIGH4.selectFrom(a1, a3);
            LOW4.selectFrom(b0, b2).reinterpretAsFloats().intoArray(dst, at);
            HIGH4.selectFrom(b0, b2).reinterpretAsFloats().intoArray(dst, at + step);
            LOW4.selectFrom(b1, b3).reinterpretAsFloats().intoArray(dst, at + 2 * step);
            HIGH4.selectFrom(b1, b3).reinterpretAsFloats().intoArray(dst, at + 3 * step);
            src += along;
            at += by;
        }
    }

    static IntVector load8(long address) {
        return IntVector.fromMemorySegment(EIGHT, MEMORY, address, ORDER);
    }

    private static IntVector load4(long address) {
        return IntVector.fromMemorySegment(FOUR, MEMORY, address, ORDER);
    }

    private static void plain(long src, long row, int rows, int cols, float[] dst, int at, int step) {
        for (int r = 0; r < rows; r++) {
            long from = src + r * row;
            for (int c = 0; c < cols; c++) {
                dst[at + c * step + r] = Lanes.get(from + 4L * c);
            }
        }
    }

    /** The tile at {@code tile}, {@code rows} rows of {@link Tiles#NR} floats, by columns to {@code to}, rows equally long. */
    static void tile(long tile, int rows, float[] between, long to) {
        scatter(tile, Block.LD, rows, Tiles.NR, between, 0, Tiles.NR);
        for (int c = 0; c < Tiles.NR; c++) {
            for (int r = 0; r < rows; r += N) {
                Lanes.store(FloatVector.fromArray(Lanes.F, between, c * Tiles.NR + r), to + c * Block.LD + 4L * r);
            }
        }
    }
}
