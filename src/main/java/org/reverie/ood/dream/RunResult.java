package org.reverie.ood.dream;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.io.AtomicFile;
import org.reverie.io.FormatException;
import org.reverie.ood.Metrics;

/**
 * What one trained classifier does. Shares are between 0 and 1, accuracies in percent.
 *
 * @param variant name of the line it belongs to
 * @param seed of the training
 * @param accuracy on the ID test images
 * @param threshold 95 % of the validation images have at most this energy
 * @param accepted share of the ID test images within the threshold
 * @param sets by the name of the OOD set
 * @param robustness accuracy on the ID test images under a disturbance, by its name
 * @param identity settings of the run; a result of others is not taken over
 * @param seconds the training took
 */
public record RunResult(
        String variant,
        long seed,
        double accuracy,
        double threshold,
        double accepted,
        Map<String, OnSet> sets,
        Map<String, Double> robustness,
        String identity,
        double seconds) {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /**
     * On one OOD set, by the energy.
     *
     * @param fpr95 share of OOD images within the threshold of the validation images
     * @param fpr95Test the same for the threshold that 95 % of the ID test images are within, as papers report it
     */
    public record OnSet(double auroc, double fpr95, double fpr95Test, double auprIn, double auprOut) {}

    /** Measures a classifier. */
    static RunResult of(
            Variant variant,
            long seed,
            Encoder classifier,
            DreamSplits data,
            List<PixelSet> disturbed,
            String identity,
            double seconds) {
        float[] held = ClassifierScores.of(classifier.apply(data.validation())).energy();
        double threshold = Metrics.percentile(held, Metrics.ACCEPTED_PERCENT);
        ClassifierScores id = ClassifierScores.of(classifier.apply(data.test()));
        Map<String, OnSet> sets = new LinkedHashMap<>();
        for (PixelSet set : data.outliers()) {
            float[] ood = ClassifierScores.of(classifier.apply(set)).energy();
            Metrics m = Metrics.of(id.energy(), ood);
            sets.put(set.name(), new OnSet(m.auroc(), within(ood, threshold), m.fpr95(), m.auprIn(), m.auprOut()));
        }
        Map<String, Double> robustness = new LinkedHashMap<>();
        for (PixelSet set : disturbed) {
            robustness.put(
                    set.name(), ClassifierScores.of(classifier.apply(set)).accuracy(set));
        }
        return new RunResult(
                variant.name(),
                seed,
                id.accuracy(data.test()),
                threshold,
                within(id.energy(), threshold),
                sets,
                robustness,
                identity,
                seconds);
    }

    private static double within(float[] scores, double threshold) {
        int count = 0;
        for (float score : scores) {
            count += score < threshold ? 1 : 0;
        }
        return (double) count / scores.length;
    }

    /** The plain mean over the sets. */
    public OnSet average() {
        double[] sums = new double[5];
        for (OnSet s : sets.values()) {
            sums[0] += s.auroc();
            sums[1] += s.fpr95();
            sums[2] += s.fpr95Test();
            sums[3] += s.auprIn();
            sums[4] += s.auprOut();
        }
        int n = sets.size();
        return new OnSet(sums[0] / n, sums[1] / n, sums[2] / n, sums[3] / n, sums[4] / n);
    }

    void write(Path file) throws IOException {
        AtomicFile.writeBytes(file, (GSON.toJson(this) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Reads a result; null if there is none, or one of other settings. */
    static RunResult read(Path file, String identity) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        try {
            RunResult r = GSON.fromJson(Files.readString(file), RunResult.class);
            return r != null && identity.equals(r.identity()) ? r : null;
        } catch (JsonParseException e) {
            throw new FormatException(file.toString(), "", "is no result of a run: " + e.getMessage());
        }
    }
}
