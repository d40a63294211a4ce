package org.reverie.numerics;

import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Arguments for tests of elementary functions: every so many bit patterns, and all floats about the special points. */
public final class Inputs {
    private static final int NEIGHBOURS = 300;

    private static final float[] SPECIAL = {
        0f,
        Float.MIN_NORMAL,
        0x1p-24f,
        0x1p-12f,
        0.3465f,
        0.5f,
        0.5625f,
        0.70710677f,
        0.78539816f,
        0.9375f,
        1f,
        1.0397f,
        1.4142135f,
        1.5707963f,
        2f,
        3.1415927f,
        4f,
        6.2831855f,
        9.01f,
        9.5f,
        16.635f,
        17.328f,
        18f,
        52.25f,
        64f,
        87.3365f,
        88.376f,
        88.7228f,
        89f,
        103.2789f,
        103.972f,
        104.5f,
        65536f,
        0x1p22f,
        0x1p23f,
        0x1p24f,
        0x1p25f,
        0x1p64f,
        0x1p127f,
        Float.MAX_VALUE,
        Float.POSITIVE_INFINITY
    };

    private Inputs() {}

    /** Every stride-th float, and the neighbourhoods of the special points, of both signs. */
    public static Stream<Float> dense(int stride) {
        long count = (1L << 32) / stride;
        Stream<Float> even =
                Stream.iterate(0L, i -> i < count, i -> i + 1).map(i -> Float.intBitsToFloat((int) (i * stride)));
        return Stream.concat(special(), even);
    }

    /** All floats within some hundred steps of the special points, of both signs, and a NaN. */
    public static Stream<Float> special() {
        Stream<Float> near = IntStream.range(0, SPECIAL.length)
                .boxed()
                .flatMap(i -> IntStream.rangeClosed(-NEIGHBOURS, NEIGHBOURS)
                        .map(d -> Float.floatToRawIntBits(SPECIAL[i]) + d)
                        .filter(bits -> (bits & 0x7fffffff) <= 0x7f800000)
                        .boxed()
                        .flatMap(bits -> Stream.of(Float.intBitsToFloat(bits), -Float.intBitsToFloat(bits))));
        return Stream.concat(Stream.of(Float.NaN), near);
    }
}
