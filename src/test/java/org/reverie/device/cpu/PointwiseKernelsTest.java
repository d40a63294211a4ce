package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.numerics.Elementary;

class PointwiseKernelsTest {
    private static final float[] SPECIAL = {
        0f,
        -0f,
        1f,
        -1f,
        6f,
        6.5f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MAX_VALUE,
        1e-20f,
        88.7f,
        -104f,
        3e5f
    };

    private static float scalar(Unary f, float x) {
        return switch (f) {
            case NEG -> -x;
            case ABS -> Math.abs(x);
            case SIGN -> x > 0 ? 1f : x < 0 ? -1f : x;
            case SQUARE -> x * x;
            case SQRT -> (float) Math.sqrt(x);
            case RSQRT -> 1f / (float) Math.sqrt(x);
            case EXP -> Elementary.exp(x);
            case EXPM1 -> Elementary.expm1(x);
            case LOG -> Elementary.log(x);
            case LOG1P -> Elementary.log1p(x);
            case SIN -> Elementary.sin(x);
            case COS -> Elementary.cos(x);
            case ERF -> Elementary.erf(x);
            case RELU -> x <= 0 ? 0f : x;
            case RELU6 -> x > 6 ? 6f : x <= 0 ? 0f : x;
            case SILU -> x * Elementary.sigmoid(x);
            case GELU -> 0.5f * x * (1f + Elementary.erf(x * 0.70710678f));
            case GELU_TANH -> 0.5f * x * (1f + Elementary.tanh(0.7978845608f * Math.fma(0.044715f * (x * x), x, x)));
            case QUICK_GELU -> x * Elementary.sigmoid(1.702f * x);
            case SIGMOID -> Elementary.sigmoid(x);
            case TANH -> Elementary.tanh(x);
            case SOFTPLUS -> (x < 0 ? 0f : x) + Elementary.log1p(Elementary.exp(-Math.abs(x)));
        };
    }

    private static float scalar(Binary f, float x, float g) {
        return switch (f) {
            case ADD -> x + g;
            case SUB -> x - g;
            case MUL -> x * g;
            case DIV -> x / g;
            case MAXIMUM -> Math.max(x, g);
            case MINIMUM -> Math.min(x, g);
            case POW -> Elementary.pow(x, g);
            case RELU_GRADIENT -> x <= 0 ? 0f : g;
            case RELU6_GRADIENT -> x <= 0 || x >= 6 ? 0f : g;
            case SILU_GRADIENT -> g * swish(x);
            case QUICK_GELU_GRADIENT -> g * swish(1.702f * x);
            case GELU_GRADIENT -> {
                float below = 0.5f * (1f + Elementary.erf(x * 0.70710678f));
                yield g * Math.fma(x, 0.3989422804f * Elementary.exp(-0.5f * (x * x)), below);
            }
            case GELU_TANH_GRADIENT -> {
                float square = x * x;
                float t = Elementary.tanh(0.7978845608f * Math.fma(0.044715f * square, x, x));
                float inner = 0.7978845608f * Math.fma(0.134145f, square, 1f);
                yield g * Math.fma(0.5f * x * Math.fma(-t, t, 1f), inner, 0.5f * (1f + t));
            }
            case SIGMOID_GRADIENT -> g * (Elementary.sigmoid(x) * (1f - Elementary.sigmoid(x)));
            case TANH_GRADIENT -> g * Math.fma(-Elementary.tanh(x), Elementary.tanh(x), 1f);
            case SOFTPLUS_GRADIENT -> g * Elementary.sigmoid(x);
        };
    }

    /** The slope of x · sigmoid(x). */
    private static float swish(float x) {
        float s = Elementary.sigmoid(x);
        return s * Math.fma(x, 1f - s, 1f);
    }

    private static float[] values(Random random, int n) {
        float[] x = KernelCheck.random(random, n);
        for (int i = 0; i < n; i += 5) {
            x[i] = SPECIAL[random.nextInt(SPECIAL.length)];
        }
        for (int i = 2; i < n; i += 7) {
            x[i] = 10 * x[i];
        }
        return x;
    }

    @Test
    void functionsOfOneNumber() {
        float[] x = values(new Random(10), 40_003);
        for (Unary f : Unary.values()) {
            float[] expected = new float[x.length];
            for (int i = 0; i < x.length; i++) {
                expected[i] = scalar(f, x[i]);
            }
            try (Arena arena = Arena.ofConfined()) {
                long from = KernelCheck.address(arena, x);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long to = KernelCheck.address(arena, x.length);
                    named.kernels().pointwise().unary(f, x.length, from, to);
                    KernelCheck.same(f + ", " + named.name(), expected, KernelCheck.read(to, x.length));
                }
            }
        }
    }

    @Test
    void functionsOfTwoNumbers() {
        Random random = new Random(11);
        float[] a = values(random, 33_001), b = values(random, 33_001);
        for (Binary f : Binary.values()) {
            float[] expected = new float[a.length], number = new float[a.length];
            for (int i = 0; i < a.length; i++) {
                expected[i] = scalar(f, a[i], b[i]);
                number[i] = scalar(f, a[i], 1.7f);
            }
            try (Arena arena = Arena.ofConfined()) {
                long x = KernelCheck.address(arena, a), y = KernelCheck.address(arena, b);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long to = KernelCheck.address(arena, a.length);
                    named.kernels().pointwise().binary(f, a.length, x, y, to);
                    KernelCheck.same(f + ", " + named.name(), expected, KernelCheck.read(to, a.length));
                    named.kernels().pointwise().binary(f, a.length, x, 1.7f, to);
                    KernelCheck.same(f + " number, " + named.name(), number, KernelCheck.read(to, a.length));
                }
            }
        }
    }

    /** batch, rows, cols, then batch, row and column stride of a and of b. */
    @Test
    void broadcasting() {
        int[][] forms = {
            {1, 7, 37, 0, 37, 1, 0, 0, 1}, {1, 7, 37, 0, 37, 1, 0, 1, 0}, {3, 5, 19, 95, 19, 1, 19, 0, 1},
            {1, 1, 41, 0, 0, 0, 0, 0, 1}, {3, 29, 1, 29, 1, 0, 0, 1, 0}, {2, 3, 20_000, 60_000, 20_000, 1, 0, 1, 0},
            {4, 6, 8, 48, 8, 1, 48, 8, 1}, {2, 9, 17, 0, 0, 1, 1, 0, 0}, {5, 300, 64, 19200, 64, 1, 64, 0, 1}
        };
        Random random = new Random(12);
        for (int[] f : forms) {
            float[] a = KernelCheck.random(random, 200_000), b = KernelCheck.random(random, 200_000);
            float[] expected = new float[f[0] * f[1] * f[2]];
            for (int i = 0; i < expected.length; i++) {
                int p = i / f[2] / f[1], r = i / f[2] % f[1], c = i % f[2];
                expected[i] = a[p * f[3] + r * f[4] + c * f[5]] - b[p * f[6] + r * f[7] + c * f[8]];
            }
            try (Arena arena = Arena.ofConfined()) {
                Strided sa = new Strided(KernelCheck.address(arena, a), f[4], f[5], f[3]);
                Strided sb = new Strided(KernelCheck.address(arena, b), f[7], f[8], f[6]);
                for (KernelCheck.Named named : KernelCheck.ALL) {
                    long y = KernelCheck.address(arena, expected.length);
                    named.kernels().pointwise().binary(Binary.SUB, f[0], f[1], f[2], sa, sb, y);
                    String what = java.util.Arrays.toString(f) + ", " + named.name();
                    KernelCheck.same(what, expected, KernelCheck.read(y, expected.length));
                }
            }
        }
    }

    @Test
    void updatesInPlace() {
        Random random = new Random(13);
        int n = 20_011;
        float[] p = values(random, n), m = values(random, n), v = values(random, n), g = values(random, n);
        float[] axpy = new float[n], ema = new float[n], newP = new float[n], newM = new float[n], newV = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = Math.abs(v[i]);
            axpy[i] = Math.fma(0.3f, g[i], p[i]);
            ema[i] = Math.fma(0.01f, g[i] - p[i], p[i]);
            newM[i] = Math.fma(0.1f, g[i] - m[i], m[i]);
            newV[i] = Math.fma(0.001f * g[i], g[i], 0.999f * v[i]);
            newP[i] = Math.fma(-0.02f, newM[i] / ((float) Math.sqrt(newV[i]) / 0.7f + 1e-8f), p[i] * 0.99f);
        }
        try (Arena arena = Arena.ofConfined()) {
            long ga = KernelCheck.address(arena, g);
            for (KernelCheck.Named named : KernelCheck.ALL) {
                PointwiseKernels kernels = named.kernels().pointwise();
                long y = KernelCheck.address(arena, p);
                kernels.axpy(n, 0.3f, ga, y);
                KernelCheck.same("axpy, " + named.name(), axpy, KernelCheck.read(y, n));
                long e = KernelCheck.address(arena, p);
                kernels.ema(n, 0.01f, ga, e);
                KernelCheck.same("ema, " + named.name(), ema, KernelCheck.read(e, n));
                long pa = KernelCheck.address(arena, p), ma = KernelCheck.address(arena, m);
                long va = KernelCheck.address(arena, v);
                kernels.adamw(n, pa, ma, va, ga, 0.99f, 0.1f, 0.999f, 0.001f, 0.02f, 0.7f, 1e-8f);
                KernelCheck.same("adamw p, " + named.name(), newP, KernelCheck.read(pa, n));
                KernelCheck.same("adamw m, " + named.name(), newM, KernelCheck.read(ma, n));
                KernelCheck.same("adamw v, " + named.name(), newV, KernelCheck.read(va, n));
            }
        }
    }

    @Test
    void conversions() {
        int n = 1 << 16;
        try (Arena arena = Arena.ofConfined()) {
            var shorts = arena.allocate(2L * n, 64);
            for (int i = 0; i < n; i++) {
                shorts.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 2L * i, (short) i);
            }
            for (KernelCheck.Named named : KernelCheck.ALL) {
                PointwiseKernels kernels = named.kernels().pointwise();
                long y = KernelCheck.address(arena, n);
                float[] expected = new float[n];
                for (int i = 0; i < n; i++) {
                    expected[i] = Float.float16ToFloat((short) i);
                }
                kernels.fromHalf(n, shorts.address(), y);
                KernelCheck.same("f16, " + named.name(), expected, KernelCheck.read(y, n));
                for (int i = 0; i < n; i++) {
                    expected[i] = Float.intBitsToFloat(i << 16);
                }
                kernels.fromBfloat(n, shorts.address(), y);
                KernelCheck.same("bf16, " + named.name(), expected, KernelCheck.read(y, n));
                kernels.fromBytes(512, shorts.address(), y);
                float[] bytes = KernelCheck.read(y, 512);
                assertEquals(255f, bytes[510]);
                assertEquals(0f, bytes[511]);
            }
        }
    }
}
