package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.util.Locale;

/**
 * Prints GFLOP/s of the main kernels and their share of the fma peak measured in the same run. Arguments: vector bits
 * (512), then names of the parts to run (all): gemm, lfdn, conv, depthwise.
 */
final class KernelTimings {
    private static final int REPEATS = 9;

    private KernelTimings() {}

    public static void main(String[] args) {
        int bits = args.length > 0 ? Integer.parseInt(args[0]) : 512;
        java.util.Set<String> parts = new java.util.HashSet<>(java.util.Arrays.asList(args));
        for (int threads = 1; threads <= 2; threads++) {
            Workers workers = new Workers(threads);
            Kernels kernels = Kernels.create(bits, workers);
            double peak = peak(workers, bits);
            System.out.printf(Locale.ROOT, "%d bits, %d threads: fma peak %.1f GFLOP/s%n", bits, threads, peak);
            Timer timer = new Timer(peak);
            if (wanted(parts, "gemm")) gemm(kernels, timer);
            if (wanted(parts, "lfdn")) lfdn(kernels, timer);
        }
    }

    private static boolean wanted(java.util.Set<String> parts, String name) {
        return parts.size() <= 1 || parts.contains(name);
    }

    private record Timer(double peak) {
        /** Times {@code body} in batches of about 50 ms and prints the best and the median of {@link #REPEATS}. */
        void run(String name, double flops, Runnable body) {
            int count = 1;
            double seconds;
            for (int warm = 0; warm < 12 || (seconds = time(count, body)) * count < 0.05; warm++) {
                if (warm < 12) {
                    time(1, body);
                } else {
                    count *= 2;
                }
            }
            double[] s = new double[REPEATS];
            for (int i = 0; i < REPEATS; i++) {
                s[i] = time(count, body);
            }
            java.util.Arrays.sort(s);
            double best = flops / s[0] * 1e-9, median = flops / s[REPEATS / 2] * 1e-9;
            System.out.printf(
                    Locale.ROOT,
                    "  %-44s %8.1f GFLOP/s (median %8.1f)  %4.0f %% of peak  %9.3f ms%n",
                    name,
                    best,
                    median,
                    100 * best / peak,
                    1e3 * s[0]);
        }

        private static double time(int count, Runnable body) {
            long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                body.run();
            }
            return (System.nanoTime() - start) * 1e-9 / count;
        }
    }

    /** Independent fma chains on every thread at once: 12 accumulators. */
    private static double peak(Workers workers, int bits) {
        double best = 0;
        for (int r = 0; r < 20; r++) {
            long start = System.nanoTime();
            workers.parallelFor(workers.threads(), (task, worker) -> FmaPeak.spin(1_000_000));
            double s = (System.nanoTime() - start) * 1e-9;
            best = Math.max(best, workers.threads() * FmaPeak.flops(1_000_000) / s * 1e-9);
        }
        return best;
    }

    private static void gemm(Kernels kernels, Timer timer) {
        for (int n : new int[] {256, 512, 1024, 2048}) {
            product(kernels, timer, "sgemm " + n, n, n, n);
        }
    }

    private static void lfdn(Kernels kernels, Timer timer) {
        product(kernels, timer, "linear", 128, 720, 1440);
        product(kernels, timer, "linear", 128, 1440, 720);
        product(kernels, timer, "linear", 1, 1440, 1440);
    }

    private static void product(Kernels kernels, Timer timer, String name, int m, int n, int k) {
        try (Arena arena = Arena.ofConfined()) {
            long a = filled(arena, m * k), b = filled(arena, n * k), c = filled(arena, m * n);
            Strided left = Strided.rows(a, k),
                    out = Strided.rows(c, n),
                    weights = Strided.rows(b, k).transposed();
            Strided plain = Strided.rows(b, n);
            MatrixKernels mk = kernels.matrix();
            double flops = 2.0 * m * n * k;
            String shape = name + " (" + m + "," + n + "," + k + ")";
            timer.run(shape, flops, () -> mk.gemm(1, m, n, k, left, plain, out, Epilogue.NONE));
            timer.run(shape + " b transposed", flops, () -> mk.gemm(1, m, n, k, left, weights, out, Epilogue.NONE));
            float[] packed = mk.pack(k, n, weights);
            timer.run(shape + " packed", flops, () -> mk.gemmPacked(1, m, n, k, left, packed, out, Epilogue.NONE));
        }
    }

    private static long filled(Arena arena, int n) {
        return KernelCheck.address(arena, KernelCheck.random(new java.util.Random(n), n));
    }
}
