package org.reverie.gpu;

import com.google.gson.GsonBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Attention;
import org.reverie.op.Convolution;
import org.reverie.op.Linear;
import org.reverie.op.Norms;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Softmax;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The time that ops take on a device as Java sees it: many calls are enqueued, then the host waits, and the whole is divided
 * by the calls. Numbers are random normal; caches are not flushed between calls. For {@code bench/gpu.sh}.
 */
public final class Speeds {
    private static final int REPEATS = 9;
    private static final double LEAST_NANOS = 100e6;

    /** @param flop floating-point operations of a call; bytes read and written at least */
    private record Case(String op, String shape, double flop, double bytes, Supplier<Tensor> work) {}

    private final Backend device;
    private final List<Case> cases = new ArrayList<>();
    private long streams;

    private Speeds(Backend device) {
        this.device = device;
    }

    /** Arguments: a device's name, the JSON file. */
    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("usage: Speeds DEVICE RESULT.json");
            System.exit(2);
        }
        try (Backend device = Devices.open(args[0], BackendOptions.DEFAULT);
                Scope scope = Scope.open()) {
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("device", device.name());
            result.put("description", device.description());
            result.put("java", Runtime.version().toString());
            result.put("repeats", REPEATS);
            result.put("caches", "not flushed");
            result.put("cases", new Speeds(device).measure());
            Files.writeString(
                    Path.of(args[1]),
                    new GsonBuilder().setPrettyPrinting().create().toJson(result) + "\n");
        }
    }

    private Tensor normal(int... shape) {
        return Random.normal(device, Shape.of(shape), 7, streams++);
    }

    private void add(String op, String shape, double flop, double bytes, Supplier<Tensor> work) {
        cases.add(new Case(op, shape, flop, bytes, work));
    }

    private List<Map<String, Object>> measure() {
        declare();
        List<Map<String, Object>> results = new ArrayList<>();
        Tensor probe = normal(1);
        for (Case c : cases) {
            double[] nanos = times(c.work, probe);
            double median = nanos[nanos.length / 2];
            Map<String, Object> r = new LinkedHashMap<>();
            r.put("op", c.op);
            r.put("shape", c.shape);
            r.put("microseconds", median / 1e3);
            r.put("fastest", nanos[0] / 1e3);
            r.put("slowest", nanos[nanos.length - 1] / 1e3);
            r.put("gflops", c.flop / median);
            r.put("gigabytes_per_second", c.bytes / median);
            results.add(r);
            System.out.printf(
                    Locale.ROOT,
                    "%-12s %-24s %12.2f us  %10.1f GFLOP/s  %10.1f GB/s%n",
                    c.op,
                    c.shape,
                    median / 1e3,
                    c.flop / median,
                    c.bytes / median);
        }
        return results;
    }

    /** Nanoseconds of a call, in ascending order. */
    private static double[] times(Supplier<Tensor> work, Tensor probe) {
        long calls = 1;
        while (time(work, probe, calls) * calls < LEAST_NANOS) {
            calls *= 2;
        }
        double[] nanos = new double[REPEATS];
        for (int i = 0; i < REPEATS; i++) {
            nanos[i] = time(work, probe, calls);
        }
        Arrays.sort(nanos);
        return nanos;
    }

    private static double time(Supplier<Tensor> work, Tensor probe, long calls) {
        probe.toHost();
        long start = System.nanoTime();
        for (long i = 0; i < calls; i++) {
            try (Scope scope = Scope.open()) {
                work.get();
            }
        }
        probe.toHost(); // waits for everything before
        return (double) (System.nanoTime() - start) / calls;
    }

    private void declare() {
        Tensor one = normal(1);
        add("add", "1", 1, 12, () -> Pointwise.add(one, one));
        int n = 1 << 24;
        Tensor x = normal(n);
        Tensor y = normal(n);
        add("add", "" + n, n, 12.0 * n, () -> Pointwise.add(x, y));
        add("exp", "" + n, n, 8.0 * n, () -> Pointwise.exp(x));
        add("sum", "" + n, n, 4.0 * n, () -> Reductions.sum(x, 0));
        add("normal", "" + n, n, 4.0 * n, () -> Random.normal(device, Shape.of(n), 1, 2));
        Tensor rows = normal(4096, 4096);
        Tensor weight = normal(4096);
        add("softmax", "4096x4096", 5.0 * n, 8.0 * n, () -> Softmax.softmax(rows));
        add("layer_norm", "4096x4096", 8.0 * n, 8.0 * n, () -> Norms.layerNorm(rows, weight, weight, 1, 1e-5));
        for (int size : new int[] {256, 1024, 2048}) {
            Tensor a = normal(size, size);
            Tensor b = normal(size, size);
            double s = size;
            add("matmul", size + "^3", 2 * s * s * s, 12 * s * s, () -> Linear.matmul(a, b));
        }
        Tensor layer = normal(1440, 1440);
        Tensor batch = normal(128, 1440);
        add(
                "linear",
                "128x1440x1440",
                2.0 * 128 * 1440 * 1440,
                4.0 * 1440 * (1440 + 256),
                () -> Linear.linear(batch, layer, null));
        Tensor image = normal(8, 56, 56, 64);
        Tensor kernel = normal(64, 3, 3, 64);
        double pixels = 8.0 * 56 * 56;
        add(
                "conv2d",
                "8x56x56x64 3x3 64",
                2 * pixels * 64 * 64 * 9,
                8 * pixels * 64,
                () -> Convolution.conv2d(image, kernel, null, ConvSpec.of(1).pad(1)));
        Tensor deep = normal(3, 3, 64);
        add(
                "depthwise",
                "8x56x56x64 3x3",
                2 * pixels * 64 * 9,
                8 * pixels * 64,
                () -> Convolution.depthwiseConv2d(
                        image, deep, null, ConvSpec.of(1).pad(1)));
        Tensor heads = normal(1, 8, 1024, 64);
        add(
                "attention",
                "1x8x1024x64",
                4.0 * 8 * 1024 * 1024 * 64,
                16.0 * 8 * 1024 * 64,
                () -> Attention.attention(heads, heads, heads, null, new AttentionSpec(0.125, false)));
    }
}
