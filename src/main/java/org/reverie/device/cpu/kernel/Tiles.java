package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import jdk.incubator.vector.FloatVector;
import org.reverie.numerics.Contract;

/**
 * Register tiles of a matrix product: {@code c[i][j] = sum over p of a[i][p] * b[p][j]}, one fma chain from +0 per
 * element with p ascending, which is one chunk of the bit contract (rule 2).
 *
 * <p>{@code a} holds from index {@code at} a packed panel with rows {@link #ROW} floats apart, {@code b} (from index {@code q}) a packed
 * panel of {@code kc} rows of {@link #NR} floats; the result goes to memory at {@code c}, rows {@code ldc} bytes apart.
 * In a name {@code tile8x2}, 8 is the number of rows and 2 the number of vectors in a row.
 *
 * <p>The tiles are spelled out on purpose, and the panels are Java arrays on purpose: the JIT keeps every accumulator
 * in a register, drops the bounds checks and unrolls only if the loop holds nothing but array loads, broadcasts and fma
 * and stays small. Eight or nine rows reach the peak of the fma units; ten and more fall off (docs/cpu-kernels.md).
 */
final class Tiles {
    /** Rows of the largest tile. */
    static final int MR = 8;

    /** Columns of a packed panel of b. */
    static final int NR = 2 * N;

    /**
     * Floats from row to row of a packed panel of a: a chunk and one cache line, so that rows fall into different
     * sets.
     */
    static final int ROW = Contract.CHUNK + 16;

    private static final long V = 4L * N;

    private Tiles() {}

    /** Runs the tile of {@code rows} (1 to {@link #MR}, in pieces) by {@code vectors} (1 or 2) vectors. */
    static void run(int rows, int vectors, int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        if (rows == MR) {
            if (vectors == 2) tile8x2(kc, a, at, b, q, c, ldc);
            else tile8x1(kc, a, at, b, q, c, ldc);
            return;
        }
        int i = 0;
        if ((rows & 4) != 0) {
            if (vectors == 2) tile4x2(kc, a, at + i * ROW, b, q, c, ldc);
            else tile4x1(kc, a, at + i * ROW, b, q, c, ldc);
            i += 4;
        }
        if ((rows & 2) != 0) {
            if (vectors == 2) tile2x2(kc, a, at + i * ROW, b, q, c + i * ldc, ldc);
            else tile2x1(kc, a, at + i * ROW, b, q, c + i * ldc, ldc);
            i += 2;
        }
        if ((rows & 1) != 0) {
            if (vectors == 2) tile1x2(kc, a, at + i * ROW, b, q, c + i * ldc);
            else tile1x1(kc, a, at + i * ROW, b, q, c + i * ldc);
        }
    }

    private static void tile8x2(int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero, c0r = zero;
        FloatVector c1l = zero, c1r = zero;
        FloatVector c2l = zero, c2r = zero;
        FloatVector c3l = zero, c3r = zero;
        FloatVector c4l = zero, c4r = zero;
        FloatVector c5l = zero, c5r = zero;
        FloatVector c6l = zero, c6r = zero;
        FloatVector c7l = zero, c7r = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector r = FloatVector.fromArray(F, b, q + N);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            x = FloatVector.broadcast(F, a[p + 2 * ROW]);
            c2l = x.fma(l, c2l);
            c2r = x.fma(r, c2r);
            x = FloatVector.broadcast(F, a[p + 3 * ROW]);
            c3l = x.fma(l, c3l);
            c3r = x.fma(r, c3r);
            x = FloatVector.broadcast(F, a[p + 4 * ROW]);
            c4l = x.fma(l, c4l);
            c4r = x.fma(r, c4r);
            x = FloatVector.broadcast(F, a[p + 5 * ROW]);
            c5l = x.fma(l, c5l);
            c5r = x.fma(r, c5r);
            x = FloatVector.broadcast(F, a[p + 6 * ROW]);
            c6l = x.fma(l, c6l);
            c6r = x.fma(r, c6r);
            x = FloatVector.broadcast(F, a[p + 7 * ROW]);
            c7l = x.fma(l, c7l);
            c7r = x.fma(r, c7r);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c0r, c + V);
        Lanes.store(c1l, c + ldc);
        Lanes.store(c1r, c + ldc + V);
        Lanes.store(c2l, c + 2 * ldc);
        Lanes.store(c2r, c + 2 * ldc + V);
        Lanes.store(c3l, c + 3 * ldc);
        Lanes.store(c3r, c + 3 * ldc + V);
        Lanes.store(c4l, c + 4 * ldc);
        Lanes.store(c4r, c + 4 * ldc + V);
        Lanes.store(c5l, c + 5 * ldc);
        Lanes.store(c5r, c + 5 * ldc + V);
        Lanes.store(c6l, c + 6 * ldc);
        Lanes.store(c6r, c + 6 * ldc + V);
        Lanes.store(c7l, c + 7 * ldc);
        Lanes.store(c7r, c + 7 * ldc + V);
    }

    private static void tile8x1(int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero;
        FloatVector c1l = zero;
        FloatVector c2l = zero;
        FloatVector c3l = zero;
        FloatVector c4l = zero;
        FloatVector c5l = zero;
        FloatVector c6l = zero;
        FloatVector c7l = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            x = FloatVector.broadcast(F, a[p + 2 * ROW]);
            c2l = x.fma(l, c2l);
            x = FloatVector.broadcast(F, a[p + 3 * ROW]);
            c3l = x.fma(l, c3l);
            x = FloatVector.broadcast(F, a[p + 4 * ROW]);
            c4l = x.fma(l, c4l);
            x = FloatVector.broadcast(F, a[p + 5 * ROW]);
            c5l = x.fma(l, c5l);
            x = FloatVector.broadcast(F, a[p + 6 * ROW]);
            c6l = x.fma(l, c6l);
            x = FloatVector.broadcast(F, a[p + 7 * ROW]);
            c7l = x.fma(l, c7l);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c1l, c + ldc);
        Lanes.store(c2l, c + 2 * ldc);
        Lanes.store(c3l, c + 3 * ldc);
        Lanes.store(c4l, c + 4 * ldc);
        Lanes.store(c5l, c + 5 * ldc);
        Lanes.store(c6l, c + 6 * ldc);
        Lanes.store(c7l, c + 7 * ldc);
    }

    private static void tile4x2(int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero, c0r = zero;
        FloatVector c1l = zero, c1r = zero;
        FloatVector c2l = zero, c2r = zero;
        FloatVector c3l = zero, c3r = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector r = FloatVector.fromArray(F, b, q + N);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            x = FloatVector.broadcast(F, a[p + 2 * ROW]);
            c2l = x.fma(l, c2l);
            c2r = x.fma(r, c2r);
            x = FloatVector.broadcast(F, a[p + 3 * ROW]);
            c3l = x.fma(l, c3l);
            c3r = x.fma(r, c3r);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c0r, c + V);
        Lanes.store(c1l, c + ldc);
        Lanes.store(c1r, c + ldc + V);
        Lanes.store(c2l, c + 2 * ldc);
        Lanes.store(c2r, c + 2 * ldc + V);
        Lanes.store(c3l, c + 3 * ldc);
        Lanes.store(c3r, c + 3 * ldc + V);
    }

    private static void tile4x1(int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero;
        FloatVector c1l = zero;
        FloatVector c2l = zero;
        FloatVector c3l = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            x = FloatVector.broadcast(F, a[p + 2 * ROW]);
            c2l = x.fma(l, c2l);
            x = FloatVector.broadcast(F, a[p + 3 * ROW]);
            c3l = x.fma(l, c3l);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c1l, c + ldc);
        Lanes.store(c2l, c + 2 * ldc);
        Lanes.store(c3l, c + 3 * ldc);
    }

    private static void tile2x2(int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero, c0r = zero;
        FloatVector c1l = zero, c1r = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector r = FloatVector.fromArray(F, b, q + N);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c0r, c + V);
        Lanes.store(c1l, c + ldc);
        Lanes.store(c1r, c + ldc + V);
    }

    private static void tile2x1(int kc, float[] a, int at, float[] b, int q, long c, long ldc) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero;
        FloatVector c1l = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c1l, c + ldc);
    }

    private static void tile1x2(int kc, float[] a, int at, float[] b, int q, long c) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero, c0r = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector r = FloatVector.fromArray(F, b, q + N);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            q += NR;
        }
        Lanes.store(c0l, c);
        Lanes.store(c0r, c + V);
    }

    private static void tile1x1(int kc, float[] a, int at, float[] b, int q, long c) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero;
        for (int p = at, end = at + kc; p < end; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            q += NR;
        }
        Lanes.store(c0l, c);
    }

    /** Goes on with the chains at {@code c[at]}, always {@link #MR} rows of {@code vectors} vectors; a begins at 0. */
    static void extend(int vectors, int kc, float[] a, float[] b, int q, float[] c, int at, int ldc) {
        if (vectors == 2) extend8x2(kc, a, b, q, c, at, ldc);
        else extend8x1(kc, a, b, q, c, at, ldc);
    }

    private static void extend8x2(int kc, float[] a, float[] b, int q, float[] c, int at, int ldc) {
        FloatVector c0l = FloatVector.fromArray(F, c, at), c0r = FloatVector.fromArray(F, c, at + N);
        FloatVector c1l = FloatVector.fromArray(F, c, at + ldc), c1r = FloatVector.fromArray(F, c, at + ldc + N);
        FloatVector c2l = FloatVector.fromArray(F, c, at + 2 * ldc),
                c2r = FloatVector.fromArray(F, c, at + 2 * ldc + N);
        FloatVector c3l = FloatVector.fromArray(F, c, at + 3 * ldc),
                c3r = FloatVector.fromArray(F, c, at + 3 * ldc + N);
        FloatVector c4l = FloatVector.fromArray(F, c, at + 4 * ldc),
                c4r = FloatVector.fromArray(F, c, at + 4 * ldc + N);
        FloatVector c5l = FloatVector.fromArray(F, c, at + 5 * ldc),
                c5r = FloatVector.fromArray(F, c, at + 5 * ldc + N);
        FloatVector c6l = FloatVector.fromArray(F, c, at + 6 * ldc),
                c6r = FloatVector.fromArray(F, c, at + 6 * ldc + N);
        FloatVector c7l = FloatVector.fromArray(F, c, at + 7 * ldc),
                c7r = FloatVector.fromArray(F, c, at + 7 * ldc + N);
        for (int p = 0; p < kc; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector r = FloatVector.fromArray(F, b, q + N);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            c0r = x.fma(r, c0r);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            c1r = x.fma(r, c1r);
            x = FloatVector.broadcast(F, a[p + 2 * ROW]);
            c2l = x.fma(l, c2l);
            c2r = x.fma(r, c2r);
            x = FloatVector.broadcast(F, a[p + 3 * ROW]);
            c3l = x.fma(l, c3l);
            c3r = x.fma(r, c3r);
            x = FloatVector.broadcast(F, a[p + 4 * ROW]);
            c4l = x.fma(l, c4l);
            c4r = x.fma(r, c4r);
            x = FloatVector.broadcast(F, a[p + 5 * ROW]);
            c5l = x.fma(l, c5l);
            c5r = x.fma(r, c5r);
            x = FloatVector.broadcast(F, a[p + 6 * ROW]);
            c6l = x.fma(l, c6l);
            c6r = x.fma(r, c6r);
            x = FloatVector.broadcast(F, a[p + 7 * ROW]);
            c7l = x.fma(l, c7l);
            c7r = x.fma(r, c7r);
            q += NR;
        }
        c0l.intoArray(c, at);
        c0r.intoArray(c, at + N);
        c1l.intoArray(c, at + ldc);
        c1r.intoArray(c, at + ldc + N);
        c2l.intoArray(c, at + 2 * ldc);
        c2r.intoArray(c, at + 2 * ldc + N);
        c3l.intoArray(c, at + 3 * ldc);
        c3r.intoArray(c, at + 3 * ldc + N);
        c4l.intoArray(c, at + 4 * ldc);
        c4r.intoArray(c, at + 4 * ldc + N);
        c5l.intoArray(c, at + 5 * ldc);
        c5r.intoArray(c, at + 5 * ldc + N);
        c6l.intoArray(c, at + 6 * ldc);
        c6r.intoArray(c, at + 6 * ldc + N);
        c7l.intoArray(c, at + 7 * ldc);
        c7r.intoArray(c, at + 7 * ldc + N);
    }

    private static void extend8x1(int kc, float[] a, float[] b, int q, float[] c, int at, int ldc) {
        FloatVector c0l = FloatVector.fromArray(F, c, at);
        FloatVector c1l = FloatVector.fromArray(F, c, at + ldc);
        FloatVector c2l = FloatVector.fromArray(F, c, at + 2 * ldc);
        FloatVector c3l = FloatVector.fromArray(F, c, at + 3 * ldc);
        FloatVector c4l = FloatVector.fromArray(F, c, at + 4 * ldc);
        FloatVector c5l = FloatVector.fromArray(F, c, at + 5 * ldc);
        FloatVector c6l = FloatVector.fromArray(F, c, at + 6 * ldc);
        FloatVector c7l = FloatVector.fromArray(F, c, at + 7 * ldc);
        for (int p = 0; p < kc; p++) {
            FloatVector l = FloatVector.fromArray(F, b, q);
            FloatVector x = FloatVector.broadcast(F, a[p]);
            c0l = x.fma(l, c0l);
            x = FloatVector.broadcast(F, a[p + ROW]);
            c1l = x.fma(l, c1l);
            x = FloatVector.broadcast(F, a[p + 2 * ROW]);
            c2l = x.fma(l, c2l);
            x = FloatVector.broadcast(F, a[p + 3 * ROW]);
            c3l = x.fma(l, c3l);
            x = FloatVector.broadcast(F, a[p + 4 * ROW]);
            c4l = x.fma(l, c4l);
            x = FloatVector.broadcast(F, a[p + 5 * ROW]);
            c5l = x.fma(l, c5l);
            x = FloatVector.broadcast(F, a[p + 6 * ROW]);
            c6l = x.fma(l, c6l);
            x = FloatVector.broadcast(F, a[p + 7 * ROW]);
            c7l = x.fma(l, c7l);
            q += NR;
        }
        c0l.intoArray(c, at);
        c1l.intoArray(c, at + ldc);
        c2l.intoArray(c, at + 2 * ldc);
        c3l.intoArray(c, at + 3 * ldc);
        c4l.intoArray(c, at + 4 * ldc);
        c5l.intoArray(c, at + 5 * ldc);
        c6l.intoArray(c, at + 6 * ldc);
        c7l.intoArray(c, at + 7 * ldc);
    }
}
