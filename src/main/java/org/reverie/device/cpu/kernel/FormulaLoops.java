package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import jdk.incubator.vector.FloatVector;

/** Loops over formulas of few operations, a loop for each (see {@link UnaryLoops}). */
final class FormulaLoops {
    private FormulaLoops() {}

    static void fill(int n, float value, long y) {
        FloatVector v = FloatVector.broadcast(F, value);
        for (int i = 0; i < n; i += N) {
            storeFirst(v, y + 4L * i, n - i);
        }
    }

    static void clamp(int n, float low, float high, long x, long y) {
        FloatVector least = FloatVector.broadcast(F, low);
        FloatVector most = FloatVector.broadcast(F, high);
        for (int i = 0; i < n; i += N) {
            FloatVector v = loadFirst(x + 4L * i, n - i);
            FloatVector below = v.blend(most, v.compare(GT, most));
            storeFirst(below.blend(least, v.compare(LT, least)), y + 4L * i, n - i);
        }
    }

    static void clampGradient(int n, float low, float high, long x, long g, long y) {
        FloatVector zero = FloatVector.zero(F);
        for (int i = 0; i < n; i += N) {
            FloatVector v = loadFirst(x + 4L * i, n - i);
            FloatVector gradient = loadFirst(g + 4L * i, n - i);
            storeFirst(zero.blend(gradient, v.compare(GE, low).and(v.compare(LE, high))), y + 4L * i, n - i);
        }
    }

    /** {@code y = fma(b, z, a · x)}. */
    static void combine(int n, float a, long x, float b, long z, long y) {
        FloatVector left = FloatVector.broadcast(F, a);
        FloatVector right = FloatVector.broadcast(F, b);
        for (int i = 0; i < n; i += N) {
            FloatVector product = left.mul(loadFirst(x + 4L * i, n - i));
            storeFirst(right.fma(loadFirst(z + 4L * i, n - i), product), y + 4L * i, n - i);
        }
    }

    /** {@code y = scale · fma(factor, e, x)}. */
    static void denoise(int n, float scale, float factor, long x, long e, long y) {
        FloatVector f = FloatVector.broadcast(F, factor);
        for (int i = 0; i < n; i += N) {
            FloatVector mean = f.fma(loadFirst(e + 4L * i, n - i), loadFirst(x + 4L * i, n - i));
            storeFirst(mean.mul(scale), y + 4L * i, n - i);
        }
    }

    /** {@code p = fma(rate, d, p)}. */
    static void descend(int n, long p, long g, float rate, float decay) {
        FloatVector r = FloatVector.broadcast(F, rate);
        FloatVector kept = FloatVector.broadcast(F, decay);
        for (int i = 0; i < n; i += N) {
            FloatVector parameter = loadFirst(p + 4L * i, n - i);
            FloatVector d = loadFirst(g + 4L * i, n - i);
            if (decay != 0) {
                d = kept.fma(parameter, d);
            }
            storeFirst(r.fma(d, parameter), p + 4L * i, n - i);
        }
    }

    static void descend(int n, long p, long v, long g, float rate, float momentum, boolean nesterov, float decay) {
        FloatVector r = FloatVector.broadcast(F, rate);
        FloatVector m = FloatVector.broadcast(F, momentum);
        FloatVector kept = FloatVector.broadcast(F, decay);
        for (int i = 0; i < n; i += N) {
            FloatVector parameter = loadFirst(p + 4L * i, n - i);
            FloatVector d = loadFirst(g + 4L * i, n - i);
            if (decay != 0) {
                d = kept.fma(parameter, d);
            }
            FloatVector velocity = m.fma(loadFirst(v + 4L * i, n - i), d);
            storeFirst(velocity, v + 4L * i, n - i);
            FloatVector step = nesterov ? m.fma(velocity, d) : velocity;
            storeFirst(r.fma(step, parameter), p + 4L * i, n - i);
        }
    }

    static void squaredDifference(int n, long a, long b, long y) {
        for (int i = 0; i < n; i += N) {
            FloatVector d = loadFirst(a + 4L * i, n - i).sub(loadFirst(b + 4L * i, n - i));
            storeFirst(d.mul(d), y + 4L * i, n - i);
        }
    }

    static void weightedDifference(int n, float weight, long a, long b, long y) {
        for (int i = 0; i < n; i += N) {
            FloatVector d = loadFirst(a + 4L * i, n - i).sub(loadFirst(b + 4L * i, n - i));
            storeFirst(d.mul(weight), y + 4L * i, n - i);
        }
    }
}
