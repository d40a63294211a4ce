package org.reverie.device.cpu;

import java.util.Arrays;
import java.util.List;

/**
 * Compares the vector functions with the scalar ones on all 2³² floats: {@code VectorMathSurvey bits [stride] [name …]}
 * prints, for each function, in how many results the bits differ.
 */
public final class VectorMathSurvey {
    private static final int BATCH = 1 << 14;

    private VectorMathSurvey() {}

    public static void main(String[] args) {
        MathProbe probe = MathProbe.of(Integer.parseInt(args[0]));
        int stride = args.length > 1 ? Integer.parseInt(args[1]) : 1;
        List<String> names = args.length > 2
                ? Arrays.asList(args).subList(2, args.length)
                : VectorMathTest.UNARY.keySet().stream().sorted().toList();
        for (String name : names) {
            System.out.printf(
                    "%-10s %4s bits: %d of 2^32 / %d differ%n", name, args[0], differing(probe, name, stride), stride);
        }
    }

    private static long differing(MathProbe probe, String name, int stride) {
        VectorMathTest.Scalar scalar = VectorMathTest.UNARY.get(name);
        float[] x = new float[BATCH];
        float[] y = new float[BATCH];
        long different = 0;
        for (long first = 0; first < 1L << 32; first += (long) stride * BATCH) {
            for (int i = 0; i < BATCH; i++) {
                x[i] = Float.intBitsToFloat((int) (first + (long) stride * i));
            }
            probe.unary(name, x, y, BATCH);
            for (int i = 0; i < BATCH; i++) {
                if (Float.floatToIntBits(scalar.apply(x[i])) != Float.floatToIntBits(y[i])) {
                    different++;
                }
            }
        }
        return different;
    }
}
