package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.device.spec.Activation;

class MatrixKernelsTest {
    private static final int[][] SHAPES = {
        {1, 1, 1, 1},
        {1, 1, 37, 70},
        {1, 3, 5, 0},
        {1, 7, 31, 255},
        {1, 8, 32, 256},
        {1, 9, 33, 257},
        {1, 15, 16, 512},
        {1, 23, 65, 600},
        {1, 130, 17, 1300},
        {1, 40, 72, 1800},
        {3, 17, 40, 64},
        {2, 5, 3, 300},
        {1, 530, 530, 33},
        {1, 1, 16, 1300},
        {1, 2, 50, 523},
        {1, 20, 200, 300},
        {1, 33, 90, 1100},
        {1, 140, 600, 40},
        {1, 150, 70, 1100},
        {2, 140, 40, 2100},
        {1, 100, 20, 200},
        {3, 90, 17, 300}
    };

    @Test
    void productsHaveTheBitsOfTheContract() {
        Random random = new Random(1);
        for (int[] s : SHAPES) {
            int batch = s[0], m = s[1], n = s[2], k = s[3];
            for (int form = 0; form < 5; form++) {
                check(random, batch, m, n, k, form);
            }
        }
    }

    /**
     * Forms: 0 plain; 1 b transposed; 2 a transposed; 3 both, shared b, everything padded; 4 neither side contiguous.
     */
    private static void check(Random random, int batch, int m, int n, int k, int form) {
        int pad = form == 3 ? 5 : 0;
        long unit = form == 4 ? 2 : 1;
        boolean ta = form == 2 || form == 3;
        boolean tb = form == 1 || form == 3;
        long aRow = ta ? unit : unit * (k + pad), aCol = ta ? unit * (m + pad) : unit;
        long bRow = tb ? unit : unit * (n + pad), bCol = tb ? unit * (k + pad) : unit;
        long aBatch = unit * (m + pad) * (k + pad), bBatch = form == 3 ? 0 : unit * (n + pad) * (k + pad);
        int ldc = n + pad;
        float[] a = KernelCheck.random(random, (int) (batch * aBatch));
        float[] b = KernelCheck.random(random, (int) (batch * unit * (n + pad) * (k + pad)));
        float[] bias = KernelCheck.random(random, n);
        float[] residual = KernelCheck.random(random, batch * m * ldc);
        Activation activation = Activation.values()[form % 3];
        boolean rich = form > 0;
        float[] expected = new float[batch * m * ldc];
        java.util.Arrays.fill(expected, Float.NaN);
        for (int x = 0; x < batch; x++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    long ai = x * aBatch + i * aRow, bj = x * bBatch + j * bCol;
                    float v = KernelCheck.contract(k, p -> a[(int) (ai + p * aCol)], p -> b[(int) (bj + p * bRow)]);
                    int at = (x * m + i) * ldc + j;
                    if (rich) {
                        v = v + bias[j] + residual[at];
                        v = activation == Activation.NONE ? v : Math.max(v, 0f);
                        v = activation == Activation.RELU6 ? Math.min(v, 6f) : v;
                    }
                    expected[at] = v;
                }
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            Strided sa = new Strided(KernelCheck.address(arena, a), aRow, aCol, aBatch);
            Strided sb = new Strided(KernelCheck.address(arena, b), bRow, bCol, bBatch);
            long biasAt = KernelCheck.address(arena, bias);
            long residualAt = KernelCheck.address(arena, residual);
            Epilogue epilogue = rich ? new Epilogue(biasAt, residualAt, ldc, activation) : Epilogue.NONE;
            for (KernelCheck.Named named : KernelCheck.ALL) {
                MatrixKernels kernels = named.kernels().matrix();
                String what = batch + " x (" + m + "," + n + "," + k + ") form " + form + ", " + named.name();
                long c = KernelCheck.address(arena, expected.length);
                kernels.gemm(batch, m, n, k, sa, sb, new Strided(c, ldc, 1, (long) m * ldc), epilogue);
                KernelCheck.same(what, expected, KernelCheck.read(c, expected.length));
                if (batch == 1 || bBatch == 0) {
                    float[] packed = kernels.pack(k, n, sb);
                    long d = KernelCheck.address(arena, expected.length);
                    kernels.gemmPacked(batch, m, n, k, sa, packed, new Strided(d, ldc, 1, (long) m * ldc), epilogue);
                    KernelCheck.same(what + ", packed", expected, KernelCheck.read(d, expected.length));
                }
            }
        }
    }

    /** In another order of summation, so compared with sums in binary64; from three rows on the bits are the contract's. */
    @Test
    void fastProductsAreAsAccurate() {
        Random random = new Random(8);
        for (int[] s :
                new int[][] {{1, 37, 70}, {1, 16, 1300}, {2, 50, 523}, {1, 1440, 31}, {2, 18, 1024}, {3, 20, 300}}) {
            int m = s[0], n = s[1], k = s[2];
            float[] a = KernelCheck.random(random, m * k), b = KernelCheck.random(random, n * k);
            float[] bias = KernelCheck.random(random, n);
            try (Arena arena = Arena.ofConfined()) {
                Strided sa = Strided.rows(KernelCheck.address(arena, a), k);
                Strided sb = Strided.rows(KernelCheck.address(arena, b), k).transposed();
                Epilogue epilogue = Epilogue.of(KernelCheck.address(arena, bias), Activation.NONE);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long c = KernelCheck.address(arena, m * n);
                    named.kernels().fastMatrix().gemm(1, m, n, k, sa, sb, Strided.rows(c, n), epilogue);
                    float[] fast = KernelCheck.read(c, m * n);
                    for (int i = 0; i < fast.length; i++) {
                        double sum = bias[i % n], size = Math.abs(sum);
                        for (int p = 0; p < k; p++) {
                            double term = (double) a[i / n * k + p] * b[i % n * k + p];
                            sum += term;
                            size += Math.abs(term);
                        }
                        assertEquals(sum, fast[i], 1e-6 * size, named.name());
                    }
                    if (m > 2) {
                        named.kernels().matrix().gemm(1, m, n, k, sa, sb, Strided.rows(c, n), epilogue);
                        KernelCheck.same(named.name(), KernelCheck.read(c, m * n), fast);
                    }
                }
            }
        }
    }

    @Test
    void residualMayBeTheOutput() {
        Random random = new Random(2);
        int m = 19, n = 41, k = 300;
        float[] a = KernelCheck.random(random, m * k), b = KernelCheck.random(random, k * n);
        float[] c = KernelCheck.random(random, m * n);
        float[] expected = new float[m * n];
        for (int i = 0; i < m * n; i++) {
            int row = i / n * k, col = i % n;
            expected[i] = KernelCheck.contract(k, p -> a[row + p], p -> b[p * n + col]) + c[i];
        }
        try (Arena arena = Arena.ofConfined()) {
            Strided sa = Strided.rows(KernelCheck.address(arena, a), k);
            Strided sb = Strided.rows(KernelCheck.address(arena, b), n);
            for (KernelCheck.Named named : KernelCheck.ALL) {
                long out = KernelCheck.address(arena, c);
                Epilogue add = new Epilogue(0, out, n, Activation.NONE);
                named.kernels().matrix().gemm(1, m, n, k, sa, sb, Strided.rows(out, n), add);
                KernelCheck.same(named.name(), expected, KernelCheck.read(out, m * n));
            }
        }
    }

    @Test
    void packedOperandOfAnotherShapeIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            MatrixKernels kernels = KernelCheck.ALL.getFirst().kernels().matrix();
            Strided x = Strided.rows(KernelCheck.address(arena, 64), 8);
            float[] packed = kernels.pack(8, 8, x);
            assertThrows(
                    IllegalArgumentException.class, () -> kernels.gemmPacked(1, 8, 8, 7, x, packed, x, Epilogue.NONE));
        }
    }
}
