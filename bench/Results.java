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
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The results of several files as one. Within a file, results of the same benchmark are passes and are put together; of
 * two files the later counts.
 */
final class Results {
    private static final String PEAK = "FmaPeakBench";
    private static final String COPY = "CopyBench";
    private static final List<String> DERIVED = List.of("scorePercentiles", "scoreConfidence");

    private final Map<String, Result> all = new LinkedHashMap<>();

    /**
     * Leaves out of a file of JMH's what follows from the single measurements: percentiles and confidence intervals, half
     * of it.
     */
    static void shorten(Path file) throws IOException {
        JsonArray list;
        try (Reader in = Files.newBufferedReader(file)) {
            list = JsonParser.parseReader(in).getAsJsonArray();
        }
        for (JsonElement e : list) {
            JsonObject result = e.getAsJsonObject();
            shorten(result.getAsJsonObject(Result.RATE));
            result.getAsJsonObject("secondaryMetrics").asMap().values().forEach(m -> shorten(m.getAsJsonObject()));
        }
        Files.writeString(file, list.toString());
    }

    private static void shorten(JsonObject metric) {
        DERIVED.forEach(metric::remove);
    }

    void read(Path file) throws IOException {
        Map<String, Result> found = new LinkedHashMap<>();
        try (Reader in = Files.newBufferedReader(file)) {
            for (JsonElement e : JsonParser.parseReader(in).getAsJsonArray()) {
                Result r = new Result(e.getAsJsonObject());
                Result before = found.putIfAbsent(r.key(), r);
                if (before != null) {
                    before.add(r);
                }
            }
        }
        all.putAll(found);
    }

    Collection<Result> all() {
        return all.values();
    }

    /** The measurements of what the others are shares of. */
    List<Result> roofs() {
        return all.values().stream()
                .filter(r -> r.group().equals(PEAK) || r.group().equals(COPY))
                .toList();
    }

    /** Every work with the engines that did it. */
    List<Contested> contests() {
        Map<String, Contested> works = new LinkedHashMap<>();
        for (Result r : all.values()) {
            if (!roofs().contains(r)) {
                works.computeIfAbsent(r.work(), w -> new Contested(this)).add(r);
            }
        }
        List<Contested> list = new ArrayList<>(works.values());
        list.removeIf(c -> c.ours() == null);
        return list;
    }

    /** Floating-point operations a nanosecond with as many threads; NaN if that wasn't measured. */
    double peak(int threads) {
        return all.values().stream()
                .filter(r -> r.group().equals(PEAK) && r.threads() == threads)
                .mapToDouble(r -> r.median("flop"))
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Bytes a nanosecond of the copy with as many threads whose traffic is nearest; NaN if that wasn't measured. */
    double copy(int threads, double bytes) {
        return all.values().stream()
                .filter(r -> r.group().equals(COPY) && r.threads() == threads)
                .min(Comparator.comparingDouble(r -> Math.abs(Math.log(traffic(r) / bytes))))
                .map(r -> r.median("bytes"))
                .orElse(Double.NaN);
    }

    private static double traffic(Result copy) {
        return 2 * Double.parseDouble(copy.parameters().get("size")) * copy.threads();
    }
}
