package org.reverie.device.cpu;

/**
 * Sums by rule 3 of the bit contract, and what is made of them. A mean is a sum divided by the count; a variance is
 * {@code squares} divided by the count. Matrices are contiguous where no stride is given.
 */
public interface ReduceKernels {
    /** {@code y[i] = sum of x[i][0 … cols)}; rows are {@code row} elements apart. */
    void sumRows(int rows, int cols, long x, long row, long y);

    /** {@code y[i] = sum over j of d · d, d = x[i][j] − means[i]}. */
    void squaresRows(int rows, int cols, long x, long row, long means, long y);

    /** {@code y[p][j] = sum over i of x[p][i][j]}: over the pixels of an NHWC image, or over all leading axes. */
    void sumColumns(int batch, int rows, int cols, long x, long y);

    /** {@code y[p][j] = sum over i of d · d, d = x[p][i][j] − means[p][j]}. */
    void squaresColumns(int batch, int rows, int cols, long x, long means, long y);

    /** {@code y[i][j] = e / sum of row i's e, e = exp(x[i][j] − m)}, m the largest of the row; y may be x. */
    void softmaxRows(int rows, int cols, long x, long y);

    /** {@code y[i] =} the largest of row i, which is not empty; NaN wins, −0 is below +0. */
    void maxRows(int rows, int cols, long x, long y);

    /** {@code y[i] =} (i32) where row i has its largest number: the first NaN, else the first of the largest. */
    void argmaxRows(int rows, int cols, long x, long y);
}
