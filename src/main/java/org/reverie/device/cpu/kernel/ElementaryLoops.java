package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import org.reverie.numerics.Elementary;

/**
 * The functions of {@link Elementary} along memory: {@code y = f(x)} for {@code bytes} bytes, a multiple of the vector's; y
 * may be x. Each lane goes through operations that give the bits of the scalar function. What the scalar code decides by
 * a branch is decided by a mask here.
 *
 * <p>Every function is one loop written out in vector operations, loads and stores included, which the JIT always inlines. A function on a vector,
 * called from the loop, would not do: if it happens to be compiled on its own before the loop is, its code is
 * too big to be inlined, the call stays, and its vectors pass through the heap (five times slower, in some runs and not
 * in others).
 */
final class ElementaryLoops {
    private static final long V = 4L * Lanes.N;

    private ElementaryLoops() {}

    static void exp(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector c = v.blend(EXP_MAX, v.compare(GT, EXP_MAX));
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
            p.mul(s).mul(s2).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /**
     * {@code exp(x − top)} where that is not above 1. The scalar function's scale 2ⁿ, in halves there, is 2ⁿ⁺⁶⁴ · 2⁻⁶⁴
     * here: in both cases only the last factor can round.
     */
    static void expBelow(float top, long x, long y, long bytes) {
        FloatVector highest = FloatVector.broadcast(F, top);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER).sub(highest);
            FloatVector c = v.blend(EXP_MIN, v.compare(LT, EXP_MIN));
            FloatVector t = c.fma(LOG2E, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
            FloatVector p = EXP_4.fma(r, EXP_3)
                    .fma(r, EXP_2)
                    .fma(r, EXP_1)
                    .fma(r, EXP_0)
                    .fma(r, ONE)
                    .fma(r, ONE);
            IntVector s = t.reinterpretAsInts().sub(RAISED_BITS).lanewise(LSHL, 23);
            p.mul(s.reinterpretAsFloats()).mul(LOWERED).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void expm1(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector c = v.blend(EXP_MAX, v.compare(GT, EXP_MAX));
            c = c.blend(EXPM1_MIN, c.compare(LT, EXPM1_MIN));
            FloatVector t = c.fma(LOG2E, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
            FloatVector p = EXPM1_5.fma(r, EXPM1_4)
                    .fma(r, EXPM1_3)
                    .fma(r, EXPM1_2)
                    .fma(r, EXPM1_1)
                    .fma(r, EXPM1_0);
            FloatVector u = p.fma(r.mul(r), r);
            FloatVector s = t.reinterpretAsInts()
                    .sub(BELOW_BIAS_BITS)
                    .lanewise(LSHL, 23)
                    .reinterpretAsFloats();
            FloatVector h = s.fma(u, s.sub(HALF));
            IntVector magnitude =
                    h.add(h).blend(u, n.compare(EQ, ZERO)).reinterpretAsInts().and(MAGNITUDE);
            magnitude.or(v.reinterpretAsInts().and(SIGN)).reinterpretAsFloats().intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void log(long x, long y, long bytes) {
        for (long j = 0; j < bytes; j += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + j, ORDER);
            VectorMask<Float> tiny = v.compare(LT, MIN_NORMAL);
            IntVector i = v.blend(v.mul(TWO_TO_24), tiny).reinterpretAsInts().sub(SQRT_HALF_BITS);
            FloatVector k = (FloatVector) i.lanewise(ASHR, 23).convertShape(I2F, F, 0);
            k = k.blend(k.sub(TWENTY_FOUR), tiny);
            FloatVector f =
                    i.and(FRACTION).add(SQRT_HALF_BITS).reinterpretAsFloats().sub(ONE);
            FloatVector z = f.mul(f);
            FloatVector p = LOG_8.fma(f, LOG_7).fma(f, LOG_6).fma(f, LOG_5).fma(f, LOG_4);
            p = p.fma(f, LOG_3).fma(f, LOG_2).fma(f, LOG_1).fma(f, LOG_0);
            FloatVector w = z.fma(MINUS_HALF, f.mul(z).mul(p));
            w = k.fma(LN2_HI, k.fma(LN2_LO, w).add(f));
            w = v.blend(w, v.compare(LT, INFINITY));
            w = w.blend(MINUS_INFINITY, v.compare(EQ, ZERO));
            w.blend(NAN, v.compare(LT, ZERO)).intoMemorySegment(MEMORY, y + j, ORDER);
        }
    }

    static void log1p(long x, long y, long bytes) {
        for (long j = 0; j < bytes; j += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + j, ORDER);
            FloatVector u = v.add(ONE);
            FloatVector b = u.sub(ONE);
            FloatVector lost = ONE.sub(u.sub(b)).add(v.sub(b));
            IntVector i = u.reinterpretAsInts().sub(SQRT_HALF_BITS);
            IntVector e = i.lanewise(ASHR, 23);
            FloatVector scale = BIAS.sub(e).lanewise(LSHL, 23).reinterpretAsFloats();
            FloatVector c = ZERO.blend(lost.mul(scale), v.compare(LT, TWO_TO_25));
            FloatVector f = i.and(FRACTION)
                    .add(SQRT_HALF_BITS)
                    .reinterpretAsFloats()
                    .sub(ONE)
                    .add(c);
            FloatVector k = (FloatVector) e.convertShape(I2F, F, 0);
            FloatVector z = f.mul(f);
            FloatVector p = LOG_8.fma(f, LOG_7).fma(f, LOG_6).fma(f, LOG_5).fma(f, LOG_4);
            p = p.fma(f, LOG_3).fma(f, LOG_2).fma(f, LOG_1).fma(f, LOG_0);
            FloatVector w = z.fma(MINUS_HALF, f.mul(z).mul(p));
            w = k.fma(LN2_HI, k.fma(LN2_LO, w).add(f));
            w = v.blend(w, v.compare(LT, INFINITY));
            w = w.blend(MINUS_INFINITY, v.compare(EQ, MINUS_ONE));
            IntVector magnitude = w.reinterpretAsInts().and(MAGNITUDE);
            w = magnitude.or(v.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
            w.blend(NAN, v.compare(LT, MINUS_ONE)).intoMemorySegment(MEMORY, y + j, ORDER);
        }
    }

    /** {@link #log1p} for 0 ≤ x ≤ 1, where nothing is special. */
    static void log1pOfFraction(long x, long y, long bytes) {
        for (long j = 0; j < bytes; j += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + j, ORDER);
            FloatVector u = v.add(ONE);
            FloatVector b = u.sub(ONE);
            FloatVector lost = ONE.sub(u.sub(b)).add(v.sub(b));
            IntVector i = u.reinterpretAsInts().sub(SQRT_HALF_BITS);
            IntVector e = i.lanewise(ASHR, 23);
            FloatVector c = lost.mul(BIAS.sub(e).lanewise(LSHL, 23).reinterpretAsFloats());
            FloatVector f = i.and(FRACTION)
                    .add(SQRT_HALF_BITS)
                    .reinterpretAsFloats()
                    .sub(ONE)
                    .add(c);
            FloatVector k = (FloatVector) e.convertShape(I2F, F, 0);
            FloatVector z = f.mul(f);
            FloatVector p = LOG_8.fma(f, LOG_7).fma(f, LOG_6).fma(f, LOG_5).fma(f, LOG_4);
            p = p.fma(f, LOG_3).fma(f, LOG_2).fma(f, LOG_1).fma(f, LOG_0);
            FloatVector w = z.fma(MINUS_HALF, f.mul(z).mul(p));
            k.fma(LN2_HI, k.fma(LN2_LO, w).add(f)).intoMemorySegment(MEMORY, y + j, ORDER);
        }
    }

    static void tanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector a = v.abs();
            FloatVector s = a.mul(a);
            FloatVector p = TANH_4.fma(s, TANH_3).fma(s, TANH_2).fma(s, TANH_1).fma(s, TANH_0);
            FloatVector small = s.mul(p).fma(a, a);
            FloatVector c = a.blend(TANH_ONE, a.compare(GT, TANH_ONE));
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
            w.or(v.reinterpretAsInts().and(SIGN)).reinterpretAsFloats().intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    /**
     * The scalar function's r and polynomial change signs together here, which is exact and saves a negation; its scale 2ⁿ,
     * in halves there, is 2ⁿ⁺⁶⁴ · 2⁻⁶⁴ here: in both cases only the last factor can round.
     */
    static void sigmoid(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector a = v.abs();
            a = a.blend(SIGMOID_END, a.compare(GT, SIGMOID_END));
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
            c.fma(q, q).mul(ONE.blend(LOWERED, below)).intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void erf(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector a = v.abs();
            FloatVector s = a.mul(a);
            FloatVector p = ERF_6.fma(s, ERF_5).fma(s, ERF_4).fma(s, ERF_3);
            p = p.fma(s, ERF_2).fma(s, ERF_1).fma(s, ERF_0).fma(a, a);
            FloatVector c = a.blend(ERF_ONE, a.compare(GT, ERF_ONE));
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
            w.or(v.reinterpretAsInts().and(SIGN)).reinterpretAsFloats().intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void sin(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = fromMemorySegment(F, MEMORY, x + i, ORDER);
            FloatVector a = v.abs();
            if (a.compare(GE, TRIG_LARGE).anyTrue()) {
                for (long l = i; l < i + V; l += 4) {
                    Lanes.set(y + l, Elementary.sin(Lanes.get(x + l)));
                }
                continue;
            }
            FloatVector t = a.fma(TWO_OVER_PI, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(PIO2_3_NEGATIVE, n.fma(PIO2_2_NEGATIVE, n.fma(PIO2_1_NEGATIVE, a)));
            FloatVector s = r.mul(r);
            FloatVector sin =
                    s.mul(SIN_3.fma(s, SIN_2).fma(s, SIN_1).fma(s, SIN_0)).fma(r, r);
            FloatVector cos = s.mul(s).fma(COS_2.fma(s, COS_1).fma(s, COS_0), s.fma(MINUS_HALF, ONE));
            IntVector q = t.reinterpretAsInts();
            FloatVector w =
                    sin.blend(cos, q.lanewise(LSHL, 31).compare(LT, NO_BITS).cast(F));
            IntVector sign =
                    q.lanewise(LSHL, 30).lanewise(XOR, v.reinterpretAsInts()).and(SIGN);
            w.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats().intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }

    static void cos(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector a = fromMemorySegment(F, MEMORY, x + i, ORDER).abs();
            if (a.compare(GE, TRIG_LARGE).anyTrue()) {
                for (long l = i; l < i + V; l += 4) {
                    Lanes.set(y + l, Elementary.cos(Lanes.get(x + l)));
                }
                continue;
            }
            FloatVector t = a.fma(TWO_OVER_PI, ROUND);
            FloatVector n = t.sub(ROUND);
            FloatVector r = n.fma(PIO2_3_NEGATIVE, n.fma(PIO2_2_NEGATIVE, n.fma(PIO2_1_NEGATIVE, a)));
            FloatVector s = r.mul(r);
            FloatVector sin =
                    s.mul(SIN_3.fma(s, SIN_2).fma(s, SIN_1).fma(s, SIN_0)).fma(r, r);
            FloatVector cos = s.mul(s).fma(COS_2.fma(s, COS_1).fma(s, COS_0), s.fma(MINUS_HALF, ONE));
            IntVector q = t.reinterpretAsInts();
            FloatVector w =
                    cos.blend(sin, q.lanewise(LSHL, 31).compare(LT, NO_BITS).cast(F));
            IntVector sign = q.add(BIT_0).lanewise(LSHL, 30).and(SIGN);
            w.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats().intoMemorySegment(MEMORY, y + i, ORDER);
        }
    }
}
