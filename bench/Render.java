package org.reverie.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Puts the results of {@code bench/run} as tables into a Markdown page, between the lines {@code <!-- results -->} and
 * {@code <!-- end of results -->}. Several files are read as one run; of two results of the same benchmark the later file's
 * counts.
 */
public final class Render {
    private static final String BEGIN = "<!-- results -->\n";
    private static final String END = "<!-- end of results -->\n";

    /** What the others are shares of comes first. */
    private static final List<String> ROOFS = List.of("FmaPeakBench", "CopyBench");

    private final Map<String, Result> results = new LinkedHashMap<>();
    private final List<String> sources = new ArrayList<>();

    private Render() {}

    /** Arguments: the page, then result files. */
    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            System.err.println("bench/run --render PAGE.md RESULT.json…");
            System.exit(2);
        }
        Path page = Path.of(args[0]);
        String text = Files.readString(page);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            System.err.println(page + ": needs the lines " + BEGIN.strip() + " and " + END.strip());
            System.exit(1);
        }
        Render render = new Render();
        for (int i = 1; i < args.length; i++) {
            render.read(Path.of(args[i]));
        }
        Files.writeString(page, text.substring(0, begin + BEGIN.length()) + render.page() + text.substring(end));
    }

    private void read(Path file) throws IOException {
        sources.add("`bench/results/" + file.getFileName() + "`");
        try (Reader in = Files.newBufferedReader(file)) {
            JsonArray all = JsonParser.parseReader(in).getAsJsonArray();
            for (JsonElement e : all) {
                Result r = new Result(e.getAsJsonObject());
                results.put(r.key(), r);
            }
        }
    }

    private String page() {
        StringBuilder out = new StringBuilder("\n");
        out.append("From ").append(String.join(", ", sources)).append(".\n\n");
        machines(out);
        String title = "";
        List<Result> sorted = new ArrayList<>(results.values());
        sorted.sort(Comparator.comparing(r -> ROOFS.contains(r.group()) ? 0 : 1)); // stable
        for (Result r : sorted) {
            if (!r.group().equals(title)) {
                title = r.group();
                out.append("\n### ").append(title).append("\n\n");
                out.append("| | threads | p50 | spread | cores had | GFLOP/s | per core | of FMA peak | GB/s per core |"
                        + " of copy | items/s |\n");
                out.append("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
            }
            row(out, r);
        }
        return out.append("\n").toString();
    }

    /** The conditions, once if all results share them. */
    private void machines(StringBuilder out) {
        Map<String, Integer> seen = new LinkedHashMap<>();
        results.values().forEach(r -> seen.merge(r.conditions(), 1, Integer::sum));
        seen.forEach((conditions, count) -> out.append("- ")
                .append(conditions)
                .append(seen.size() > 1 ? " (" + count + " results)" : "")
                .append("\n"));
    }

    private void row(StringBuilder out, Result r) {
        double rate = r.median(Result.PRIMARY);
        double flops = r.perCore("flop");
        double bytes = r.perCore("bytes");
        Result peak = peak(r.threads());
        Result copy = r.group().equals("CopyBench") ? r : copy(r.threads(), r.median("bytes") / rate);
        out.append("| ").append(r.label());
        out.append(" | ").append(r.threads());
        out.append(" | ").append(duration(1 / rate));
        out.append(" | ").append(r.spread());
        out.append(" | ").append(number(r.median("cpu")));
        out.append(" | ").append(flops > 0 ? number(r.median("flop")) : "");
        out.append(" | ").append(flops > 0 ? number(flops) : "");
        out.append(" | ").append(flops > 0 && peak != null ? percent(flops / peak.perCore("flop")) : "");
        out.append(" | ").append(bytes > 0 ? number(bytes) : "");
        out.append(" | ").append(bytes > 0 && copy != null ? percent(bytes / copy.perCore("bytes")) : "");
        out.append(" | ").append(r.batch() == 0 ? "" : number(r.batch() * rate * 1e9));
        out.append(" |\n");
    }

    /** FmaPeakBench with as many threads, or null. */
    private Result peak(int threads) {
        return results.values().stream()
                .filter(r -> r.group().equals("FmaPeakBench") && r.threads() == threads)
                .findFirst()
                .orElse(null);
    }

    /** The copy with as many threads whose traffic is nearest in size, or null. */
    private Result copy(int threads, double bytes) {
        return results.values().stream()
                .filter(r -> r.group().equals("CopyBench") && r.threads() == threads)
                .min(Comparator.comparingDouble(
                        r -> Math.abs(Math.log(2 * Double.parseDouble(r.params().get("size")) * threads / bytes))))
                .orElse(null);
    }

    private static String duration(double nanos) {
        if (nanos < 1e3) {
            return number(nanos) + " ns";
        }
        if (nanos < 1e6) {
            return number(nanos / 1e3) + " µs";
        }
        return nanos < 1e9 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
    }

    /** Three figures. */
    private static String number(double x) {
        int decimals = x >= 100 ? 0 : x >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f", x);
    }

    private static String percent(double share) {
        return Math.round(100 * share) + " %";
    }

    /** One benchmark with one set of parameters, as JMH wrote it. */
    private record Result(JsonObject json) {
        static final String PRIMARY = "primaryMetric";

        String name() {
            return json.get("benchmark").getAsString();
        }

        /** The class's name. */
        String group() {
            String[] parts = name().split("\\.");
            return parts[parts.length - 2];
        }

        Map<String, String> params() {
            Map<String, String> params = new LinkedHashMap<>();
            if (json.has("params")) {
                json.getAsJsonObject("params").asMap().forEach((k, v) -> params.put(k, v.getAsString()));
            }
            return params;
        }

        String key() {
            return name() + params() + json.get("threads");
        }

        /** Threads that compute: the device's, or JMH's where there is no device. */
        int threads() {
            String device = params().get("threads");
            return device == null ? json.get("threads").getAsInt() : Integer.parseInt(device);
        }

        int batch() {
            return Integer.parseInt(params().getOrDefault("batch", "0"));
        }

        String label() {
            StringBuilder s = new StringBuilder(name().substring(name().lastIndexOf('.') + 1));
            params().forEach((k, v) -> {
                if (!k.equals("threads")) {
                    s.append(v.contains("x") ? " " : ", " + k + " ").append(v.replace('x', '×'));
                }
            });
            return s.toString();
        }

        /** Median over the iterations of all forks, per nanosecond; 0 where there is no such column. */
        double median(String metric) {
            return middle(values(metric));
        }

        private static double middle(double[] all) {
            Arrays.sort(all);
            int n = all.length;
            return n == 0 ? 0 : (all[(n - 1) / 2] + all[n / 2]) / 2;
        }

        /** Median over the iterations of the amount for each nanosecond of processor time. */
        double perCore(String metric) {
            double[] amount = unsorted(metric);
            double[] cpu = unsorted("cpu");
            double[] all = new double[amount.length];
            for (int i = 0; i < all.length; i++) {
                all[i] = amount[i] / cpu[i];
            }
            return middle(all);
        }

        /** The slowest and the fastest iteration, by the time they took, against the median. */
        String spread() {
            double[] rates = values(PRIMARY);
            double median = median(PRIMARY);
            double fastest = 100 * (median / rates[rates.length - 1] - 1);
            double slowest = 100 * (median / rates[0] - 1);
            return String.format(Locale.ROOT, "%+.0f … %+.0f %%", fastest, slowest)
                    .replace("-", "−");
        }

        /** Ascending. */
        private double[] values(String metric) {
            double[] all = unsorted(metric);
            Arrays.sort(all);
            return all;
        }

        private double[] unsorted(String metric) {
            JsonObject of = metric.equals(PRIMARY)
                    ? json.getAsJsonObject(PRIMARY)
                    : json.getAsJsonObject("secondaryMetrics").getAsJsonObject(metric);
            List<Double> values = new ArrayList<>();
            if (of != null) {
                for (JsonElement fork : of.getAsJsonArray("rawData")) {
                    fork.getAsJsonArray().forEach(v -> values.add(v.getAsDouble()));
                }
            }
            return values.stream().mapToDouble(Double::doubleValue).toArray();
        }

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
            return String.format(
                    "%s, commit %s; %s, %s cores; JDK %s (%s); %s; forks %d, iterations %d × %s after %d × %s warm-up",
                    stamps.get("date"),
                    stamps.get("commit"),
                    stamps.get("cpu"),
                    stamps.get("cores"),
                    json.get("vmVersion").getAsString(),
                    json.get("vmName").getAsString(),
                    String.join(" ", flags),
                    json.get("forks").getAsInt(),
                    json.get("measurementIterations").getAsInt(),
                    json.get("measurementTime").getAsString(),
                    json.get("warmupIterations").getAsInt(),
                    json.get("warmupTime").getAsString());
        }
    }
}
