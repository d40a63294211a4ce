package org.reverie.ood.dlsr;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.reverie.data.ImageSet;
import org.reverie.models.Fingerprint;
import org.reverie.models.Progress;
import org.reverie.ood.Baseline;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Evaluation.ScoredSet;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.Mahalanobis;
import org.reverie.ood.NearestNeighbour;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * Scores an ID set and OOD sets with a detector, and with Mahalanobis and k-nearest-neighbour on the same features: the
 * layer groups, Z-scored, of the images that the detector was trained on.
 */
public final class DlsrEvaluation {
    private static final int BATCH = 64;

    private final DlsrModel model;
    private final Reconstruction how;
    private final long seed;
    private final Path cache;
    private final Progress progress;
    private final List<Baseline> baselines;

    /**
     * @param how the mode of reconstruction
     * @param seed of the noise, where the mode adds any
     * @param threads that fit and score the baselines
     * @param cache folder where features are kept for the next evaluation; null keeps none
     * @param progress hears of the work; if it cancels, a {@link CancellationException} is thrown
     */
    public DlsrEvaluation(DlsrModel model, Reconstruction how, long seed, int threads, Path cache, Progress progress)
            throws IOException {
        this.model = model;
        this.how = how;
        this.seed = seed;
        this.cache = cache;
        this.progress = progress;
        FeatureMatrix train = normalized(model.trainFeatures());
        this.baselines = List.of(
                Mahalanobis.fit(train, threads), NearestNeighbour.fit(train, NearestNeighbour.DEFAULT_K, threads));
    }

    /**
     * Scores all sets.
     *
     * @param settings shown with the results, in addition to the detector's own
     */
    public Evaluation run(ImageSet id, List<ImageSet> foreign, Map<String, String> settings) throws IOException {
        ScoredSet own = score(id);
        List<ScoredSet> sets = new ArrayList<>();
        for (ImageSet set : foreign) {
            sets.add(score(set));
        }
        Map<String, String> all = settings();
        all.putAll(settings);
        return new Evaluation(own, sets, all, fingerprint(own, sets));
    }

    private ScoredSet score(ImageSet set) throws IOException {
        LayerFeatures features = features(set);
        Map<String, float[]> scores = new LinkedHashMap<>(model.scores(features, how, seed, progress));
        FeatureMatrix matrix = normalized(features);
        for (Baseline baseline : baselines) {
            scores.put(baseline.name(), baseline.score(matrix));
        }
        return new ScoredSet(set.name(), scores);
    }

    private LayerFeatures features(ImageSet set) throws IOException {
        FeatureExtractor extractor = model.extractor(BATCH);
        String identity = SetIdentity.of(set);
        LayerFeatures features = cache == null
                ? extractor.extract(set, identity, progress)
                : extractor.cached(set, identity, cacheFile(extractor, identity), progress);
        if (progress.cancelled()) {
            throw new CancellationException("evaluation was stopped at " + set.name());
        }
        return features;
    }

    /** A name for each (encoder, set); the file itself says in full what it holds. */
    private Path cacheFile(FeatureExtractor extractor, String identity) throws IOException {
        String all = new java.util.TreeMap<>(extractor.identity()) + identity;
        UUID name = UUID.nameUUIDFromBytes(all.getBytes(StandardCharsets.UTF_8));
        return Files.createDirectories(cache).resolve("features-" + name + ".safetensors");
    }

    private static FeatureMatrix normalized(LayerFeatures f) {
        return new FeatureMatrix(LayerNormalizer.normalize(f.values(), f.groupEnds()), f.count(), f.dimension());
    }

    private Map<String, String> settings() {
        DlsrConfig c = model.config();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("encoder", c.encoder());
        settings.put("taps", String.join(", ", c.taps()));
        settings.put("pooling", c.pooling().name().toLowerCase(Locale.ROOT));
        settings.put(
                "features", c.groupEnds().getLast() + " in " + c.groupEnds().size() + " groups");
        settings.put(
                "denoiser",
                c.network().blocks() + " blocks of width " + c.network().width());
        settings.put(
                "training",
                c.training().epochs() + " epochs over " + c.trainImages() + " images, batch "
                        + c.training().batch() + ", learning rate "
                        + c.training().learningRate());
        settings.put("mode", how.mode().name().toLowerCase(Locale.ROOT) + ", t = " + how.time());
        settings.put("seed", Long.toString(seed));
        return settings;
    }

    /** Over the denoiser's weights and every score: equal digests, equal bits. */
    private String fingerprint(ScoredSet own, List<ScoredSet> sets) {
        Fingerprint fingerprint = new Fingerprint();
        model.stateDict().forEach((name, t) -> fingerprint.add("denoiser", name, t));
        List<ScoredSet> all = new ArrayList<>(sets);
        all.addFirst(own);
        for (ScoredSet set : all) {
            set.scores()
                    .forEach((name, values) -> fingerprint.add(
                            "scores", set.name() + " " + name, HostTensor.of(Shape.of(values.length), values)));
        }
        return fingerprint.digest();
    }
}
