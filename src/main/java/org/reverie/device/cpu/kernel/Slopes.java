package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;
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
            store(load(g + i).blend(ZERO, load(x + i).compare(LE, ZERO)), y + i);
        }
    }

    static void relu6(long x, long g, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(load(g + i).blend(ZERO, v.compare(LE, ZERO).or(v.compare(GE, 6f))), y + i);
        }
    }

    static void silu(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector s = load(spare + i);
            store(load(g + i).mul(s.mul(load(x + i).fma(ONE.sub(s), ONE))), y + i);
        }
    }

    static void quickGelu(long x, long g, long y, long bytes, long spare) {
        FloatVector factor = FloatVector.broadcast(F, Coefficients.QUICK_GELU);
        for (long i = 0; i < bytes; i += V) {
            store(load(x + i).mul(factor), spare + bytes + i);
        }
        silu(spare + bytes, g, y, bytes, spare);
    }

    static void gelu(long x, long g, long y, long bytes, long spare) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(v.mul(SQRT_HALF), spare + i);
            store(v.mul(v).mul(MINUS_HALF), spare + bytes + i);
        }
        ElementaryLoops.erf(spare, spare, bytes);
        ElementaryLoops.expBelow(0f, spare + bytes, spare + bytes, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector below = HALF.mul(ONE.add(load(spare + i)));
            FloatVector density = INVERSE_SQRT_TWO_PI.mul(load(spare + bytes + i));
            store(load(g + i).mul(load(x + i).fma(density, below)), y + i);
        }
    }

    static void geluTanh(long x, long g, long y, long bytes, long spare) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(SQRT_TWO_OVER_PI.mul(GELU_CUBIC.mul(v.mul(v)).fma(v, v)), spare + i);
        }
        ElementaryLoops.tanh(spare, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            FloatVector t = load(spare + i);
            FloatVector inner = SQRT_TWO_OVER_PI.mul(THREE_CUBIC.fma(v.mul(v), ONE));
            FloatVector bend = HALF.mul(v).mul(t.neg().fma(t, ONE));
            store(load(g + i).mul(bend.fma(inner, HALF.mul(ONE.add(t)))), y + i);
        }
    }

    static void sigmoid(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector s = load(spare + i);
            store(load(g + i).mul(s.mul(ONE.sub(s))), y + i);
        }
    }

    static void tanh(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.tanh(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector t = load(spare + i);
            store(load(g + i).mul(t.neg().fma(t, ONE)), y + i);
        }
    }

    static void softplus(long x, long g, long y, long bytes, long spare) {
        ElementaryLoops.sigmoid(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            store(load(g + i).mul(load(spare + i)), y + i);
        }
    }
}
