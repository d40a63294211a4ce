package org.reverie.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One benchmark with one set of parameters, as JMH wrote it: rates per nanosecond for every iteration of every fork. */
final class Result {
    static final String RATE = "primaryMetric";

    private static final String ENGINE = "engine";

    private final JsonObject json;

    /** Of RATE and of every other column: a fork's iterations, for each fork. */
    private final Map<String, List<double[]>> forks = new LinkedHashMap<>();

    Result(JsonObject json) {
        this.json = json;
        forks.put(RATE, values(json.getAsJsonObject(RATE)));
        json.getAsJsonObject("secondaryMetrics").asMap().forEach((name, metric) -> {
            forks.put(name, values(metric.getAsJsonObject()));
        });
    }

    private static List<double[]> values(JsonObject metric) {
        List<double[]> forks = new ArrayList<>();
        for (JsonElement fork : metric.getAsJsonArray("rawData")) {
            JsonArray iterations = fork.getAsJsonArray();
            double[] values = new double[iterations.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = iterations.get(i).getAsDouble();
            }
            forks.add(values);
        }
        return forks;
    }

    /** Takes over the forks of another result of the same benchmark and parameters. */
    void add(Result more) {
        more.forks.forEach((name, list) -> forks.get(name).addAll(list));
    }

    String name() {
        return json.get("benchmark").getAsString();
    }

    /** The class's name. */
    String group() {
        String[] parts = name().split("\\.");
        return parts[parts.length - 2];
    }

    /** The method's name. */
    String method() {
        return name().substring(name().lastIndexOf('.') + 1);
    }

    Map<String, String> parameters() {
        Map<String, String> all = new LinkedHashMap<>();
        if (json.has("params")) {
            json.getAsJsonObject("params").asMap().forEach((k, v) -> all.put(k, v.getAsString()));
        }
        return all;
    }

    String engine() {
        return parameters().getOrDefault(ENGINE, Contest.REVERIE);
    }

    /** What it has in common with its rivals. */
    String work() {
        Map<String, String> p = parameters();
        p.remove(ENGINE);
        return name() + p + json.get("threads");
    }

    String key() {
        return work() + engine();
    }

    /** Threads that compute: the device's, or JMH's where there is no device. */
    int threads() {
        String device = parameters().get("threads");
        return device == null ? json.get("threads").getAsInt() : Integer.parseInt(device);
    }

    int batch() {
        return Integer.parseInt(parameters().getOrDefault("batch", "0"));
    }

    /** The method and the sizes. */
    String label() {
        StringBuilder s = new StringBuilder(method());
        parameters().forEach((k, v) -> {
            if (!k.equals("threads") && !k.equals(ENGINE)) {
                String value = v.replace('x', '×');
                s.append(", ").append(v.matches(".*[0-9]x[0-9].*") ? value : k + " " + value);
            }
        });
        return s.toString();
    }

    /** Nanoseconds of one run: the median over the forks' medians. */
    double nanos() {
        return 1 / median(RATE);
    }

    /** The median over the forks' medians of a column, per nanosecond; 0 where there is no such column. */
    double median(String column) {
        return middle(medians(column));
    }

    /** One median for each fork. */
    double[] medians(String column) {
        return forks.getOrDefault(column, List.of()).stream()
                .mapToDouble(Result::middle)
                .toArray();
    }

    /** A column that was added up run by run: its value for one run. */
    double perRun(String column) {
        return median(column) / median(RATE);
    }

    /** The value below which a part of all iterations' rates lie. */
    double quantile(double part) {
        double[] all = forks.get(RATE).stream()
                .flatMapToDouble(Arrays::stream)
                .sorted()
                .toArray();
        return all[(int) Math.round(part * (all.length - 1))];
    }

    static double middle(double[] values) {
        double[] all = values.clone();
        Arrays.sort(all);
        int n = all.length;
        return n == 0 ? 0 : (all[(n - 1) / 2] + all[n / 2]) / 2;
    }

    /** Machine, versions and settings. */
    String conditions() {
        Map<String, String> stamps = new LinkedHashMap<>();
        List<String> flags = new ArrayList<>();
        for (JsonElement e : json.getAsJsonArray("jvmArgs")) {
            String arg = e.getAsString();
            if (arg.startsWith("-Dbench.")) {
                int equals = arg.indexOf('=');
                stamps.put(arg.substring("-Dbench.".length(), equals), arg.substring(equals + 1));
            } else {
                flags.add("`" + arg + "`");
            }
        }
        return "%s, commit %s; %s, %s cores; JDK %s (%s); %s; forks %d, iterations %d × %s after %d × %s warm-up"
                .formatted(
                        stamps.get("date"),
                        stamps.get("commit"),
                        stamps.get("cpu"),
                        stamps.get("cores"),
                        json.get("vmVersion").getAsString(),
                        json.get("vmName").getAsString(),
                        String.join(" ", flags),
                        forks.get(RATE).size(),
                        json.get("measurementIterations").getAsInt(),
                        json.get("measurementTime").getAsString(),
                        json.get("warmupIterations").getAsInt(),
                        json.get("warmupTime").getAsString());
    }
}
