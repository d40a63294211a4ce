package org.reverie.device.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.numerics.Elementary;
import org.reverie.numerics.Inputs;

class VectorMathTest {
    interface Scalar {
        float apply(float x);
    }

    static final Map<String, Scalar> UNARY = Map.ofEntries(
            Map.entry("exp", Elementary::exp),
            Map.entry("expm1", Elementary::expm1),
            Map.entry("log", Elementary::log),
            Map.entry("log1p", Elementary::log1p),
            Map.entry("tanh", Elementary::tanh),
            Map.entry("sigmoid", Elementary::sigmoid),
            Map.entry("erf", Elementary::erf),
            Map.entry("sin", Elementary::sin),
            Map.entry("cos", Elementary::cos),
            Map.entry("rsqrt", Elementary::rsqrt),
            Map.entry("softplus", Elementary::softplus),
            Map.entry("silu", Elementary::silu),
            Map.entry("gelu", Elementary::gelu),
            Map.entry("geluTanh", Elementary::geluTanh),
            Map.entry("quickGelu", Elementary::quickGelu));

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void everyLaneHasTheBitsOfTheScalarFunction(int bits) {
        MathProbe probe = MathProbe.of(bits);
        float[] x = inputs();
        float[] y = new float[x.length];
        UNARY.forEach((name, scalar) -> {
            probe.unary(name, x, y, x.length);
            for (int i = 0; i < x.length; i++) {
                same(name, x[i], scalar.apply(x[i]), y[i]);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void everyLaneHasTheBitsOfTheScalarPower(int bits) {
        MathProbe probe = MathProbe.of(bits);
        float[] x = inputs();
        float[] positive = new float[x.length];
        float[] y = new float[x.length];
        float[] z = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            positive[i] = Math.min(Math.max(Math.abs(x[i]), Float.MIN_VALUE), Float.MAX_VALUE);
            y[i] = (i * 2654435761L % 1000 - 500) * 0.37f;
        }
        for (float[] base : List.of(x, positive)) {
            probe.pow(base, y, z, x.length);
            for (int i = 0; i < x.length; i++) {
                same("pow to " + y[i], base[i], Elementary.pow(base[i], y[i]), z[i]);
            }
        }
    }

    /** HotSpot inlines no method of more than 325 bytes; a vector function that stays a call is several times slower. */
    @Test
    void everyMethodIsShortEnoughToBeInlined() throws IOException {
        try (InputStream in = getClass().getResourceAsStream("kernel/VectorMath.class")) {
            for (MethodModel method : ClassFile.of().parse(in.readAllBytes()).methods()) {
                int length =
                        method.findAttribute(Attributes.code()).orElseThrow().codeLength();
                assertTrue(length <= 325, () -> method.methodName() + " has " + length + " bytes");
            }
        }
    }

    private static void same(String name, float x, float expected, float actual) {
        if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
            fail(name + " at " + Float.toHexString(x) + ": scalar " + expected + ", vector " + actual);
        }
    }

    /** Special points, the neighbourhoods of them, and every 4001st float; filled up to a multiple of 16. */
    private static float[] inputs() {
        List<Float> all = new ArrayList<>(Inputs.dense(4001).toList());
        while (all.size() % 16 != 0) {
            all.add(Float.NaN);
        }
        float[] x = new float[all.size()];
        for (int i = 0; i < x.length; i++) {
            x[i] = all.get(i);
        }
        return x;
    }
}
