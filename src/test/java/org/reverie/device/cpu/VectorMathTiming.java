package org.reverie.device.cpu;

import java.util.List;

/** Prints nanoseconds per float of the vector functions, on 4096 floats in the cache, beside a copy. */
public final class VectorMathTiming {
    private VectorMathTiming() {}

    public static void main(String[] args) {
        List<String> names = List.of(
                "copy",
                "exp",
                "expm1",
                "log",
                "log1p",
                "tanh",
                "sigmoid",
                "erf",
                "sin",
                "cos",
                "rsqrt",
                "softplus",
                "silu",
                "gelu",
                "geluTanh",
                "quickGelu",
                "pow");
        System.out.printf("%-10s", "ns/float");
        for (int bits : MathProbe.WIDTHS) {
            System.out.printf("%8d", bits);
        }
        System.out.println();
        MathProbe[] probes = new MathProbe[MathProbe.WIDTHS.length];
        for (int i = 0; i < probes.length; i++) {
            probes[i] = MathProbe.of(MathProbe.WIDTHS[i]);
        }
        for (String name : names) {
            System.out.printf("%-10s", name);
            for (MathProbe probe : probes) {
                double best = Double.POSITIVE_INFINITY;
                for (int i = 0; i < 12; i++) {
                    best = Math.min(best, probe.nanosPerFloat(name, 4096, 2000));
                }
                System.out.printf("%8.3f", best);
            }
            System.out.println();
        }
    }
}
