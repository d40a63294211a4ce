package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.VectorConstants.GELU_CUBIC;
import static org.reverie.device.cpu.kernel.VectorConstants.HALF;
import static org.reverie.device.cpu.kernel.VectorConstants.MINUS_HALF;
import static org.reverie.device.cpu.kernel.VectorConstants.ONE;
import static org.reverie.device.cpu.kernel.VectorConstants.SQRT_HALF;
import static org.reverie.device.cpu.kernel.VectorConstants.SQRT_TWO_OVER_PI;
import static org.reverie.device.cpu.kernel.VectorConstants.ZERO;

import jdk.incubator.vector.FloatVector;
import org.reverie.numerics.Coefficients;

/**
 * {@code y = g · f′(x)} along memory for the activations, rounding by rounding as {@code op.ActivationGradients} declares
 * them; y may be x or g. The elementary function goes to spare memory in the first cache by its own loop (see {@link
 * ElementaryLoops}), the rest is one more pass over it.
 */
final class Slopes {
    private static final long V = 4L * Lanes.N;
    private static final FloatVector INVERSE_SQRT_TWO_PI = FloatVector.broadcast(F, 0.3989422804f);
    private static final FloatVector THREE_CUBIC = FloatVector.broadcast(F, 0.134145f);

    private Slopes() {}

    static void relu(long x, long g, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            fromMemorySegment(F, MEMORY, g + i, ORDER)
                    .blend(ZERO, fromMemorySegment(F, MEMORY, x + i, ORDER).compare(LE, ZERO))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void relu6(long x, long g, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            fromMemorySegment(F, MEMORY, g + i, ORDER)
                    .blend(ZERO, v.compare(LE, ZERO).or(v.compare(GE, 6f)))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void silu(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector s = fromMemorySegment(F, MEMORY, spare + i, ORDER);
            fromMemorySegment(F, MEMORY, g + i, ORDER)
                    .mul(s.mul(fromMemorySegment(F, MEMORY, x + i, ORDER).fma(ONE.sub(s), ONE)))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void quickGelu(long x, long g, long y, long bytes, long spare) {
        FloatVector factor = FloatVector.broadcast(F, Coefficients.QUICK_GELU);
        for (long i = 0; i < bytes; i += V) {
            fromMemorySegment(F, MEMORY, x + i, ORDER).mul(factor).intoMemorySegment(MEMORY, spare + bytes + i, ORDER);
        }
        silu(spare + bytes, g, y, bytes, spare);
    }

    static void gelu(long x, long g, long y, long bytes, long spare) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            v.mul(SQRT_HALF).intoMemorySegment(MEMORY, spare + i, ORDER);
            v.mul(v).mul(MINUS_HALF).intoMemorySegment(MEMORY, spare + bytes + i, ORDER);
        }
        ElementaryLoops.erf(spare, spare, bytes);
        ElementaryLoops.expBelow(0f, spare + bytes, spare + bytes, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector below = HALF.mul(ONE.add(fromMemorySegment(F, MEMORY, spare + i, ORDER)));
            FloatVector density = INVERSE_SQRT_TWO_PI.mul(fromMemorySegment(F, MEMORY, spare + bytes + i, ORDER));
            fromMemorySegment(F, MEMORY, g + i, ORDER)
                    .mul(fromMemorySegment(F, MEMORY, x + i, ORDER).fma(density, below))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void geluTanh(long x, long g, long y, long bytes, long spare) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            SQRT_TWO_OVER_PI.mul(GELU_CUBIC.mul(v.mul(v)).fma(v, v)).intoMemorySegment(MEMORY, spare + i, ORDER);
        }
        ElementaryLoops.tanh(spare, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector t = fromMemorySegment(F, MEMORY, spare + i, ORDER);
            FloatVector inner = SQRT_TWO_OVER_PI.mul(THREE_CUBIC.fma(v.mul(v), ONE));
            FloatVector bend = HALF.mul(v).mul(t.neg().fma(t, ONE));
            fromMemorySegment(F, MEMORY, g + i, ORDER)
                    .mul(bend.fma(inner, HALF.mul(ONE.add(t))))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void sigmoid(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector s = fromMemorySegment(F, MEMORY, spare + i, ORDER);
            fromMemorySegment(F, MEMORY, g + i, ORDER).mul(s.mul(ONE.sub(s))).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void tanh(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.tanh(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector t = fromMemorySegment(F, MEMORY, spare + i, ORDER);
            fromMemorySegment(F, MEMORY, g + i, ORDER).mul(t.neg().fma(t, ONE)).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void softplus(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            fromMemorySegment(F, MEMORY, g + i, ORDER)
                    .mul(fromMemorySegment(F, MEMORY, spare + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }
}
