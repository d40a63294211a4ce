package org.reverie.gpu;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.reverie.device.Arithmetic;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.tensor.DType;
import org.reverie.tensor.Recording;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * The time that ops take on a device, for {@code bench/gpu.sh}: as Java sees it (many calls are enqueued, then the host waits,
 * and the whole is divided by the calls; caches stay as they are), and that of their kernels by the device's events (caches are
 * flushed before every call). Throughput is that of the kernels.
 */
public final class Speeds {
    private static final int REPEATS = 21;
    private static final double LEAST_NANOS = 50e6;
    private static final int GRAPH = 1000;

    private final String name;
    private final Path shapes;
    private final boolean quick;
    private final int repeats;
    private final Map<String, Object> result = new LinkedHashMap<>();
    private final List<Map<String, Object>> rows = new ArrayList<>();

    private Speeds(String name, Path shapes, boolean quick) {
        this.name = name;
        this.shapes = shapes;
        this.quick = quick;
        this.repeats = quick ? 3 : REPEATS;
    }

    /**
     * Arguments: a device's name, the JSON file, the file of the shapes; {@code quick} as a fourth for small sizes, few repeats and
     * F32 alone.
     */
    public static void main(String[] args) throws Exception {
        boolean quick = args.length == 4 && args[3].equals("quick");
        if (args.length != 3 && !quick) {
            System.err.println("usage: Speeds DEVICE RESULT.json SHAPES.json [quick]");
            System.exit(2);
        }
        Speeds speeds = new Speeds(args[0], Path.of(args[2]), quick);
        speeds.measure(DType.F32);
        if (!quick) {
            speeds.measure(DType.BF16);
        }
        speeds.result.put("cases", speeds.rows);
        Files.writeString(
                Path.of(args[1]), new GsonBuilder().setPrettyPrinting().create().toJson(speeds.result) + "\n");
    }

    /** F32 is computed exactly; low precision, in which fast kernels are, fast. */
    static Arithmetic arithmetic(DType dtype) {
        return dtype == DType.F32 ? Arithmetic.EXACT : Arithmetic.FAST;
    }

    private void measure(DType dtype) throws IOException {
        try (Backend device = Devices.open(name, new BackendOptions(0, 0, arithmetic(dtype)));
                Scope scope = Scope.open()) {
            result.put("device", device.name());
            result.put("description", device.description());
            result.put("java", Runtime.version().toString());
            result.put("repeats", repeats);
            result.put("caches", "L2 flushed before every call, for the kernels' times");
            List<double[]> kernels = KernelTimes.of(name, dtype, shapes, quick, repeats);
            List<SpeedCases.Case> cases = SpeedCases.of(device, dtype, shapes, quick);
            Tensor probe = Random.normal(device, Shape.of(1), 1, 1);
            for (int i = 0; i < cases.size(); i++) {
                SpeedCases.Case c = cases.get(i);
                try (Scope inputs = Scope.open()) {
                    double[] java = javaTimes(c.prepare().get()::get, probe, repeats);
                    rows.add(row(c, dtype, java, kernels.get(i)));
                }
            }
            if (dtype == DType.F32) {
                rows.add(graph(device, probe, repeats));
            }
            int[] batches = quick ? new int[] {1} : new int[] {1, 32, 256};
            int[] sides = quick ? new int[] {224} : new int[] {224, 380};
            rows.addAll(new EndToEnd(device, dtype, repeats).measure(batches, sides));
        }
    }

    private static double median(double[] ascending) {
        return ascending[ascending.length / 2];
    }

    private static Map<String, Object> row(SpeedCases.Case c, DType dtype, double[] java, double[] kernels) {
        double micros = median(kernels);
        Map<String, Object> r = new LinkedHashMap<>();
        r.put("op", c.op());
        r.put("shape", c.shape());
        r.put("dtype", dtype.label());
        r.put("microseconds", median(java));
        r.put("kernel_microseconds", micros);
        r.put("fastest", kernels[0]);
        r.put("slowest", kernels[kernels.length - 1]);
        r.put("gflops", c.flop() / micros / 1e3);
        r.put("gigabytes_per_second", c.bytes() / micros / 1e3);
        System.out.printf(
                Locale.ROOT,
                "%-16s %-32s %-4s %12.2f us from Java %12.2f us on the device %9.3f TFLOP/s %9.1f GB/s%n",
                c.op(),
                c.shape(),
                dtype.label(),
                median(java),
                micros,
                c.flop() / micros / 1e6,
                c.bytes() / micros / 1e3);
        return r;
    }

    /** Microseconds of a call, in ascending order. */
    private static double[] javaTimes(Runnable work, Tensor probe, int repeats) {
        long calls = 1;
        while (time(work, probe, calls) * calls * 1e3 < LEAST_NANOS) {
            calls *= 2;
        }
        double[] micros = new double[repeats];
        for (int i = 0; i < repeats; i++) {
            micros[i] = time(work, probe, calls);
        }
        Arrays.sort(micros);
        return micros;
    }

    private static double time(Runnable work, Tensor probe, long calls) {
        probe.toHost();
        long start = System.nanoTime();
        for (long i = 0; i < calls; i++) {
            try (Scope scope = Scope.open()) {
                work.run();
            }
        }
        probe.toHost(); // waits for everything before
        return (System.nanoTime() - start) / 1e3 / calls;
    }

    /** What a kernel costs in a graph of a thousand additions. */
    private static Map<String, Object> graph(Backend device, Tensor probe, int repeats) {
        Map<String, Object> r = new LinkedHashMap<>();
        try (Recording recording = device.record(() -> {
            Tensor sum = probe;
            for (int i = 0; i < GRAPH; i++) {
                Tensor before = sum;
                sum = Scope.local(() -> Pointwise.add(before, probe));
            }
            return List.of(sum);
        })) {
            recording.replay();
            recording.replay();
            double[] micros = javaTimes(recording::replay, probe, repeats);
            r.put("op", "graph replay");
            r.put("shape", GRAPH + " additions of 1");
            r.put("dtype", "f32");
            r.put("note", recording.isOneLaunch() ? "host clock, of one kernel" : "no graph: the code runs each time");
            r.put("microseconds", median(micros) / GRAPH);
            System.out.printf(Locale.ROOT, "graph replay %8.3f us a kernel%n", median(micros) / GRAPH);
        }
        return r;
    }
}
