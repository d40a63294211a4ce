package org.reverie.ood;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The outcome of one run: every score on the ID test images and on each OOD set, and the metrics that follow. All maps
 * keep the order in which they were filled, and that is the order of tables, charts and JSON.
 *
 * @param id the ID test set, with one array of scores for each score name, all equally long
 * @param sets the OOD sets, at least one, each with the same score names as {@code id}
 * @param settings what was run, as pairs to be shown: data, encoder, taps, time step, seed, device …
 * @param fingerprint identifies the bits of the run; may be empty
 */
public record Evaluation(ScoredSet id, List<ScoredSet> sets, Map<String, String> settings, String fingerprint) {
    /**
     * @param name as shown to the user
     * @param scores score name to one value an image, higher means OOD
     */
    public record ScoredSet(String name, Map<String, float[]> scores) {
        public ScoredSet {
            scores = Collections.unmodifiableMap(new LinkedHashMap<>(scores));
            int images = -1;
            for (Map.Entry<String, float[]> e : scores.entrySet()) {
                if (images >= 0 && e.getValue().length != images) {
                    throw new IllegalArgumentException(name + ": score " + e.getKey() + " has " + e.getValue().length
                            + " values, but the one before it has " + images);
                }
                images = e.getValue().length;
            }
            if (images <= 0) {
                throw new IllegalArgumentException(name + ": no scores were given");
            }
        }

        public int images() {
            return scores.values().iterator().next().length;
        }
    }

    public Evaluation {
        if (sets.isEmpty()) {
            throw new IllegalArgumentException("an evaluation needs at least one OOD set");
        }
        List<String> names = new ArrayList<>();
        for (ScoredSet set : sets) {
            if (!set.scores.keySet().equals(id.scores.keySet())) {
                throw new IllegalArgumentException(set.name + " has the scores " + set.scores.keySet() + ", but "
                        + id.name + " has " + id.scores.keySet());
            }
            if (names.contains(set.name)) {
                throw new IllegalArgumentException("two OOD sets are named " + set.name);
            }
            names.add(set.name);
        }
        sets = List.copyOf(sets);
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }

    /** Names of the scores. */
    public List<String> scores() {
        return List.copyOf(id.scores.keySet());
    }

    /** Computes the metrics of every set and score; NaN scores are refused here. */
    public Results results() {
        Map<String, Map<String, Metrics>> bySet = new LinkedHashMap<>();
        for (ScoredSet set : sets) {
            Map<String, Metrics> byScore = new LinkedHashMap<>();
            set.scores.keySet().forEach(score -> {
                try {
                    byScore.put(score, Metrics.of(id.scores.get(score), set.scores.get(score)));
                } catch (IllegalArgumentException e) {
                    throw new IllegalArgumentException(set.name + ", score " + score + ": " + e.getMessage(), e);
                }
            });
            bySet.put(set.name, byScore);
        }
        Map<String, Metrics> average = new LinkedHashMap<>();
        for (String score : scores()) {
            average.put(
                    score,
                    average(bySet.values().stream().map(m -> m.get(score)).toList()));
        }
        return new Results(bySet, average);
    }

    /**
     * @param bySet set name to score name to metrics
     * @param average score name to the plain means over the sets
     */
    public record Results(Map<String, Map<String, Metrics>> bySet, Map<String, Metrics> average) {
        /** The score with the highest AUROC in a row of the table; the first one where several share it. */
        public static String best(Map<String, Metrics> row) {
            String best = null;
            for (Map.Entry<String, Metrics> e : row.entrySet()) {
                if (best == null || e.getValue().auroc() > row.get(best).auroc()) {
                    best = e.getKey();
                }
            }
            return best;
        }
    }

    /** Each set counts once. The threshold is the same in every row, for it depends on the ID images alone. */
    private static Metrics average(List<Metrics> rows) {
        double auroc = 0;
        double fpr95 = 0;
        double auprIn = 0;
        double auprOut = 0;
        for (Metrics m : rows) {
            auroc += m.auroc();
            fpr95 += m.fpr95();
            auprIn += m.auprIn();
            auprOut += m.auprOut();
        }
        int n = rows.size();
        return new Metrics(
                auroc / n, fpr95 / n, auprIn / n, auprOut / n, rows.getFirst().threshold());
    }
}
