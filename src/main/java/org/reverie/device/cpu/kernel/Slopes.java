package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;
import static org.reverie.device.cpu.kernel.VectorConstants.GELU_CUBIC;
import static org.reverie.device.cpu.kernel.VectorConstants.HALF;
import static org.reverie.device.cpu.kernel.VectorConstants.MINUS_HALF;
import static org.reverie.device.cpu.kernel.VectorConstants.ONE;
import static org.reverie.device.cpu.kernel.VectorConstants.QUICK_GELU;
import static org.reverie.device.cpu.kernel.VectorConstants.SQRT_HALF;
import static org.reverie.device.cpu.kernel.VectorConstants.SQRT_TWO_OVER_PI;

import jdk.incubator.vector.FloatVector;

/** (x, g) → g · f′(x) for the activations, rounding by rounding as {@code op.ActivationGradients} declares them. */
final class Slopes {
    private static final FloatVector INVERSE_SQRT_TWO_PI = FloatVector.broadcast(Lanes.F, 0.3989422804f);
    private static final FloatVector THREE_CUBIC = FloatVector.broadcast(Lanes.F, 0.134145f);

    private Slopes() {}

    static FloatVector relu(FloatVector x, FloatVector g) {
        return g.blend(0f, x.compare(LE, 0f));
    }

    static FloatVector relu6(FloatVector x, FloatVector g) {
        return g.blend(0f, x.compare(LE, 0f).or(x.compare(GE, 6f)));
    }

    static FloatVector silu(FloatVector x, FloatVector g) {
        FloatVector s = VectorMath.sigmoid(x);
        return g.mul(s.mul(x.fma(ONE.sub(s), ONE)));
    }

    static FloatVector quickGelu(FloatVector x, FloatVector g) {
        FloatVector a = QUICK_GELU.mul(x);
        FloatVector s = VectorMath.sigmoid(a);
        return g.mul(s.mul(a.fma(ONE.sub(s), ONE)));
    }

    static FloatVector gelu(FloatVector x, FloatVector g) {
        FloatVector below = HALF.mul(ONE.add(VectorMath.erf(x.mul(SQRT_HALF))));
        FloatVector density = INVERSE_SQRT_TWO_PI.mul(VectorMath.exp(MINUS_HALF.mul(x.mul(x))));
        return g.mul(x.fma(density, below));
    }

    static FloatVector geluTanh(FloatVector x, FloatVector g) {
        FloatVector square = x.mul(x);
        FloatVector t =
                VectorMath.tanh(SQRT_TWO_OVER_PI.mul(GELU_CUBIC.mul(square).fma(x, x)));
        FloatVector inner = SQRT_TWO_OVER_PI.mul(THREE_CUBIC.fma(square, ONE));
        FloatVector bend = HALF.mul(x).mul(t.neg().fma(t, ONE));
        return g.mul(bend.fma(inner, HALF.mul(ONE.add(t))));
    }

    static FloatVector sigmoid(FloatVector x, FloatVector g) {
        FloatVector s = VectorMath.sigmoid(x);
        return g.mul(s.mul(ONE.sub(s)));
    }

    static FloatVector tanh(FloatVector x, FloatVector g) {
        FloatVector t = VectorMath.tanh(x);
        return g.mul(t.neg().fma(t, ONE));
    }

    static FloatVector softplus(FloatVector x, FloatVector g) {
        return g.mul(VectorMath.sigmoid(x));
    }
}
