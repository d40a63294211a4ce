package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.fail;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.reverie.numerics.Contract;

/**
 * What the kernel tests share: kernels at all widths and thread counts, memory, plain loops by the contract, raw
 * bits.
 */
final class KernelCheck {
    /** Kernels at 128, 256 and 512 bits on 1, 2 and 3 threads. */
    static final List<Named> ALL = all();

    record Named(String name, Kernels kernels) {}

    /** A dot product's k-th factors. */
    interface Factor {
        float at(int k);
    }

    private KernelCheck() {}

    private static List<Named> all() {
        List<Named> list = new ArrayList<>();
        for (int threads = 1; threads <= 3; threads++) {
            Workers workers = new Workers(threads);
            for (int bits : new int[] {128, 256, 512}) {
                list.add(new Named(bits + " bits, " + threads + " threads", Kernels.create(bits, workers)));
            }
        }
        return list;
    }

    /** Rule 2 by plain loops: chunks of 256, fma from +0, chunk sums by a binary counter. */
    static float contract(int k, Factor a, Factor b) {
        float[] stack = new float[40];
        int[] sizes = new int[40];
        int top = 0;
        for (int start = 0; start < Math.max(1, k); start += Contract.CHUNK) {
            float acc = 0f;
            for (int p = start; p < Math.min(k, start + Contract.CHUNK); p++) {
                acc = Math.fma(a.at(p), b.at(p), acc);
            }
            stack[top] = acc;
            sizes[top++] = 1;
            while (top > 1 && sizes[top - 1] == sizes[top - 2]) {
                stack[top - 2] = stack[top - 2] + stack[top - 1];
                sizes[top - 2] *= 2;
                top--;
            }
        }
        float sum = stack[--top];
        while (top > 0) {
            sum = stack[--top] + sum;
        }
        return sum;
    }

    /** Rule 3 by plain loops. */
    static float reduce(float[] x) {
        int n = x.length;
        if (n > Contract.SEGMENT) {
            float[] parts = new float[Math.ceilDiv(n, Contract.SEGMENT)];
            for (int i = 0; i < parts.length; i++) {
                int from = i * Contract.SEGMENT;
                parts[i] = reduce(java.util.Arrays.copyOfRange(x, from, Math.min(n, from + Contract.SEGMENT)));
            }
            return reduce(parts);
        }
        float[] lanes = new float[Contract.LANES];
        for (int i = 0; i < n; i++) {
            lanes[i % Contract.LANES] += x[i];
        }
        for (int h = Contract.LANES / 2; h > 0; h /= 2) {
            for (int l = 0; l < h; l++) {
                lanes[l] += lanes[l + h];
            }
        }
        return lanes[0];
    }

    static float[] random(Random random, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    static long address(Arena arena, float[] values) {
        MemorySegment s = arena.allocate(Math.max(4L, 4L * values.length), 64);
        MemorySegment.copy(values, 0, s, ValueLayout.JAVA_FLOAT, 0, values.length);
        return s.address();
    }

    static long address(Arena arena, int floats) {
        float[] nan = new float[floats];
        java.util.Arrays.fill(nan, Float.NaN);
        return address(arena, nan);
    }

    static float[] read(long address, int n) {
        float[] x = new float[n];
        MemorySegment.copy(MemorySegment.ofAddress(address).reinterpret(4L * n), ValueLayout.JAVA_FLOAT, 0, x, 0, n);
        return x;
    }

    /** Equal raw bits; all NaNs count as equal. */
    static void same(String what, float[] expected, float[] actual) {
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
                fail(what + ": element " + i + " of " + expected.length + " is " + actual[i] + ", by the contract "
                        + expected[i]);
            }
        }
    }
}
