package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import org.reverie.device.spec.Activation;
import org.reverie.numerics.Coefficients;

/**
 * The activations along memory, {@code y = f(x)} for {@code bytes} bytes, a multiple of the vector's; y may be x. One
 * loop for each, written out (see {@link ElementaryLoops}).
 */
final class Activations {
    private static final long V = 4L * Lanes.N;

    private Activations() {}

    /** Applies an activation, not {@code NONE}. */
    static void apply(Activation activation, long x, long y, long bytes) {
        switch (activation) {
            case NONE -> throw new IllegalArgumentException("there is no activation to apply");
            case RELU -> relu(x, y, bytes);
            case RELU6 -> relu6(x, y, bytes);
            case SILU -> silu(x, y, bytes);
            case GELU -> gelu(x, y, bytes);
            case GELU_TANH -> geluTanh(x, y, bytes);
            case QUICK_GELU -> quickGelu(x, y, bytes);
            case SIGMOID -> ElementaryLoops.sigmoid(x, y, bytes);
            case TANH -> ElementaryLoops.tanh(x, y, bytes);
        }
    }

    /** +0 for every x up to 0, NaN for NaN. */
    static void relu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            v.blend(ZERO, v.compare(LE, ZERO)).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void relu6(long x, long y, long bytes) {
        FloatVector six = FloatVector.broadcast(F, 6f);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            v.blend(ZERO, v.compare(LE, ZERO)).blend(six, v.compare(GT, six)).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void silu(long x, long y, long bytes) {
        gated(1f, x, y, bytes);
    }

    static void quickGelu(long x, long y, long bytes) {
        gated(Coefficients.QUICK_GELU, x, y, bytes);
    }

    /**
     * {@code x · sigmoid(factor · x)}, the steps of {@link ElementaryLoops#sigmoid}. The bound of the magnitude is taken on
     * its bits, which loses a NaN; the product with x brings it back.
     */
    private static void gated(float factor, long x, long y, long bytes) {
        FloatVector times = FloatVector.broadcast(F, factor);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            IntVector bits = v.mul(times).reinterpretAsInts();
            FloatVector a = bits.and(MAGNITUDE).min(SIGMOID_END_BITS).reinterpretAsFloats();
            FloatVector t = a.fma(LOG2E_NEGATIVE, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(LN2_LO, n.fma(LN2_HI, a));
            FloatVector p = EXP_4.fma(r, EXP_3_NEGATIVE)
                    .fma(r, EXP_2)
                    .fma(r, EXP_1_NEGATIVE)
                    .fma(r, EXP_0)
                    .fma(r, MINUS_ONE);
            FloatVector u = r.mul(p);
            FloatVector s =
                    t.reinterpretAsInts().sub(RAISED_BITS).lanewise(LSHL, 23).reinterpretAsFloats();
            FloatVector z = u.fma(s, s).mul(LOWERED);
            FloatVector d = z.add(ONE);
            FloatVector found = d.sub(ONE).sub(z);
            VectorMask<Float> below = v.compare(LT, ZERO);
            FloatVector q = ONE.blend(s, below).div(d);
            FloatVector c = found.fma(d.fma(MINUS_HALF, ONE_AND_HALF), ZERO.blend(u, below));
            c.fma(q, q).mul(ONE.blend(LOWERED, below)).mul(v).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /** The steps of {@link ElementaryLoops#erf}, with the bound taken on bits as above. */
    static void gelu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            IntVector bits = v.mul(SQRT_HALF).reinterpretAsInts();
            IntVector magnitude = bits.and(MAGNITUDE);
            FloatVector a = magnitude.reinterpretAsFloats();
            FloatVector s = a.mul(a);
            FloatVector p = ERF_6.fma(s, ERF_5).fma(s, ERF_4).fma(s, ERF_3);
            p = p.fma(s, ERF_2).fma(s, ERF_1).fma(s, ERF_0).fma(a, a);
            FloatVector c = magnitude.min(ERF_ONE_BITS).reinterpretAsFloats();
            FloatVector q = ERFC_6.fma(c, ERFC_5).fma(c, ERFC_4).fma(c, ERFC_3);
            q = q.fma(c, ERFC_2).fma(c, ERFC_1).fma(c, ERFC_0).fma(c, c);
            FloatVector t = q.fma(LOG2E_NEGATIVE, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(LN2_LO, n.fma(LN2_HI, q));
            q = EXP_4.fma(r, EXP_3_NEGATIVE)
                    .fma(r, EXP_2)
                    .fma(r, EXP_1_NEGATIVE)
                    .fma(r, EXP_0)
                    .fma(r, MINUS_ONE)
                    .fma(r, ONE);
            IntVector scale = t.reinterpretAsInts().sub(BIAS_BITS).lanewise(LSHL, 23);
            FloatVector large = ONE.sub(scale.reinterpretAsFloats().mul(q));
            IntVector w = large.blend(p, a.compare(LT, ERF_SMALL)).reinterpretAsInts();
            FloatVector e = w.or(bits.and(SIGN)).reinterpretAsFloats();
            v.mul(HALF).mul(e.add(ONE)).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /** The steps of {@link ElementaryLoops#tanh}, with the bound taken on bits as above. */
    static void geluTanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            IntVector bits =
                    v.mul(v).mul(GELU_CUBIC).fma(v, v).mul(SQRT_TWO_OVER_PI).reinterpretAsInts();
            IntVector magnitude = bits.and(MAGNITUDE);
            FloatVector a = magnitude.reinterpretAsFloats();
            FloatVector s = a.mul(a);
            FloatVector p = TANH_4.fma(s, TANH_3).fma(s, TANH_2).fma(s, TANH_1).fma(s, TANH_0);
            FloatVector small = s.mul(p).fma(a, a);
            FloatVector c = magnitude.min(TANH_ONE_BITS).reinterpretAsFloats();
            c = c.add(c);
            FloatVector t = c.fma(LOG2E, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
            FloatVector q = EXP_4.fma(r, EXP_3)
                    .fma(r, EXP_2)
                    .fma(r, EXP_1)
                    .fma(r, EXP_0)
                    .fma(r, ONE)
                    .fma(r, ONE);
            IntVector scale = t.reinterpretAsInts().sub(BIAS_BITS).lanewise(LSHL, 23);
            FloatVector e = scale.reinterpretAsFloats().mul(q);
            FloatVector large = ONE.sub(TWO.div(e.add(ONE)));
            IntVector w = large.blend(small, a.compare(LT, TANH_SMALL)).reinterpretAsInts();
            FloatVector tanh = w.or(bits.and(SIGN)).reinterpretAsFloats();
            v.mul(HALF).mul(tanh.add(ONE)).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }
}
