package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import org.reverie.numerics.Elementary;

/**
 * The functions of {@link Elementary} on all lanes of a vector, operation by operation the same, so that each lane
 * holds the bits of the scalar function. What the scalar code decides by a branch is decided by a mask here; arguments that
 * need the long way (sin and cos from 2¹⁶ on, powers of anything but positive finite numbers) are handed to the scalar
 * function, lane by lane, when any lane has one.
 *
 * <p>The methods are written flat, out of vector operations, and kept below 325 bytes of code: the JIT always inlines
 * the operations, but a method of ours only if it is no longer than that and its graph still small, and a call that
 * stays a call moves its vectors through the heap. For the same reason a kernel should have one loop for each
 * activation and not a switch inside the loop.
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

    static FloatVector expm1(FloatVector x) {
        FloatVector c = x.blend(EXP_MAX, x.compare(GT, EXP_MAX));
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
        FloatVector s =
                t.reinterpretAsInts().sub(BELOW_BIAS_BITS).lanewise(LSHL, 23).reinterpretAsFloats();
        FloatVector h = s.fma(u, s.sub(HALF));
        FloatVector y = h.add(h).blend(u, n.compare(EQ, ZERO));
        IntVector magnitude = y.reinterpretAsInts().and(MAGNITUDE);
        return magnitude.or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    }

    static FloatVector log(FloatVector x) {
        VectorMask<Float> tiny = x.compare(LT, MIN_NORMAL);
        IntVector i = x.blend(x.mul(TWO_TO_24), tiny).reinterpretAsInts().sub(SQRT_HALF_BITS);
        FloatVector k = (FloatVector) i.lanewise(ASHR, 23).convertShape(I2F, Lanes.F, 0);
        k = k.blend(k.sub(TWENTY_FOUR), tiny);
        FloatVector f =
                i.and(FRACTION).add(SQRT_HALF_BITS).reinterpretAsFloats().sub(ONE);
        FloatVector y = logSum(f, k);
        y = x.blend(y, x.compare(LT, INFINITY));
        y = y.blend(MINUS_INFINITY, x.compare(EQ, ZERO));
        return y.blend(NAN, x.compare(LT, ZERO));
    }

    static FloatVector log1p(FloatVector x) {
        FloatVector u = x.add(ONE);
        FloatVector b = u.sub(ONE);
        FloatVector lost = ONE.sub(u.sub(b)).add(x.sub(b));
        IntVector i = u.reinterpretAsInts().sub(SQRT_HALF_BITS);
        IntVector e = i.lanewise(ASHR, 23);
        FloatVector scale = BIAS.sub(e).lanewise(LSHL, 23).reinterpretAsFloats();
        FloatVector c = ZERO.blend(lost.mul(scale), x.compare(LT, TWO_TO_25));
        FloatVector f = i.and(FRACTION)
                .add(SQRT_HALF_BITS)
                .reinterpretAsFloats()
                .sub(ONE)
                .add(c);
        FloatVector y = logSum(f, (FloatVector) e.convertShape(I2F, Lanes.F, 0));
        y = x.blend(y, x.compare(LT, INFINITY));
        y = y.blend(MINUS_INFINITY, x.compare(EQ, MINUS_ONE));
        IntVector magnitude = y.reinterpretAsInts().and(MAGNITUDE);
        y = magnitude.or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
        return y.blend(NAN, x.compare(LT, MINUS_ONE));
    }

    static FloatVector tanh(FloatVector x) {
        FloatVector a = x.abs();
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
        FloatVector e = t.reinterpretAsInts()
                .sub(BIAS_BITS)
                .lanewise(LSHL, 23)
                .reinterpretAsFloats()
                .mul(q);
        FloatVector y = ONE.sub(TWO.div(e.add(ONE))).blend(small, a.compare(LT, TANH_SMALL));
        IntVector magnitude = y.reinterpretAsInts().and(MAGNITUDE);
        return magnitude.or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    }

    static FloatVector sigmoid(FloatVector x) {
        FloatVector c = x.abs().neg();
        c = c.blend(EXP_MIN, c.compare(LT, EXP_MIN));
        FloatVector t = c.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
        FloatVector p =
                EXP_4.fma(r, EXP_3).fma(r, EXP_2).fma(r, EXP_1).fma(r, EXP_0).fma(r, ONE);
        FloatVector u = r.mul(p);
        IntVector e = t.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = e.lanewise(ASHR, 1);
        FloatVector s = half.add(BIAS).lanewise(LSHL, 23).reinterpretAsFloats();
        FloatVector s2 = e.sub(half).add(BIAS).lanewise(LSHL, 23).reinterpretAsFloats();
        FloatVector z = u.fma(s, s).mul(s2);
        FloatVector d = z.add(ONE);
        FloatVector lost = z.sub(d.sub(ONE));
        VectorMask<Float> below = x.compare(LT, ZERO);
        FloatVector q = ONE.blend(s, below).div(d);
        FloatVector v = lost.neg().fma(d.fma(MINUS_HALF, ONE_AND_HALF), ZERO.blend(u, below));
        return v.fma(q, q).mul(ONE.blend(s2, below));
    }

    static FloatVector erf(FloatVector x) {
        FloatVector a = x.abs();
        FloatVector small = erfSmall(a);
        FloatVector c = a.blend(ERF_ONE, a.compare(GT, ERF_ONE));
        FloatVector q = ERFC_6.fma(c, ERFC_5).fma(c, ERFC_4).fma(c, ERFC_3);
        q = q.fma(c, ERFC_2).fma(c, ERFC_1).fma(c, ERFC_0);
        c = q.fma(c, c).neg();
        FloatVector t = c.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, c));
        q = EXP_4.fma(r, EXP_3)
                .fma(r, EXP_2)
                .fma(r, EXP_1)
                .fma(r, EXP_0)
                .fma(r, ONE)
                .fma(r, ONE);
        FloatVector e = t.reinterpretAsInts()
                .sub(BIAS_BITS)
                .lanewise(LSHL, 23)
                .reinterpretAsFloats()
                .mul(q);
        FloatVector y = ONE.sub(e).blend(small, a.compare(LT, ERF_SMALL));
        IntVector magnitude = y.reinterpretAsInts().and(MAGNITUDE);
        return magnitude.or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    }

    static FloatVector sin(FloatVector x) {
        FloatVector a = x.abs();
        if (a.compare(GE, TRIG_LARGE).anyTrue()) {
            return sinByLane(x);
        }
        FloatVector t = a.fma(TWO_OVER_PI, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(PIO2_3_NEGATIVE, n.fma(PIO2_2_NEGATIVE, n.fma(PIO2_1_NEGATIVE, a)));
        FloatVector s = r.mul(r);
        FloatVector sin = s.mul(SIN_3.fma(s, SIN_2).fma(s, SIN_1).fma(s, SIN_0)).fma(r, r);
        FloatVector cos = s.mul(s).fma(COS_2.fma(s, COS_1).fma(s, COS_0), s.fma(MINUS_HALF, ONE));
        IntVector q = t.reinterpretAsInts();
        FloatVector y = sin.blend(cos, q.lanewise(LSHL, 31).compare(LT, NO_BITS).cast(Lanes.F));
        IntVector sign =
                q.lanewise(LSHL, 30).lanewise(XOR, x.reinterpretAsInts()).and(SIGN);
        return y.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
    }

    static FloatVector cos(FloatVector x) {
        FloatVector a = x.abs();
        if (a.compare(GE, TRIG_LARGE).anyTrue()) {
            return cosByLane(x);
        }
        FloatVector t = a.fma(TWO_OVER_PI, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(PIO2_3_NEGATIVE, n.fma(PIO2_2_NEGATIVE, n.fma(PIO2_1_NEGATIVE, a)));
        FloatVector s = r.mul(r);
        FloatVector sin = s.mul(SIN_3.fma(s, SIN_2).fma(s, SIN_1).fma(s, SIN_0)).fma(r, r);
        FloatVector cos = s.mul(s).fma(COS_2.fma(s, COS_1).fma(s, COS_0), s.fma(MINUS_HALF, ONE));
        IntVector q = t.reinterpretAsInts();
        FloatVector y = cos.blend(sin, q.lanewise(LSHL, 31).compare(LT, NO_BITS).cast(Lanes.F));
        IntVector sign = q.add(BIT_0).lanewise(LSHL, 30).and(SIGN);
        return y.reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
    }

    static FloatVector pow(FloatVector x, FloatVector y) {
        VectorMask<Float> plain =
                x.compare(GT, ZERO).and(x.compare(LT, INFINITY)).and(y.abs().compare(LT, INFINITY));
        return plain.allTrue() ? VectorPower.ofPositive(x, y) : powByLane(x, y);
    }

    static FloatVector rsqrt(FloatVector x) {
        return ONE.div(x.sqrt());
    }

    static FloatVector softplus(FloatVector x) {
        return x.blend(ZERO, x.compare(LT, ZERO))
                .add(log1pOfFraction(exp(x.abs().neg())));
    }

    static FloatVector silu(FloatVector x) {
        return x.mul(sigmoid(x));
    }

    static FloatVector gelu(FloatVector x) {
        return x.mul(HALF).mul(erf(x.mul(SQRT_HALF)).add(ONE));
    }

    static FloatVector geluTanh(FloatVector x) {
        FloatVector u = x.mul(x).mul(GELU_CUBIC).fma(x, x);
        return x.mul(HALF).mul(tanh(u.mul(SQRT_TWO_OVER_PI)).add(ONE));
    }

    static FloatVector quickGelu(FloatVector x) {
        return x.mul(sigmoid(x.mul(QUICK_GELU)));
    }

    /** {@link #log1p} for 0 ≤ x ≤ 1, where nothing is special; flat, because it follows an exponential. */
    private static FloatVector log1pOfFraction(FloatVector x) {
        FloatVector u = x.add(ONE);
        FloatVector b = u.sub(ONE);
        FloatVector lost = ONE.sub(u.sub(b)).add(x.sub(b));
        IntVector i = u.reinterpretAsInts().sub(SQRT_HALF_BITS);
        IntVector e = i.lanewise(ASHR, 23);
        FloatVector c = lost.mul(BIAS.sub(e).lanewise(LSHL, 23).reinterpretAsFloats());
        FloatVector f = i.and(FRACTION)
                .add(SQRT_HALF_BITS)
                .reinterpretAsFloats()
                .sub(ONE)
                .add(c);
        FloatVector k = (FloatVector) e.convertShape(I2F, Lanes.F, 0);
        FloatVector z = f.mul(f);
        FloatVector p = LOG_8.fma(f, LOG_7).fma(f, LOG_6).fma(f, LOG_5).fma(f, LOG_4);
        p = p.fma(f, LOG_3).fma(f, LOG_2).fma(f, LOG_1).fma(f, LOG_0);
        FloatVector y = z.fma(MINUS_HALF, f.mul(z).mul(p));
        return k.fma(LN2_HI, k.fma(LN2_LO, y).add(f));
    }

    /** ln(1 + f) + k·ln 2. */
    private static FloatVector logSum(FloatVector f, FloatVector k) {
        FloatVector z = f.mul(f);
        FloatVector p = LOG_8.fma(f, LOG_7).fma(f, LOG_6).fma(f, LOG_5).fma(f, LOG_4);
        p = p.fma(f, LOG_3).fma(f, LOG_2).fma(f, LOG_1).fma(f, LOG_0);
        FloatVector y = z.fma(MINUS_HALF, f.mul(z).mul(p));
        return k.fma(LN2_HI, k.fma(LN2_LO, y).add(f));
    }

    /** erf a for 0 ≤ a &lt; ERF_SMALL. */
    private static FloatVector erfSmall(FloatVector a) {
        FloatVector s = a.mul(a);
        FloatVector p = ERF_6.fma(s, ERF_5)
                .fma(s, ERF_4)
                .fma(s, ERF_3)
                .fma(s, ERF_2)
                .fma(s, ERF_1)
                .fma(s, ERF_0);
        return p.fma(a, a);
    }

    private static FloatVector sinByLane(FloatVector x) {
        float[] v = x.toArray();
        for (int i = 0; i < v.length; i++) {
            v[i] = Elementary.sin(v[i]);
        }
        return FloatVector.fromArray(Lanes.F, v, 0);
    }

    private static FloatVector cosByLane(FloatVector x) {
        float[] v = x.toArray();
        for (int i = 0; i < v.length; i++) {
            v[i] = Elementary.cos(v[i]);
        }
        return FloatVector.fromArray(Lanes.F, v, 0);
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
