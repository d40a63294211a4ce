package org.reverie.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.reverie.device.spec.Activation;
import org.reverie.numerics.Elementary;

class ActivationFunctionsTest {
    private static float exact(Activation a, float x) {
        return (float) ActivationFunctions.apply(Arithmetic.EXACT, a, x);
    }

    @Test
    void agreeWithTheElementaryFunctionsBitForBit() {
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 200_000; i++) {
            float x = Float.intBitsToFloat(random.nextInt());
            same(x, Elementary.silu(x), exact(Activation.SILU, x));
            same(x, Elementary.gelu(x), exact(Activation.GELU, x));
            same(x, Elementary.geluTanh(x), exact(Activation.GELU_TANH, x));
            same(x, Elementary.quickGelu(x), exact(Activation.QUICK_GELU, x));
            same(x, Elementary.sigmoid(x), exact(Activation.SIGMOID, x));
            same(x, Elementary.tanh(x), exact(Activation.TANH, x));
        }
    }

    @Test
    void rectifiersGivePlusZeroAndKeepNaN() {
        for (Activation a : new Activation[] {Activation.RELU, Activation.RELU6}) {
            same(-0f, 0f, exact(a, -0f));
            same(-3f, 0f, exact(a, -3f));
            same(Float.NEGATIVE_INFINITY, 0f, exact(a, Float.NEGATIVE_INFINITY));
            same(Float.NaN, Float.NaN, exact(a, Float.NaN));
            same(Float.MIN_VALUE, Float.MIN_VALUE, exact(a, Float.MIN_VALUE));
        }
        same(7f, 7f, exact(Activation.RELU, 7f));
        same(Float.POSITIVE_INFINITY, 6f, exact(Activation.RELU6, Float.POSITIVE_INFINITY));
    }

    @Test
    void areCloseToTheirDefinitionsInDouble() {
        close(Activation.SILU, x -> x / (1 + Math.exp(-x)));
        close(Activation.GELU, x -> x / 2 * (1 + DoubleErf.erf(x / Math.sqrt(2))));
        close(Activation.GELU_TANH, x -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))));
        close(Activation.QUICK_GELU, x -> x / (1 + Math.exp(-1.702 * x)));
    }

    private static void close(Activation a, DoubleUnaryOperator f) {
        for (float x = -9; x < 9; x += 0.037f) {
            assertEquals(f.applyAsDouble(x), exact(a, x), 1e-6, a + " of " + x);
        }
    }

    private static void same(float x, float expected, float actual) {
        assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(actual), () -> "at " + x);
    }
}
