package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import org.reverie.numerics.Elementary;

/**
 * Functions of {@link Elementary} on all lanes of a vector, operation by operation the same, so that each lane holds the
 * bits of the scalar function. Powers of anything but positive finite numbers are handed to the scalar function, lane by
 * lane, when any lane has one.
 *
 * <p>The JIT inlines a method of ours only if it has no more than 325 bytes of code, its graph is still small and the
 * method was not compiled on its own before; a call that stays a call moves its vectors through the heap. Loops over memory
 * are better served by {@link ElementaryLoops}.
 */
final class VectorMath {
    private VectorMath() {}

    static FloatVector exp(FloatVector x) {
        FloatVector c = x.blend(EXP_MAX, x.compare(GT, EXP_MAX));
        c = c.blend(EXP_MIN, c.compare(LT, EXP_MIN));
        FloatVector t = c.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
        FloatVector p = EXP_4.fma(r, EXP_3)
                .fma(r, EXP_2)
                .fma(r, EXP_1)
                .fma(r, EXP_0)
                .fma(r, ONE)
                .fma(r, ONE);
        IntVector e = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = e.lanewise(ASHR, 1);
        FloatVector s = half.add(BIAS).lanewise(LSHL, 23).reinterpretAsFloats();
        FloatVector s2 = e.sub(half).add(BIAS).lanewise(LSHL, 23).reinterpretAsFloats();
        return p.mul(s).mul(s2);
    }

    static FloatVector pow(FloatVector x, FloatVector y) {
        VectorMask<Float> plain =
                x.compare(GT, ZERO).and(x.compare(LT, INFINITY)).and(y.abs().compare(LT, INFINITY));
        return plain.allTrue() ? VectorPower.ofPositive(x, y) : powByLane(x, y);
    }

    private static FloatVector powByLane(FloatVector x, FloatVector y) {
        float[] v = x.toArray();
        float[] w = y.toArray();
        for (int i = 0; i < v.length; i++) {
            v[i] = Elementary.pow(v[i], w[i]);
        }
        return FloatVector.fromArray(Lanes.F, v, 0);
    }
}
