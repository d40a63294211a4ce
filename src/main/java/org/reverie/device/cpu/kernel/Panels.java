package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Tiles.NR;

import org.reverie.device.cpu.Strided;

/** Where a contraction takes its operands from, in the packed order of {@link Tiles}. */
final class Panels {
    private Panels() {}

    /** The left operand. */
    interface Left {
        /**
         * Writes element (row + i, k + p), for i below {@code rows} and p below {@code terms}, to
         * {@code a[Block.left(i, p / CHUNK) + p % CHUNK]}.
         *
         * @param k a multiple of a chunk
         * @param terms those of at most a group of chunks
         */
        void pack(int row, int rows, int k, int terms, float[] a);
    }

    /** A matrix as the left operand; strides in bytes. */
    record LeftMatrix(long address, long row, long col) implements Left {
        @Override
        public void pack(int first, int rows, int k, int terms, float[] a) {
            Packing.left(address + first * row + k * col, row, col, rows, terms, a);
        }
    }

    /** The right operand. */
    interface Right {
        /**
         * Writes element (k + p, col + j), for p below {@code kc} and j below {@code cols}, to
         * {@code b[q + (j / NR * kc + p) * NR + j % NR]}, and +0 to the columns that fill up the last panel.
         */
        void pack(int k, int kc, int col, int cols, float[] b, int q);

        /** The array that holds the whole operand packed already, or null. */
        default float[] ready() {
            return null;
        }

        /** Index of the chunk from row {@code k} and the panel of column {@code col} in {@link #ready()}. */
        default int at(int k, int kc, int col) {
            throw new IllegalStateException("this operand is packed as it is needed, not beforehand");
        }
    }

    /** One matrix of a strided batch as the right operand, packed as it is needed. */
    record Matrix(Strided b, int index) implements Right {
        @Override
        public void pack(int k, int kc, int col, int cols, float[] to, int q) {
            long src = b.address() + 4 * (index * b.batch() + k * b.row() + col * b.col());
            Packing.right(src, 4 * b.row(), 4 * b.col(), kc, cols, to, q);
        }
    }

    /** A right operand of {@code n} columns packed beforehand from index {@code base}: chunk after chunk, as panels. */
    record Packed(float[] ready, int n, int base) implements Right {
        @Override
        public void pack(int k, int kc, int col, int cols, float[] to, int q) {
            throw new IllegalStateException("the operand is packed already");
        }

        @Override
        public int at(int k, int kc, int col) {
            return base + k * Contraction.roundUp(n, NR) + col * kc;
        }
    }
}
