package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Transpose.HIGH8;
import static org.reverie.device.cpu.kernel.Transpose.LOW8;
import static org.reverie.device.cpu.kernel.Transpose.load8;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Strided;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * Products of one or two rows with weights [n, k]: each weight is used once or twice, so packing them would be all of the
 * work. Sixteen rows of weights are transposed in registers, eight columns at a time, and multiplied right away.
 */
final class RowProducts {
    /** Rows up to which this is faster than packing. */
    private static final int MAX_ROWS = 2;

    /** Rows of weights that are taken at a time. */
    private static final int STRIP = 16;

    private static final int CHUNK = Contract.CHUNK;
    private static final VectorSpecies<Float> F8 = FloatVector.SPECIES_256;

    private RowProducts() {}

    static boolean suits(int batch, int m, int n, Strided a, Strided b) {
        return batch == 1 && m <= MAX_ROWS && n >= STRIP && a.col() == 1 && b.row() == 1 && Transpose.SQUARE == 8;
    }

    /** @param fast in the order of {@link FastRows} rather than the contract's */
    static void run(
            boolean fast,
            int m,
            int n,
            int k,
            Strided a,
            Strided b,
            Strided c,
            Epilogue e,
            Workers workers,
            int threads) {
        int cols = threads == 1 ? n : Contraction.roundUp(Math.ceilDiv(n, 2 * threads), NR);
        Workers.Body body = (task, worker) -> {
            int first = task * cols;
            int count = Math.min(cols, n - first);
            float[] x = workers.floats(worker, 0, k + Lanes.N);
            long sums = workers.memory(worker, 0, 4L * Contraction.roundUp(count, NR));
            ChunkTree tree = new ChunkTree(STRIP);
            long weights = b.address() + 4 * first * b.col();
            for (int i = 0; i < m; i++) {
                Packing.copy(a.address() + 4 * i * a.row(), k, x, 0);
                if (fast) {
                    FastRows.products(x, k, weights, 4 * b.col(), count, sums);
                } else {
                    row(x, k, weights, 4 * b.col(), count, tree, sums);
                }
                long bias = e.bias() == 0 ? 0 : e.bias() + 4L * first;
                long residual = e.residual() == 0 ? 0 : e.residual() + 4 * (i * e.residualRow() + first);
                long to = c.address() + 4 * (i * c.row() + first);
                Strips.finish(sums, 0, 1, count, to, 0, bias, residual, 0, e.activation());
            }
        };
        if (threads == 1) {
            workers.alone(1, body);
        } else {
            workers.parallelFor(Math.ceilDiv(n, cols), body);
        }
    }

    /** {@code sums[j] = x · weights[j]} for j below {@code n}; rows of weights are {@code row} bytes apart. */
    private static void row(float[] x, int k, long weights, long row, int n, ChunkTree tree, long sums) {
        float[] y = new float[STRIP];
        for (int j = 0; j < n; j += STRIP) {
            int count = Math.min(STRIP, n - j);
            long w = weights + j * row;
            int k0 = 0;
            do {
                int kc = Math.min(CHUNK, k - k0);
                int squares = count == STRIP ? kc & -8 : 0;
                strip(w + 4L * k0, row, squares, x, k0, y);
                rest(w + 4L * (k0 + squares), row, kc - squares, count, x, k0 + squares, y);
                k0 += kc;
                if (k0 < k) {
                    tree.push(y, 0);
                }
            } while (k0 < k);
            tree.finish(y, 0);
            for (int r = 0; r < count; r++) {
                Lanes.set(sums + 4L * (j + r), y[r]);
            }
        }
    }

    /** Goes on with the chains of {@code count} rows. */
    private static void rest(long w, long row, int terms, int count, float[] x, int at, float[] y) {
        for (int r = 0; terms > 0 && r < count; r++) {
            float sum = y[r];
            for (int p = 0; p < terms; p++) {
                sum = Math.fma(x[at + p], Lanes.get(w + r * row + 4L * p), sum);
            }
            y[r] = sum;
        }
    }

    /** The chains of sixteen rows from +0 over {@code terms} terms, a multiple of eight. */
    private static void strip(long w, long row, int terms, float[] x, int at, float[] y) {
        FloatVector s = FloatVector.zero(F8);
        FloatVector t = s;
        for (int p = at, end = at + terms; p < end; p += 8) {
            IntVector a0 = load8(w + 0 * row),
                    a1 = load8(w + 1 * row),
                    a2 = load8(w + 2 * row),
                    a3 = load8(w + 3 * row);
            IntVector a4 = load8(w + 4 * row),
                    a5 = load8(w + 5 * row),
                    a6 = load8(w + 6 * row),
                    a7 = load8(w + 7 * row);
            IntVector b0 = LOW8.selectFrom(a0, a4), b1 = HIGH8.selectFrom(a0, a4);
            IntVector b2 = LOW8.selectFrom(a1, a5), b3 = HIGH8.selectFrom(a1, a5);
            IntVector b4 = LOW8.selectFrom(a2, a6), b5 = HIGH8.selectFrom(a2, a6);
            IntVector b6 = LOW8.selectFrom(a3, a7), b7 = HIGH8.selectFrom(a3, a7);
            IntVector c0 = LOW8.selectFrom(b0, b4), c1 = HIGH8.selectFrom(b0, b4);
            IntVector c2 = LOW8.selectFrom(b1, b5), c3 = HIGH8.selectFrom(b1, b5);
            IntVector c4 = LOW8.selectFrom(b2, b6), c5 = HIGH8.selectFrom(b2, b6);
            IntVector c6 = LOW8.selectFrom(b3, b7), c7 = HIGH8.selectFrom(b3, b7);
            IntVector d0 = load8(w + 8 * row),
                    d1 = load8(w + 9 * row),
                    d2 = load8(w + 10 * row),
                    d3 = load8(w + 11 * row);
            IntVector d4 = load8(w + 12 * row),
                    d5 = load8(w + 13 * row),
                    d6 = load8(w + 14 * row),
                    d7 = load8(w + 15 * row);
            IntVector e0 = LOW8.selectFrom(d0, d4), e1 = HIGH8.selectFrom(d0, d4);
            IntVector e2 = LOW8.selectFrom(d1, d5), e3 = HIGH8.selectFrom(d1, d5);
            IntVector e4 = LOW8.selectFrom(d2, d6), e5 = HIGH8.selectFrom(d2, d6);
            IntVector e6 = LOW8.selectFrom(d3, d7), e7 = HIGH8.selectFrom(d3, d7);
            IntVector f0 = LOW8.selectFrom(e0, e4), f1 = HIGH8.selectFrom(e0, e4);
            IntVector f2 = LOW8.selectFrom(e1, e5), f3 = HIGH8.selectFrom(e1, e5);
            IntVector f4 = LOW8.selectFrom(e2, e6), f5 = HIGH8.selectFrom(e2, e6);
            IntVector f6 = LOW8.selectFrom(e3, e7), f7 = HIGH8.selectFrom(e3, e7);
            FloatVector x0 = FloatVector.broadcast(F8, x[p + 0]);
            s = x0.fma(LOW8.selectFrom(c0, c4).reinterpretAsFloats(), s);
            t = x0.fma(LOW8.selectFrom(f0, f4).reinterpretAsFloats(), t);
            FloatVector x1 = FloatVector.broadcast(F8, x[p + 1]);
            s = x1.fma(HIGH8.selectFrom(c0, c4).reinterpretAsFloats(), s);
            t = x1.fma(HIGH8.selectFrom(f0, f4).reinterpretAsFloats(), t);
            FloatVector x2 = FloatVector.broadcast(F8, x[p + 2]);
            s = x2.fma(LOW8.selectFrom(c1, c5).reinterpretAsFloats(), s);
            t = x2.fma(LOW8.selectFrom(f1, f5).reinterpretAsFloats(), t);
            FloatVector x3 = FloatVector.broadcast(F8, x[p + 3]);
            s = x3.fma(HIGH8.selectFrom(c1, c5).reinterpretAsFloats(), s);
            t = x3.fma(HIGH8.selectFrom(f1, f5).reinterpretAsFloats(), t);
            FloatVector x4 = FloatVector.broadcast(F8, x[p + 4]);
            s = x4.fma(LOW8.selectFrom(c2, c6).reinterpretAsFloats(), s);
            t = x4.fma(LOW8.selectFrom(f2, f6).reinterpretAsFloats(), t);
            FloatVector x5 = FloatVector.broadcast(F8, x[p + 5]);
            s = x5.fma(HIGH8.selectFrom(c2, c6).reinterpretAsFloats(), s);
            t = x5.fma(HIGH8.selectFrom(f2, f6).reinterpretAsFloats(), t);
            FloatVector x6 = FloatVector.broadcast(F8, x[p + 6]);
            s = x6.fma(LOW8.selectFrom(c3, c7).reinterpretAsFloats(), s);
            t = x6.fma(LOW8.selectFrom(f3, f7).reinterpretAsFloats(), t);
            FloatVector x7 = FloatVector.broadcast(F8, x[p + 7]);
            s = x7.fma(HIGH8.selectFrom(c3, c7).reinterpretAsFloats(), s);
            t = x7.fma(HIGH8.selectFrom(f3, f7).reinterpretAsFloats(), t);
            w += 32;
        }
        s.intoArray(y, 0);
        t.intoArray(y, 8);
    }
}
