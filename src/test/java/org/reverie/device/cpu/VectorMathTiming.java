package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * Prints nanoseconds of processor time per float of the vector functions, on 4096 floats in the cache, beside a copy
 * there and a copy of 64 MiB in main memory. Random numbers are timed by the clock.
 */
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
        System.out.printf("%-10s", "copy, RAM");
        for (MathProbe probe : probes) {
            double best = Double.POSITIVE_INFINITY;
            for (int i = 0; i < 5; i++) {
                best = Math.min(best, probe.nanosPerFloat("copy", 1 << 24, 4));
            }
            System.out.printf("%8.3f", best);
        }
        System.out.println();
        random("uniform", probes);
        random("normal", probes);
    }

    private static void random(String name, MathProbe[] probes) {
        int n = 1 << 16;
        System.out.printf("%-10s", name);
        try (Arena arena = Arena.ofConfined()) {
            long address = arena.allocate(4L * n, 64).address();
            for (MathProbe probe : probes) {
                long best = Long.MAX_VALUE;
                for (int i = 0; i < 400; i++) {
                    long start = System.nanoTime();
                    probe.random(name.equals("normal"), 1, 2, 0, n, address);
                    best = Math.min(best, System.nanoTime() - start);
                }
                System.out.printf("%8.3f", best / (double) n);
            }
        }
        System.out.println();
    }
}
