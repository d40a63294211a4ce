package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Tiles.ROW;

import java.util.Arrays;
import org.reverie.numerics.Contract;

/** Copies parts of strided matrices into the packed panels that {@link Tiles} reads. Strides are in bytes. */
final class Packing {
    private static final int CHUNK = Contract.CHUNK;

    private Packing() {}

    /**
     * The left operand of a group of chunks, from {@code src + i * row + p * col}. Rows that lie contiguous are read one
     * after the other, as they lie in memory.
     */
    static void left(long src, long row, long col, int rows, int terms, float[] a) {
        if (col == 4) {
            for (int i = 0; i < rows; i++) {
                long from = src + i * row;
                int p = 0;
                for (; p < terms - CHUNK; p += CHUNK) {
                    copy(from + 4L * p, CHUNK, a, Block.left(i, p / CHUNK));
                }
                copy(from + 4L * p, terms - p, a, Block.left(i, p / CHUNK));
            }
            return;
        }
        for (int p = 0; p < terms; p += CHUNK) {
            int kc = Math.min(CHUNK, terms - p);
            if (row == 4) {
                Transpose.scatter(src + p * col, col, kc, rows, a, Block.left(0, p / CHUNK), ROW);
            } else {
                for (int i = 0; i < rows; i++) {
                    int at = Block.left(i, p / CHUNK);
                    for (int q = 0; q < kc; q++) {
                        a[at + q] = Lanes.get(src + i * row + (p + q) * col);
                    }
                }
            }
        }
    }

    /** Right panels: {@code b[q + (j / NR * kc + p) * NR + j % NR]} from {@code src + p * row + j * col}. */
    static void right(long src, long row, long col, int kc, int cols, float[] b, int q) {
        for (int j = 0; j < cols; j += NR) {
            int width = Math.min(NR, cols - j);
            int to = q + j * kc;
            if (width < NR) {
                Arrays.fill(b, to, to + NR * kc, 0f);
            }
            long from = src + j * col;
            if (col == 4 && width == NR) {
                wholePanel(from, row, kc, b, to);
            } else if (col == 4) {
                for (int p = 0; p < kc; p++) {
                    copy(from + p * row, width, b, to + p * NR);
                }
            } else if (row == 4) {
                Transpose.scatter(from, col, width, kc, b, to, NR);
            } else {
                for (int p = 0; p < kc; p++) {
                    for (int l = 0; l < width; l++) {
                        b[to + p * NR + l] = Lanes.get(from + p * row + l * col);
                    }
                }
            }
        }
    }

    private static void wholePanel(long src, long row, int kc, float[] b, int to) {
        for (int p = 0; p < kc; p++) {
            Lanes.load(src).intoArray(b, to);
            Lanes.load(src + 4L * N).intoArray(b, to + N);
            src += row;
            to += NR;
        }
    }

    /** Copies {@code n} floats; what follows them in {@code dst}, less than a vector, is overwritten. */
    static void copy(long src, int n, float[] dst, int at) {
        int vectors = n / N;
        for (int v = 0; v < vectors; v++) {
            Lanes.load(src).intoArray(dst, at);
            src += 4L * N;
            at += N;
        }
        int rest = n - vectors * N;
        if (rest > 0) {
            Lanes.loadFirst(src, rest).intoArray(dst, at);
        }
    }

    /** Copies {@code n} floats and leaves everything else as it is. */
    static void copyExactly(long src, int n, float[] dst, int at) {
        int i = 0;
        for (; i <= n - N; i += N) {
            Lanes.load(src + 4L * i).intoArray(dst, at + i);
        }
        for (; i < n; i++) {
            dst[at + i] = Lanes.get(src + 4L * i);
        }
    }
}
