package org.reverie.gpu;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.Trace;
import org.reverie.op.Random;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * How long the kernels of each case take on the device, by its own events ({@link Trace}). Before every call a fill that is
 * larger than the caches throws the operands out of them; in the trace it also says where a call begins.
 */
final class KernelTimes {
    private static final String FLUSH_OP = "uniform";
    private static final int FLUSH = 1 << 26;
    private static final int WARM = 3;

    private KernelTimes() {}

    /** Microseconds of every call, in ascending order, for each of the cases. */
    static List<double[]> of(String name, DType dtype, Path shapes, boolean quick, int repeats) throws IOException {
        Path file = Files.createTempFile("kernels", ".json");
        try {
            int cases = run(name, dtype, shapes, quick, repeats, file);
            return read(file, name, cases, repeats);
        } finally {
            Files.delete(file);
        }
    }

    private static int run(String name, DType dtype, Path shapes, boolean quick, int repeats, Path file)
            throws IOException {
        BackendOptions options = new BackendOptions(0, 0, Speeds.arithmetic(dtype), new Trace(file));
        try (Backend device = Devices.open(name, options);
                Scope scope = Scope.open()) {
            List<SpeedCases.Case> cases = SpeedCases.of(device, dtype, shapes, quick);
            Tensor probe = Random.normal(device, Shape.of(1), 1, 1);
            for (SpeedCases.Case c : cases) {
                try (Scope inputs = Scope.open()) {
                    Supplier<Tensor> work = c.prepare().get();
                    for (int i = 0; i < WARM + repeats; i++) {
                        try (Scope call = Scope.open()) {
                            flush(device, quick);
                            work.get();
                            probe.toHost();
                        }
                    }
                    flush(device, quick); // whatever follows it belongs to no call
                }
            }
            return cases.size();
        }
    }

    private static void flush(Backend device, boolean quick) {
        try (Scope scope = Scope.open()) {
            Random.uniform(device, Shape.of(quick ? 1 : FLUSH), 1, 0);
        }
    }

    private static List<double[]> read(Path file, String device, int cases, int repeats) throws IOException {
        List<JsonObject> events = new ArrayList<>();
        int track = -1;
        for (JsonElement e :
                JsonParser.parseString(Files.readString(file)).getAsJsonObject().getAsJsonArray("traceEvents")) {
            JsonObject event = e.getAsJsonObject();
            String what = event.get("name").getAsString();
            if (what.equals("thread_name")
                    && event.getAsJsonObject("args").get("name").getAsString().equals(device)) {
                track = event.get("tid").getAsInt();
            } else if (event.get("ph").getAsString().equals("X")) {
                events.add(event);
            }
        }
        int each = WARM + repeats + 1;
        double[][] sums = new double[cases][each];
        int call = -1;
        for (JsonObject event : events) {
            if (event.get("tid").getAsInt() != track) {
                continue;
            }
            if (event.get("name").getAsString().contains(FLUSH_OP)) {
                call++;
            } else if (call >= 0) {
                sums[call / each][call % each] += event.get("dur").getAsDouble();
            }
        }
        if (call + 1 != cases * each) {
            throw new IllegalStateException("the trace has " + (call + 1) + " calls on " + device);
        }
        List<double[]> times = new ArrayList<>();
        for (double[] s : sums) {
            double[] sorted = Arrays.copyOfRange(s, WARM, WARM + repeats);
            Arrays.sort(sorted);
            times.add(sorted);
        }
        return times;
    }
}
