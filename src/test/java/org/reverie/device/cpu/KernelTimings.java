package org.reverie.device.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import org.reverie.device.BackendOptions;
import org.reverie.device.HostBuffer;

/**
 * Prints GFLOP/s of the main kernels and their share of the fma peak measured in the same run. Arguments: vector bits
 * (512), then names of the parts to run (all): gemm, lfdn, conv, depthwise, other.
 */
final class KernelTimings {
    private static final int REPEATS = 9;
    private static final CpuBackend MEMORY = new CpuBackend(new BackendOptions(0, 1), null);

    private KernelTimings() {}

    public static void main(String[] args) {
        int bits = args.length > 0 ? Integer.parseInt(args[0]) : 512;
        java.util.Set<String> parts = new java.util.HashSet<>(java.util.Arrays.asList(args));
        for (int threads = 1; threads <= 2; threads++) {
            Workers workers = new Workers(threads);
            Kernels kernels = Kernels.create(bits, workers);
            double peak = peak(workers);
            System.out.printf(Locale.ROOT, "%d bits, %d threads: fma peak %.1f GFLOP/s%n", bits, threads, peak);
            Timer timer = new Timer(peak, threads == 1);
            if (wanted(parts, "gemm")) gemm(kernels, timer);
            if (wanted(parts, "lfdn")) lfdn(kernels, timer);
            if (wanted(parts, "conv")) conv(kernels, timer);
            if (wanted(parts, "depthwise")) depthwise(kernels, timer);
            if (wanted(parts, "other")) other(kernels, timer);
        }
    }

    private static boolean wanted(java.util.Set<String> parts, String name) {
        return parts.size() <= 1 || parts.contains(name);
    }

    /**
     * @param alone one thread: its processor time is taken, which other programs on the machine disturb less than the
     *     clock on the wall
     */
    private record Timer(double peak, boolean alone) {
        private static final java.lang.management.ThreadMXBean THREADS =
                java.lang.management.ManagementFactory.getThreadMXBean();

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

        private double time(int count, Runnable body) {
            long start = now();
            for (int i = 0; i < count; i++) {
                body.run();
            }
            return (now() - start) * 1e-9 / count;
        }

        private long now() {
            return alone ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
        }
    }

    /** Independent fma chains on every thread at once: 12 accumulators. Timed as the kernels are. */
    private static double peak(Workers workers) {
        Timer timer = new Timer(0, workers.threads() == 1);
        double best = 0;
        for (int r = 0; r < 20; r++) {
            long start = timer.now();
            workers.parallelFor(workers.threads(), (task, worker) -> FmaPeak.spin(1_000_000));
            double s = (timer.now() - start) * 1e-9;
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
        product(kernels, timer, "linear", 1, 1440, 720);
        product(kernels, timer, "linear", 2, 1440, 1440);
        long g = filled(128 * 1440), x = filled(128 * 720), w = filled(1440 * 720);
        timer.run(
                "linear weight gradient (1440,720,128)",
                2.0 * 1440 * 720 * 128,
                () -> kernels.matrix()
                        .gemm(
                                1,
                                1440,
                                720,
                                128,
                                Strided.rows(g, 1440).transposed(),
                                Strided.rows(x, 720),
                                Strided.rows(w, 720),
                                Epilogue.NONE));
    }

    private static void product(Kernels kernels, Timer timer, String name, int m, int n, int k) {
        long a = filled(m * k), b = filled(n * k), c = filled(m * n);
        Strided left = Strided.rows(a, k),
                out = Strided.rows(c, n),
                weights = Strided.rows(b, k).transposed();
        Strided plain = Strided.rows(b, n);
        MatrixKernels mk = kernels.matrix();
        double flops = 2.0 * m * n * k;
        String shape = name + " (" + m + "," + n + "," + k + ")";
        timer.run(shape, flops, () -> mk.gemm(1, m, n, k, left, plain, out, Epilogue.NONE));
        timer.run(shape + " b transposed", flops, () -> mk.gemm(1, m, n, k, left, weights, out, Epilogue.NONE));
        if (m <= 2) {
            MatrixKernels fast = kernels.fastMatrix();
            timer.run(
                    shape + " b transposed, fast",
                    flops,
                    () -> fast.gemm(1, m, n, k, left, weights, out, Epilogue.NONE));
        }
        float[] packed = mk.pack(k, n, weights);
        timer.run(shape + " packed", flops, () -> mk.gemmPacked(1, m, n, k, left, packed, out, Epilogue.NONE));
    }

    private static void conv(Kernels kernels, Timer timer) {
        conv(kernels, timer, "conv 3x3", new ConvGeometry(8, 56, 56, 64, 56, 56, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1));
        conv(
                kernels,
                timer,
                "conv 1x1 expand",
                new ConvGeometry(4, 28, 28, 56, 28, 28, 336, 1, 1, 1, 1, 1, 1, 0, 0, 1));
        conv(
                kernels,
                timer,
                "conv 1x1 project",
                new ConvGeometry(4, 14, 14, 960, 14, 14, 160, 1, 1, 1, 1, 1, 1, 0, 0, 1));
        conv(
                kernels,
                timer,
                "conv 1x1 early",
                new ConvGeometry(4, 112, 112, 48, 112, 112, 24, 1, 1, 1, 1, 1, 1, 0, 0, 1));
        conv(kernels, timer, "stem 3x3", new ConvGeometry(4, 224, 224, 3, 112, 112, 48, 3, 3, 2, 2, 1, 1, 0, 0, 1));
        conv(kernels, timer, "stem 7x7", new ConvGeometry(4, 224, 224, 3, 112, 112, 64, 7, 7, 2, 2, 1, 1, 3, 3, 1));
    }

    private static void conv(Kernels kernels, Timer timer, String name, ConvGeometry g) {
        long x = filled(g.batch() * g.height() * g.width() * g.inChannels());
        long w = filled(g.outChannels() * g.terms());
        long dw = filled(g.outChannels() * g.terms());
        long y = filled(g.batch() * g.outHeight() * g.outWidth() * g.outChannels());
        ConvKernels ck = kernels.conv();
        float[] packed = ck.pack(g, w);
        double flops = 2.0 * g.fmas();
        timer.run(name, flops, () -> ck.forward(g, x, w, y, Epilogue.NONE));
        timer.run(name + " packed", flops, () -> ck.forwardPacked(g, x, packed, y, Epilogue.NONE));
        timer.run(name + " input gradient", flops, () -> ck.inputGradient(g, y, w, x, Epilogue.NONE));
        timer.run(name + " weight gradient", flops, () -> ck.weightGradient(g, y, x, dw));
    }

    private static void depthwise(Kernels kernels, Timer timer) {
        depthwise(kernels, timer, "depthwise 3x3", 112, 48, 3, 1);
        depthwise(kernels, timer, "depthwise 3x3", 28, 336, 3, 1);
        depthwise(kernels, timer, "depthwise 5x5", 28, 336, 5, 1);
        depthwise(kernels, timer, "depthwise 5x5", 14, 960, 5, 1);
        depthwise(kernels, timer, "depthwise 3x3 stride 2", 112, 144, 3, 2);
    }

    private static void depthwise(Kernels kernels, Timer timer, String name, int size, int c, int kernel, int stride) {
        int pad = kernel / 2, out = (size + stride - 1) / stride;
        ConvGeometry g =
                new ConvGeometry(4, size, size, c, out, out, c, kernel, kernel, stride, stride, 1, 1, pad, pad, c);
        long x = filled(4 * size * size * c), w = filled(kernel * kernel * c);
        long y = filled(4 * out * out * c), dw = filled(kernel * kernel * c);
        double flops = 2.0 * 4 * out * out * c * kernel * kernel;
        DepthwiseKernels dk = kernels.depthwise();
        String shape = name + " " + size + "x" + size + "x" + c;
        timer.run(shape, flops, () -> dk.forward(g, x, w, y, Epilogue.NONE));
        timer.run(shape + " input gradient", flops, () -> dk.inputGradient(g, y, w, x));
        timer.run(shape + " weight gradient", flops, () -> dk.weightGradient(g, y, x, dw));
    }

    /** What memory bounds; one number read, computed and written counts as one operation. */
    private static void other(Kernels kernels, Timer timer) {
        int n = 1 << 18;
        long x = filled(n), y = filled(n), z = filled(n), s = filled(n);
        PointwiseKernels pk = kernels.pointwise();
        timer.run("add", n, () -> pk.binary(PointwiseKernels.Binary.ADD, n, x, y, z));
        timer.run("silu", n, () -> pk.unary(PointwiseKernels.Unary.SILU, n, x, z));
        timer.run("gelu", n, () -> pk.unary(PointwiseKernels.Unary.GELU, n, x, z));
        timer.run("sum of rows of 1024", n, () -> kernels.reduce().sumRows(256, 1024, x, 1024, z));
        timer.run("sum of columns, 64", n, () -> kernels.reduce().sumColumns(1, 4096, 64, x, z));
        timer.run("softmax of rows of 256", n, () -> kernels.reduce().softmaxRows(1024, 256, x, z));
        NormGeometry vector = new NormGeometry(128, 1, 1, 1440);
        timer.run("group norm of 1440, silu", 128 * 1440, () -> {
            kernels.norm()
                    .normalize(vector, true, x, s, s + 4096, y, y, 1e-5f, org.reverie.device.spec.Activation.SILU, z);
        });
    }

    /** Random floats in memory like the product's, on huge pages where the system gives them; kept to the end. */
    private static long filled(int n) {
        HostBuffer buffer = (HostBuffer) MEMORY.allocate(Math.max(4L * n, 8L << 20));
        float[] values = KernelCheck.random(new java.util.Random(n), n);
        MemorySegment.copy(values, 0, buffer.segment(), ValueLayout.JAVA_FLOAT, 0, n);
        return buffer.segment().address();
    }
}
