package org.reverie.device.cpu.kernel;

/** Where a contraction takes its operands from, in the packed order of {@link Tiles}. */
final class Panels {
    private Panels() {}

    /** The left operand. */
    interface Left {
        /** Writes element (row + i, k + p), for i below {@code rows} and p below {@code kc}, to {@code a[i * ROW + p]}. */
        void pack(int row, int rows, int k, int kc, float[] a);
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
            throw new UnsupportedOperationException();
        }
    }
}
