package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;

import jdk.incubator.vector.FloatVector;

/** Loops over formulas of several operations, one for each, for {@code bytes} bytes, a multiple of the vector's. */
final class FormulaLoops {
    private static final long V = 4L * Lanes.N;

    private FormulaLoops() {}

    static void fill(float value, long y, long bytes) {
        FloatVector v = FloatVector.broadcast(F, value);
        for (long i = 0; i < bytes; i += V) {
            store(v, y + i);
        }
    }

    static void clamp(float low, float high, long x, long y, long bytes) {
        FloatVector least = FloatVector.broadcast(F, low);
        FloatVector most = FloatVector.broadcast(F, high);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(v.blend(most, v.compare(GT, most)).blend(least, v.compare(LT, least)), y + i);
        }
    }

    static void clampGradient(float low, float high, long x, long g, long y, long bytes) {
        FloatVector zero = FloatVector.zero(F);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(zero.blend(load(g + i), v.compare(GE, low).and(v.compare(LE, high))), y + i);
        }
    }

    /** {@code y = fma(b, z, a · x)}. */
    static void combine(float a, long x, float b, long z, long y, long bytes) {
        FloatVector left = FloatVector.broadcast(F, a);
        FloatVector right = FloatVector.broadcast(F, b);
        for (long i = 0; i < bytes; i += V) {
            store(right.fma(load(z + i), left.mul(load(x + i))), y + i);
        }
    }

    /** {@code y = scale · fma(factor, e, x)}. */
    static void denoise(float scale, float factor, long x, long e, long y, long bytes) {
        FloatVector f = FloatVector.broadcast(F, factor);
        for (long i = 0; i < bytes; i += V) {
            store(f.fma(load(e + i), load(x + i)).mul(scale), y + i);
        }
    }

    /** {@code y = fma(a, x, y)}. */
    static void axpy(float a, long x, long y, long bytes) {
        FloatVector factor = FloatVector.broadcast(F, a);
        for (long i = 0; i < bytes; i += V) {
            store(factor.fma(load(x + i), load(y + i)), y + i);
        }
    }

    /** {@code y = fma(a, x, z)}. */
    static void axpz(float a, long x, long z, long y, long bytes) {
        FloatVector factor = FloatVector.broadcast(F, a);
        for (long i = 0; i < bytes; i += V) {
            store(factor.fma(load(x + i), load(z + i)), y + i);
        }
    }

    static void squaredDifference(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector d = load(a + i).sub(load(b + i));
            store(d.mul(d), y + i);
        }
    }

    static void weightedDifference(float weight, long a, long b, long y, long bytes) {
        FloatVector w = FloatVector.broadcast(F, weight);
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).sub(load(b + i)).mul(w), y + i);
        }
    }

    /** {@code (max(x, 0) − x · z) + log1p(exp(−|x|))}. */
    static void logisticLoss(long x, long z, long y, long bytes, long spare) {
        UnaryLoops.softness(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = FloatVector.fromMemorySegment(F, Lanes.MEMORY, x + i, Lanes.ORDER);
            FloatVector line = v.max(0f).sub(v.mul(FloatVector.fromMemorySegment(F, Lanes.MEMORY, z + i, Lanes.ORDER)));
            line.add(FloatVector.fromMemorySegment(F, Lanes.MEMORY, spare + i, Lanes.ORDER))
                    .intoMemorySegment(Lanes.MEMORY, y + i, Lanes.ORDER);
        }
    }

    /** {@code weight · (sigmoid(x) − z)}. */
    static void logisticGradient(float weight, long x, long z, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        FloatVector w = FloatVector.broadcast(F, weight);
        for (long i = 0; i < bytes; i += V) {
            FloatVector.fromMemorySegment(F, Lanes.MEMORY, spare + i, Lanes.ORDER)
                    .sub(FloatVector.fromMemorySegment(F, Lanes.MEMORY, z + i, Lanes.ORDER))
                    .mul(w)
                    .intoMemorySegment(Lanes.MEMORY, y + i, Lanes.ORDER);
        }
    }
}
