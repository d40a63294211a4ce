package org.reverie.device.cpu;

/** Matrix products by rule 2 of the bit contract, over raw memory. Shapes and bounds are the caller's to check. */
public interface MatrixKernels {
    /**
     * {@code c[i][j] = epilogue(sum over p of a[i][p] * b[p][j])} for every matrix of the batch.
     *
     * @param a m × k
     * @param b k × n; a linear layer's weights [n, k] are given {@link Strided#transposed()}
     * @param c m × n, columns contiguous (stride 1); must not overlap a or b
     */
    void gemm(int batch, int m, int n, int k, Strided a, Strided b, Strided c, Epilogue epilogue);

    /**
     * Brings one k × n matrix b into the order in which the product reads it, for weights that are used many times. The
     * result belongs to this object's vector width.
     */
    float[] pack(int k, int n, Strided b);

    /** {@link #gemm} with b from {@link #pack}, shared by the whole batch. */
    void gemmPacked(int batch, int m, int n, int k, Strided a, float[] packed, Strided c, Epilogue epilogue);
}
