package org.reverie.device.cpu;

/**
 * A batch of matrices in memory: element (b, i, j) is the float at {@code address + 4 * (b * batch + i * row + j *
 * col)}.
 *
 * @param address bytes
 * @param row elements from row to row
 * @param col elements from column to column
 * @param batch elements from matrix to matrix; 0 shares one matrix
 */
public record Strided(long address, long row, long col, long batch) {
    /** One matrix with contiguous rows, {@code row} elements apart. */
    public static Strided rows(long address, long row) {
        return new Strided(address, row, 1, 0);
    }

    /** The same matrices with rows and columns exchanged. */
    public Strided transposed() {
        return new Strided(address, col, row, batch);
    }
}
