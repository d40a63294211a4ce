package org.reverie.numerics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ElementaryTest {
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float NAN = Float.NaN;

    static Stream<String> names() {
        return Oracle.UNARY.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("names")
    void errorIsAtMostTwoUlp(String name) {
        Oracle.Pair pair = Oracle.UNARY.get(name);
        Inputs.dense(1009).forEach(x -> {
            float y = pair.function().apply(x);
            double error = Oracle.ulps(y, pair.exact().applyAsDouble(x));
            assertTrue(
                    error <= 2, () -> name + "(" + Float.toHexString(x) + ") = " + y + " is off by " + error + " ulp");
        });
    }

    @Test
    void specialValues() {
        same(INF, Elementary.exp(INF));
        same(0f, Elementary.exp(-INF));
        same(1f, Elementary.exp(-0f));
        same(Float.MIN_VALUE, Elementary.exp(-103.5f));
        same(INF, Elementary.exp(88.8f));
        same(-0f, Elementary.expm1(-0f));
        same(-Float.MIN_VALUE, Elementary.expm1(-Float.MIN_VALUE));
        same(-1f, Elementary.expm1(-INF));
        same(-INF, Elementary.log(-0f));
        same(0f, Elementary.log(1f));
        same(INF, Elementary.log(INF));
        same(NAN, Elementary.log(-Float.MIN_VALUE));
        same(-0f, Elementary.log1p(-0f));
        same(-INF, Elementary.log1p(-1f));
        same(NAN, Elementary.log1p(-1.5f));
        same(INF, Elementary.log1p(INF));
        same(-0f, Elementary.tanh(-0f));
        same(-1f, Elementary.tanh(-INF));
        same(0.5f, Elementary.sigmoid(-0f));
        same(0f, Elementary.sigmoid(-INF));
        same(1f, Elementary.sigmoid(INF));
        same(-0f, Elementary.erf(-0f));
        same(1f, Elementary.erf(INF));
        same(-0f, Elementary.sin(-0f));
        same(NAN, Elementary.sin(INF));
        same(1f, Elementary.cos(-0f));
        same(NAN, Elementary.cos(-INF));
        same(-INF, Elementary.rsqrt(-0f));
        same(NAN, Elementary.rsqrt(-1f));
        for (Oracle.Pair pair : Oracle.UNARY.values()) {
            same(NAN, pair.function().apply(NAN));
        }
    }

    @Test
    void powerIsWithinTwoUlp() {
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 4_000_000; i++) {
            float x = Float.intBitsToFloat(random.nextInt(0x7f800000));
            if ((i & 1) == 0) {
                x = 1 + (random.nextInt(1 << 21) - (1 << 20)) * 0x1p-21f;
            }
            double limit = 105 / Math.max(Math.abs(StrictMath.log(x)), 1e-7);
            float y = (float) ((random.nextDouble() * 2 - 1) * limit);
            double error = Oracle.ulps(Elementary.pow(x, y), StrictMath.pow(x, y));
            if (!(error <= 2)) {
                fail("pow(" + Float.toHexString(x) + ", " + Float.toHexString(y) + ") is off by " + error + " ulp");
            }
        }
    }

    @Test
    void powerOfSpecialArguments() {
        float[] values = {
            0f, -0f, 0.5f, -0.5f, 1f, -1f, 2f, -2f, 3f, -3f, 0x1p24f, -0x1p24f, 16777215f, INF, -INF, 1.5f, -1.5f
        };
        for (float x : values) {
            for (float y : values) {
                boolean one = x == 1f || x == -1f && Float.isInfinite(y);
                // Java's pow differs from C's and ours only for 1 and −1 to an infinite power.
                double exact = one ? 1 : StrictMath.pow(x, y);
                float actual = Elementary.pow(x, y);
                assertTrue(Oracle.ulps(actual, exact) <= 2, () -> x + " to the " + y + " gave " + actual);
                if (exact == 0 || exact == 1 || exact == (int) exact) {
                    same((float) exact, actual);
                }
            }
            same(1f, Elementary.pow(NAN, 0f));
            same(1f, Elementary.pow(1f, NAN));
            same(NAN, Elementary.pow(NAN, x == 0f ? 1f : x));
        }
    }

    @Test
    void activationsOfZeroAndInfinity() {
        same(-0f, Elementary.silu(-0f));
        same(INF, Elementary.silu(INF));
        same(-0f, Elementary.gelu(-0f));
        same(INF, Elementary.gelu(INF));
        same(INF, Elementary.geluTanh(INF));
        same(2f, Elementary.softplus(2f) - Elementary.softplus(-2f));
        assertEquals(0.8413447f, Elementary.gelu(1f), 1e-6f);
        assertEquals(0.84119199f, Elementary.geluTanh(1f), 1e-6f);
        assertEquals(0.84579577f, Elementary.quickGelu(1f), 1e-6f);
    }

    private static void same(float expected, float actual) {
        assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(actual), () -> expected + " but " + actual);
    }
}
