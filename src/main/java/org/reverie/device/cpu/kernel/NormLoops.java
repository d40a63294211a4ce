package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.store;
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
            store(load(x + i).sub(m).mul(r).fma(load(scale + i), load(shift + i)), y + i);
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
            FloatVector normal = load(x + i).sub(load(mean + i)).mul(load(reciprocal + i));
            store(normal.fma(load(scale + i), load(shift + i)), y + i);
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
            FloatVector v = load(x + i).sub(m).mul(r);
            store(v, normal + i);
            store(v.fma(load(scale + i), load(shift + i)), y + i);
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
            FloatVector v = load(u + i);
            FloatVector x = load(normal + i);
            store(v.mul(x), product + i);
            FloatVector scaled = v.mul(load(scale + i));
            store(scaled, h + i);
            store(scaled.mul(x), hn + i);
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
            store(load(h + i).sub(m).sub(load(normal + i).mul(mn)).mul(r), dx + i);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector along = loadFirst(normal + end, rest).mul(mn);
            storeFirst(loadFirst(h + end, rest).sub(m).sub(along).mul(r), dx + end, rest);
        }
    }
}
