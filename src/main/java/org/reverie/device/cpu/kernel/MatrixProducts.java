package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Tiles.NR;

import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.MatrixKernels;
import org.reverie.device.cpu.Strided;
import org.reverie.numerics.Contract;

/** Products of strided matrices. */
final class MatrixProducts implements MatrixKernels {
    private final Contraction contraction;

    MatrixProducts(Contraction contraction) {
        this.contraction = contraction;
    }

    @Override
    public void gemm(int batch, int m, int n, int k, Strided a, Strided b, Strided c, Epilogue epilogue) {
        contraction.run(batch, m, n, k, epilogue, index -> matrix(a, new Panels.Matrix(b, index), c, epilogue, index));
    }

    @Override
    public float[] pack(int k, int n, Strided b) {
        float[] packed = new float[Math.multiplyExact(k, Contraction.roundUp(n, NR))];
        Panels.Right source = new Panels.Matrix(b, 0);
        Panels.Packed layout = new Panels.Packed(packed, n, 0);
        int chunks = Contraction.ceilDiv(k, Contract.CHUNK);
        contraction.workers().parallelFor(chunks, (t, worker) -> {
            int k0 = t * Contract.CHUNK;
            int kc = Math.min(Contract.CHUNK, k - k0);
            source.pack(k0, kc, 0, n, packed, layout.at(k0, kc, 0));
        });
        return packed;
    }

    @Override
    public void gemmPacked(int batch, int m, int n, int k, Strided a, float[] packed, Strided c, Epilogue epilogue) {
        if (packed.length != k * Contraction.roundUp(n, NR)) {
            throw new IllegalArgumentException("packed operand has " + packed.length + " floats, not those of a " + k
                    + " x " + n + " matrix at this vector width");
        }
        Panels.Right right = new Panels.Packed(packed, n, 0);
        contraction.run(batch, m, n, k, epilogue, index -> matrix(a, right, c, epilogue, index));
    }

    private static Contraction.Matrix matrix(Strided a, Panels.Right right, Strided c, Epilogue e, int index) {
        long address = a.address() + 4 * index * a.batch();
        long row = 4 * a.row();
        long col = 4 * a.col();
        Panels.Left left = (i, rows, k, kc, to) -> Packing.left(address + i * row + k * col, row, col, rows, kc, to);
        long offset = 4 * index * c.batch();
        long residual = e.residual() == 0 ? 0 : e.residual() + offset;
        return new Contraction.Matrix(
                left, right, c.address() + offset, 4 * c.row(), residual, 4 * e.residualRow(), e.bias());
    }
}
