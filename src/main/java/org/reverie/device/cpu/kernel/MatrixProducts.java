package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Tiles.NR;

import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.MatrixKernels;
import org.reverie.device.cpu.Strided;

/** Products of strided matrices. */
final class MatrixProducts implements MatrixKernels {
    private final Contraction contraction;

    /** Whether any order of summation will do. */
    private final boolean fast;

    MatrixProducts(Contraction contraction, boolean fast) {
        this.contraction = contraction;
        this.fast = fast;
    }

    @Override
    public void gemm(int batch, int m, int n, int k, Strided a, Strided b, Strided c, Epilogue epilogue) {
        if (RowProducts.suits(batch, m, n, a, b)) {
            RowProducts.run(fast, m, n, k, a, b, c, epilogue, contraction.workers(), contraction.threads(m, n, k));
        } else if (turns(m, n, k, a, b)) {
            Strided right = a.transposed();
            contraction.run(
                    batch,
                    n,
                    m,
                    k,
                    epilogue,
                    index -> matrix(b.transposed(), new Panels.Matrix(right, index), c, epilogue, index, true));
        } else {
            contraction.run(
                    batch,
                    m,
                    n,
                    k,
                    epilogue,
                    index -> matrix(a, new Panels.Matrix(b, index), c, epilogue, index, false));
        }
    }

    /**
     * Whether to compute the transposed product instead, because less has to be transposed for packing then: weights [n, k]
     * against fewer rows, or the transpose of a large matrix times a narrow one. What it costs is to transpose the result.
     */
    private static boolean turns(int m, int n, int k, Strided a, Strided b) {
        if (Math.min(m, n) <= Tiles.MR) {
            return false;
        }
        long straight = transposed(a.col(), m, k) + transposed(b.col(), n, k);
        long turned = transposed(a.row(), m, k) + transposed(b.row(), n, k);
        return straight > turned + 4L * m * n / 3;
    }

    /** Numbers of an operand to be transposed if they are not read along a stride of 1. */
    private static long transposed(long stride, int rows, int k) {
        return stride == 1 ? 0 : (long) rows * k;
    }

    @Override
    public float[] pack(int k, int n, Strided b) {
        float[] packed = new float[Math.multiplyExact(k, Contraction.roundUp(n, NR))];
        Panels.Right source = new Panels.Matrix(b, 0);
        Panels.Packed layout = new Panels.Packed(packed, n, 0);
        contraction.pack(source, layout, n, k, contraction.workers().threads());
        return packed;
    }

    @Override
    public void gemmPacked(int batch, int m, int n, int k, Strided a, float[] packed, Strided c, Epilogue epilogue) {
        if (packed.length != k * Contraction.roundUp(n, NR)) {
            throw new IllegalArgumentException("packed operand has " + packed.length + " floats, not those of a " + k
                    + " x " + n + " matrix at this vector width");
        }
        Panels.Right right = new Panels.Packed(packed, n, 0);
        contraction.run(batch, m, n, k, epilogue, index -> matrix(a, right, c, epilogue, index, false));
    }

    private static Contraction.Matrix matrix(
            Strided a, Panels.Right right, Strided c, Epilogue e, int index, boolean turned) {
        Panels.Left left = new Panels.LeftMatrix(a.address() + 4 * index * a.batch(), 4 * a.row(), 4 * a.col());
        long offset = 4 * index * c.batch();
        long residual = e.residual() == 0 ? 0 : e.residual() + offset;
        return new Contraction.Matrix(
                left, right, c.address() + offset, 4 * c.row(), residual, 4 * e.residualRow(), e.bias(), turned);
    }
}
