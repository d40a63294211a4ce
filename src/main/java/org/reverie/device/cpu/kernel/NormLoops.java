package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import jdk.incubator.vector.FloatVector;

/**
 * Normalising {@code n} floats that share a mean and a reciprocal deviation, and their gradient; scales and shifts stand
 * beside them, one for each.
 */
final class NormLoops {
    private static final long V = 4L * N;

    private NormLoops() {}

    private static long whole(int n) {
        return n / N * V;
    }

    /** {@code y = fma((x − mean) · reciprocal, scale, shift)}. */
    static void affine(long x, float mean, float reciprocal, long scale, long shift, int n, long y) {
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector r = FloatVector.broadcast(F, reciprocal);
        long end = whole(n);
        for (long i = 0; i < end; i += V) {
            fromMemorySegment(F, MEMORY, x + i, ORDER)
                    .sub(m)
                    .mul(r)
                    .fma(fromMemorySegment(F, MEMORY, scale + i, ORDER), fromMemorySegment(F, MEMORY, shift + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector normal = loadFirst(x + end, rest).sub(m).mul(r);
            storeFirst(normal.fma(loadFirst(scale + end, rest), loadFirst(shift + end, rest)), y + end, rest);
        }
    }

    /** {@link #affine} where every element has a mean and a reciprocal of its own. */
    static void affine(long x, long mean, long reciprocal, long scale, long shift, int n, long y) {
        long end = whole(n);
        for (long i = 0; i < end; i += V) {
            FloatVector normal = fromMemorySegment(F, MEMORY, x + i, ORDER)
                    .sub(fromMemorySegment(F, MEMORY, mean + i, ORDER))
                    .mul(fromMemorySegment(F, MEMORY, reciprocal + i, ORDER));
            normal.fma(fromMemorySegment(F, MEMORY, scale + i, ORDER), fromMemorySegment(F, MEMORY, shift + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector d = loadFirst(x + end, rest).sub(loadFirst(mean + end, rest));
            FloatVector normal = d.mul(loadFirst(reciprocal + end, rest));
            storeFirst(normal.fma(loadFirst(scale + end, rest), loadFirst(shift + end, rest)), y + end, rest);
        }
    }

    /** {@code normal = (x − mean) · reciprocal}, {@code y = fma(normal, scale, shift)}. */
    static void both(long x, float mean, float reciprocal, long scale, long shift, int n, long normal, long y) {
        FloatVector m = FloatVector.broadcast(F, mean);
        FloatVector r = FloatVector.broadcast(F, reciprocal);
        long end = whole(n);
        for (long i = 0; i < end; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER).sub(m).mul(r);
            v.intoMemorySegment(MEMORY, normal + i, ORDER);
            v.fma(fromMemorySegment(F, MEMORY, scale + i, ORDER), fromMemorySegment(F, MEMORY, shift + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector v = loadFirst(x + end, rest).sub(m).mul(r);
            storeFirst(v, normal + end, rest);
            storeFirst(v.fma(loadFirst(scale + end, rest), loadFirst(shift + end, rest)), y + end, rest);
        }
    }

    /** {@code product = u · normal}, {@code h = u · scale}, {@code hn = h · normal}. */
    static void products(long u, long normal, long scale, int n, long product, long h, long hn) {
        long end = whole(n);
        for (long i = 0; i < end; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, u + i, ORDER);
            FloatVector x = fromMemorySegment(F, MEMORY, normal + i, ORDER);
            v.mul(x).intoMemorySegment(MEMORY, product + i, ORDER);
            FloatVector scaled = v.mul(fromMemorySegment(F, MEMORY, scale + i, ORDER));
            scaled.intoMemorySegment(MEMORY, h + i, ORDER);
            scaled.mul(x).intoMemorySegment(MEMORY, hn + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector v = loadFirst(u + end, rest);
            FloatVector x = loadFirst(normal + end, rest);
            storeFirst(v.mul(x), product + end, rest);
            FloatVector scaled = v.mul(loadFirst(scale + end, rest));
            storeFirst(scaled, h + end, rest);
            storeFirst(scaled.mul(x), hn + end, rest);
        }
    }

    /** {@code dx = ((h − meanH) − normal · meanHn) · reciprocal}. */
    static void input(long h, long normal, float meanH, float meanHn, float reciprocal, int n, long dx) {
        FloatVector m = FloatVector.broadcast(F, meanH);
        FloatVector mn = FloatVector.broadcast(F, meanHn);
        FloatVector r = FloatVector.broadcast(F, reciprocal);
        long end = whole(n);
        for (long i = 0; i < end; i += V) {
            fromMemorySegment(F, MEMORY, h + i, ORDER)
                    .sub(m)
                    .sub(fromMemorySegment(F, MEMORY, normal + i, ORDER).mul(mn))
                    .mul(r)
                    .intoMemorySegment(MEMORY, dx + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector along = loadFirst(normal + end, rest).mul(mn);
            storeFirst(loadFirst(h + end, rest).sub(m).sub(along).mul(r), dx + end, rest);
        }
    }
}
