package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * xʸ on all lanes for positive finite x and finite y: the steps of the scalar {@code numerics.Power}. Too long for the
 * JIT to inline, so that its vectors pass through the heap; no hot kernel takes powers.
 */
final class VectorPower {
    private VectorPower() {}

    static FloatVector ofPositive(FloatVector x, FloatVector y) {
        VectorMask<Float> tiny = x.compare(LT, MIN_NORMAL);
        IntVector i = x.blend(x.mul(TWO_TO_24), tiny).reinterpretAsInts().sub(SQRT_HALF_BITS);
        FloatVector k = (FloatVector) i.lanewise(ASHR, 23).convertShape(I2F, Lanes.F, 0);
        k = k.blend(k.sub(TWENTY_FOUR), tiny);
        FloatVector m = i.and(FRACTION).add(SQRT_HALF_BITS).reinterpretAsFloats();

        FloatVector f = m.sub(ONE);
        FloatVector d = m.add(ONE);
        FloatVector dl = m.sub(d.sub(ONE));
        FloatVector q = f.div(d);
        FloatVector ql = q.neg().fma(dl, q.neg().fma(d, f)).div(d);
        FloatVector s = q.mul(q);
        FloatVector sl = q.add(q).fma(ql, q.fma(q, s.neg()));
        FloatVector p = ATANH_3.fma(s, ATANH_2).fma(s, ATANH_1).fma(s, ATANH_0);
        FloatVector tail = s.mul(p);
        FloatVector c = tail.add(THIRD_HI);
        FloatVector cl = tail.sub(c.sub(THIRD_HI)).add(THIRD_LO);
        FloatVector g = s.mul(c);
        FloatVector gl = s.fma(cl, sl.fma(c, s.fma(c, g.neg())));
        FloatVector e = q.mul(g);
        FloatVector el = q.fma(gl, ql.fma(g, q.fma(g, e.neg())));

        FloatVector h = q.add(e);
        FloatVector l = e.sub(h.sub(q)).add(el.add(ql));
        return expOfProduct(y, k, h.add(h), l.add(l));
    }

    /** exp(y · (h + l + k·ln 2)). */
    private static FloatVector expOfProduct(FloatVector y, FloatVector k, FloatVector h, FloatVector l) {
        FloatVector a = k.mul(LN2_SHORT);
        FloatVector sum = a.add(h);
        FloatVector rest = h.sub(sum.sub(a)).add(k.fma(LN2_REST, l));
        FloatVector z = y.mul(sum);
        FloatVector zl = y.fma(rest, y.fma(sum, z.neg()));
        zl = ZERO.blend(zl, z.compare(LE, EXP_MAX).and(z.compare(GE, EXP_MIN)));
        z = z.blend(EXP_MAX, z.compare(GT, EXP_MAX));
        z = z.blend(EXP_MIN, z.compare(LT, EXP_MIN));
        FloatVector t = z.fma(LOG2E, ROUND);
        FloatVector n = t.sub(ROUND);
        FloatVector r = n.fma(LN2_HI_NEGATIVE, z).add(n.fma(LN2_LO_NEGATIVE, zl));
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
}
