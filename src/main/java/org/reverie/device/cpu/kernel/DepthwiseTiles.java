package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;

import jdk.incubator.vector.FloatVector;

/**
 * Depthwise sums of {@link #WIDTH} neighbouring pixels of a row, for the channels {@code from} to {@code to} (in bytes, a
 * multiple of the vector's apart), straight from the image: one fma chain from +0 per pixel and channel, taps in order, then
 * the bias. Seven chains hide the latency of the fma, seven divides the image sizes 7, 14, 28, 56, 112; each input
 * pixel is loaded once for each kernel row.
 *
 * <p>{@code at} holds, for every kernel row, as many addresses as the kernel is wide: those of the leftmost input
 * pixels and of the rightmost ones by themselves, since they may be padding, and between them the address of the first of
 * the others, which lie {@code pixel} bytes apart, as the weights of a tap from those of the next.
 *
 * <p>The methods are spelled out on purpose, with the JDK's own loads and stores, which the JIT inlines without
 * limit; through methods of ours some of them would stay calls and the sums would pass through the heap.
 */
final class DepthwiseTiles {
    /** Pixels of a tile. */
    static final int WIDTH = 7;

    private static final long V = 4L * N;

    private DepthwiseTiles() {}

    /** 3×3, stride 1. */
    static void tile3(long[] at, long from, long to, long pixel, long weights, long bias, long y) {
        FloatVector zero = FloatVector.zero(F);
        for (long c = from; c < to; c += V) {
            FloatVector a0 = zero;
            FloatVector a1 = zero;
            FloatVector a2 = zero;
            FloatVector a3 = zero;
            FloatVector a4 = zero;
            FloatVector a5 = zero;
            FloatVector a6 = zero;
            long w = weights + c;
            for (int k = 0; k < at.length; k += 3) {
                FloatVector w0 = FloatVector.fromMemorySegment(F, MEMORY, w, ORDER);
                FloatVector w1 = FloatVector.fromMemorySegment(F, MEMORY, w + pixel, ORDER);
                FloatVector w2 = FloatVector.fromMemorySegment(F, MEMORY, w + 2 * pixel, ORDER);
                w += 3 * pixel;
                FloatVector x = FloatVector.fromMemorySegment(F, MEMORY, at[k] + c, ORDER);
                a0 = x.fma(w0, a0);
                long p = at[k + 1] + c;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w1, a0);
                a1 = x.fma(w0, a1);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w2, a0);
                a1 = x.fma(w1, a1);
                a2 = x.fma(w0, a2);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a1 = x.fma(w2, a1);
                a2 = x.fma(w1, a2);
                a3 = x.fma(w0, a3);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a2 = x.fma(w2, a2);
                a3 = x.fma(w1, a3);
                a4 = x.fma(w0, a4);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a3 = x.fma(w2, a3);
                a4 = x.fma(w1, a4);
                a5 = x.fma(w0, a5);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a4 = x.fma(w2, a4);
                a5 = x.fma(w1, a5);
                a6 = x.fma(w0, a6);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a5 = x.fma(w2, a5);
                a6 = x.fma(w1, a6);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 2] + c, ORDER);
                a6 = x.fma(w2, a6);
            }
            FloatVector b = FloatVector.fromMemorySegment(F, MEMORY, bias + c, ORDER);
            long q = y + c;
            a0.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a1.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a2.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a3.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a4.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a5.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a6.add(b).intoMemorySegment(MEMORY, q, ORDER);
        }
    }

    /** 3×3, stride 2. */
    static void tile3By2(long[] at, long from, long to, long pixel, long weights, long bias, long y) {
        FloatVector zero = FloatVector.zero(F);
        for (long c = from; c < to; c += V) {
            FloatVector a0 = zero;
            FloatVector a1 = zero;
            FloatVector a2 = zero;
            FloatVector a3 = zero;
            FloatVector a4 = zero;
            FloatVector a5 = zero;
            FloatVector a6 = zero;
            long w = weights + c;
            for (int k = 0; k < at.length; k += 3) {
                FloatVector w0 = FloatVector.fromMemorySegment(F, MEMORY, w, ORDER);
                FloatVector w1 = FloatVector.fromMemorySegment(F, MEMORY, w + pixel, ORDER);
                FloatVector w2 = FloatVector.fromMemorySegment(F, MEMORY, w + 2 * pixel, ORDER);
                w += 3 * pixel;
                FloatVector x = FloatVector.fromMemorySegment(F, MEMORY, at[k] + c, ORDER);
                a0 = x.fma(w0, a0);
                long p = at[k + 1] + c;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w1, a0);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w2, a0);
                a1 = x.fma(w0, a1);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a1 = x.fma(w1, a1);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a1 = x.fma(w2, a1);
                a2 = x.fma(w0, a2);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a2 = x.fma(w1, a2);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a2 = x.fma(w2, a2);
                a3 = x.fma(w0, a3);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a3 = x.fma(w1, a3);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a3 = x.fma(w2, a3);
                a4 = x.fma(w0, a4);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a4 = x.fma(w1, a4);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a4 = x.fma(w2, a4);
                a5 = x.fma(w0, a5);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a5 = x.fma(w1, a5);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a5 = x.fma(w2, a5);
                a6 = x.fma(w0, a6);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a6 = x.fma(w1, a6);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 2] + c, ORDER);
                a6 = x.fma(w2, a6);
            }
            FloatVector b = FloatVector.fromMemorySegment(F, MEMORY, bias + c, ORDER);
            long q = y + c;
            a0.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a1.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a2.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a3.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a4.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a5.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a6.add(b).intoMemorySegment(MEMORY, q, ORDER);
        }
    }

    /** 5×5, stride 1. */
    static void tile5(long[] at, long from, long to, long pixel, long weights, long bias, long y) {
        FloatVector zero = FloatVector.zero(F);
        for (long c = from; c < to; c += V) {
            FloatVector a0 = zero;
            FloatVector a1 = zero;
            FloatVector a2 = zero;
            FloatVector a3 = zero;
            FloatVector a4 = zero;
            FloatVector a5 = zero;
            FloatVector a6 = zero;
            long w = weights + c;
            for (int k = 0; k < at.length; k += 5) {
                FloatVector w0 = FloatVector.fromMemorySegment(F, MEMORY, w, ORDER);
                FloatVector w1 = FloatVector.fromMemorySegment(F, MEMORY, w + pixel, ORDER);
                FloatVector w2 = FloatVector.fromMemorySegment(F, MEMORY, w + 2 * pixel, ORDER);
                FloatVector w3 = FloatVector.fromMemorySegment(F, MEMORY, w + 3 * pixel, ORDER);
                FloatVector w4 = FloatVector.fromMemorySegment(F, MEMORY, w + 4 * pixel, ORDER);
                w += 5 * pixel;
                FloatVector x = FloatVector.fromMemorySegment(F, MEMORY, at[k] + c, ORDER);
                a0 = x.fma(w0, a0);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 1] + c, ORDER);
                a0 = x.fma(w1, a0);
                a1 = x.fma(w0, a1);
                long p = at[k + 2] + c;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w2, a0);
                a1 = x.fma(w1, a1);
                a2 = x.fma(w0, a2);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w3, a0);
                a1 = x.fma(w2, a1);
                a2 = x.fma(w1, a2);
                a3 = x.fma(w0, a3);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w4, a0);
                a1 = x.fma(w3, a1);
                a2 = x.fma(w2, a2);
                a3 = x.fma(w1, a3);
                a4 = x.fma(w0, a4);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a1 = x.fma(w4, a1);
                a2 = x.fma(w3, a2);
                a3 = x.fma(w2, a3);
                a4 = x.fma(w1, a4);
                a5 = x.fma(w0, a5);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a2 = x.fma(w4, a2);
                a3 = x.fma(w3, a3);
                a4 = x.fma(w2, a4);
                a5 = x.fma(w1, a5);
                a6 = x.fma(w0, a6);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a3 = x.fma(w4, a3);
                a4 = x.fma(w3, a4);
                a5 = x.fma(w2, a5);
                a6 = x.fma(w1, a6);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a4 = x.fma(w4, a4);
                a5 = x.fma(w3, a5);
                a6 = x.fma(w2, a6);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 3] + c, ORDER);
                a5 = x.fma(w4, a5);
                a6 = x.fma(w3, a6);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 4] + c, ORDER);
                a6 = x.fma(w4, a6);
            }
            FloatVector b = FloatVector.fromMemorySegment(F, MEMORY, bias + c, ORDER);
            long q = y + c;
            a0.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a1.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a2.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a3.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a4.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a5.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a6.add(b).intoMemorySegment(MEMORY, q, ORDER);
        }
    }

    /** 5×5, stride 2. */
    static void tile5By2(long[] at, long from, long to, long pixel, long weights, long bias, long y) {
        FloatVector zero = FloatVector.zero(F);
        for (long c = from; c < to; c += V) {
            FloatVector a0 = zero;
            FloatVector a1 = zero;
            FloatVector a2 = zero;
            FloatVector a3 = zero;
            FloatVector a4 = zero;
            FloatVector a5 = zero;
            FloatVector a6 = zero;
            long w = weights + c;
            for (int k = 0; k < at.length; k += 5) {
                FloatVector w0 = FloatVector.fromMemorySegment(F, MEMORY, w, ORDER);
                FloatVector w1 = FloatVector.fromMemorySegment(F, MEMORY, w + pixel, ORDER);
                FloatVector w2 = FloatVector.fromMemorySegment(F, MEMORY, w + 2 * pixel, ORDER);
                FloatVector w3 = FloatVector.fromMemorySegment(F, MEMORY, w + 3 * pixel, ORDER);
                FloatVector w4 = FloatVector.fromMemorySegment(F, MEMORY, w + 4 * pixel, ORDER);
                w += 5 * pixel;
                FloatVector x = FloatVector.fromMemorySegment(F, MEMORY, at[k] + c, ORDER);
                a0 = x.fma(w0, a0);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 1] + c, ORDER);
                a0 = x.fma(w1, a0);
                long p = at[k + 2] + c;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w2, a0);
                a1 = x.fma(w0, a1);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w3, a0);
                a1 = x.fma(w1, a1);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a0 = x.fma(w4, a0);
                a1 = x.fma(w2, a1);
                a2 = x.fma(w0, a2);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a1 = x.fma(w3, a1);
                a2 = x.fma(w1, a2);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a1 = x.fma(w4, a1);
                a2 = x.fma(w2, a2);
                a3 = x.fma(w0, a3);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a2 = x.fma(w3, a2);
                a3 = x.fma(w1, a3);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a2 = x.fma(w4, a2);
                a3 = x.fma(w2, a3);
                a4 = x.fma(w0, a4);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a3 = x.fma(w3, a3);
                a4 = x.fma(w1, a4);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a3 = x.fma(w4, a3);
                a4 = x.fma(w2, a4);
                a5 = x.fma(w0, a5);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a4 = x.fma(w3, a4);
                a5 = x.fma(w1, a5);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a4 = x.fma(w4, a4);
                a5 = x.fma(w2, a5);
                a6 = x.fma(w0, a6);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a5 = x.fma(w3, a5);
                a6 = x.fma(w1, a6);
                p += pixel;
                x = FloatVector.fromMemorySegment(F, MEMORY, p, ORDER);
                a5 = x.fma(w4, a5);
                a6 = x.fma(w2, a6);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 3] + c, ORDER);
                a6 = x.fma(w3, a6);
                x = FloatVector.fromMemorySegment(F, MEMORY, at[k + 4] + c, ORDER);
                a6 = x.fma(w4, a6);
            }
            FloatVector b = FloatVector.fromMemorySegment(F, MEMORY, bias + c, ORDER);
            long q = y + c;
            a0.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a1.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a2.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a3.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a4.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a5.add(b).intoMemorySegment(MEMORY, q, ORDER);
            q += pixel;
            a6.add(b).intoMemorySegment(MEMORY, q, ORDER);
        }
    }
}
