package org.reverie.ood;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.reverie.io.AtomicFile;

/**
 * An evaluation as JSON:
 *
 * <pre>{@code
 * {
 *   "id": "cifar10",
 *   "images": {"cifar10": 1000, "mnist": 1000},
 *   "threshold": {"mfsim": -0.93},
 *   "results": {"mnist": {"mfsim": {"auroc": 0.99, "fpr95": 0.03, "aupr_in": 0.99, "aupr_out": 0.99}}},
 *   "average": {"mfsim": {"auroc": …}},
 *   "settings": {"encoder": "mobilenet_v2_1.0"},
 *   "fingerprint": "…"
 * }
 * }</pre>
 *
 * A threshold that is infinite is null, for JSON has no such number.
 */
public final class EvaluationJson {
    private EvaluationJson() {}

    /** Indented text that ends with a line feed. */
    public static String toJson(Evaluation evaluation) {
        Evaluation.Results results = evaluation.results();
        JsonObject root = new JsonObject();
        root.addProperty("id", evaluation.id().name());
        JsonObject images = new JsonObject();
        images.addProperty(evaluation.id().name(), evaluation.id().images());
        evaluation.sets().forEach(set -> images.addProperty(set.name(), set.images()));
        root.add("images", images);
        JsonObject thresholds = new JsonObject();
        results.average()
                .forEach((score, m) -> thresholds.addProperty(
                        score, Double.isInfinite(m.threshold()) ? null : Double.valueOf(m.threshold())));
        root.add("threshold", thresholds);
        JsonObject bySet = new JsonObject();
        results.bySet().forEach((set, row) -> bySet.add(set, row(row)));
        root.add("results", bySet);
        root.add("average", row(results.average()));
        JsonObject settings = new JsonObject();
        evaluation.settings().forEach(settings::addProperty);
        root.add("settings", settings);
        root.addProperty("fingerprint", evaluation.fingerprint());
        return new GsonBuilder()
                        .setPrettyPrinting()
                        .serializeNulls()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(root)
                + "\n";
    }

    /** Writes {@link #toJson} to a temporary name and moves it into place. */
    public static void write(Evaluation evaluation, Path file) throws IOException {
        AtomicFile.writeBytes(file, toJson(evaluation).getBytes(StandardCharsets.UTF_8));
    }

    private static JsonObject row(Map<String, Metrics> row) {
        JsonObject out = new JsonObject();
        row.forEach((score, m) -> {
            JsonObject metrics = new JsonObject();
            metrics.addProperty("auroc", m.auroc());
            metrics.addProperty("fpr95", m.fpr95());
            metrics.addProperty("aupr_in", m.auprIn());
            metrics.addProperty("aupr_out", m.auprOut());
            out.add(score, metrics);
        });
        return out;
    }
}
