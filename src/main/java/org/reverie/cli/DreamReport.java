package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.reverie.data.DreamSplits;
import org.reverie.data.Image;
import org.reverie.data.PixelSet;
import org.reverie.device.Backend;
import org.reverie.io.Npy;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Evaluation.ScoredSet;
import org.reverie.ood.dream.ClassifierScores;
import org.reverie.ood.dream.EmbeddingBank;
import org.reverie.ood.dream.Encoder;
import org.reverie.ood.dream.Experiment;
import org.reverie.ood.dream.Variant;
import org.reverie.report.HtmlReport;
import org.reverie.report.ReportInput;
import org.reverie.report.ReportInput.Exhibit;
import org.reverie.report.ReportInput.Gallery;
import org.reverie.report.ReportInput.ScoredImage;
import org.reverie.report.ReportInput.Strip;

/** The page of a Dream-OOD experiment: the classifiers of the first seed before and after, and what was imagined. */
final class DreamReport {
    private static final String BEFORE = "cross-entropy";
    private static final String AFTER = "Dream-OOD";
    private static final int AT_AN_END = 12;
    private static final int IN_A_STRIP = 20;

    private DreamReport() {}

    static void write(
            Experiment experiment,
            DreamSplits data,
            Variant.Material material,
            Map<String, String> settings,
            Backend device,
            long seed,
            String command)
            throws IOException {
        List<PixelSet> sets = new ArrayList<>(data.outliers());
        sets.addFirst(data.test());
        List<ScoredSet> scored = new ArrayList<>();
        Path folder = experiment.files().classifiers();
        try (Encoder before = Encoder.load(device, folder.resolve(Variant.PLAIN + "-" + seed + ".safetensors"));
                Encoder after = Encoder.load(device, folder.resolve(Variant.METHOD + "-" + seed + ".safetensors"))) {
            for (PixelSet set : sets) {
                Map<String, float[]> scores = new LinkedHashMap<>();
                scores.put(BEFORE, ClassifierScores.of(before.apply(set)).energy());
                scores.put(AFTER, ClassifierScores.of(after.apply(set)).energy());
                scored.add(new ScoredSet(set.name(), scores));
            }
        }
        Evaluation evaluation = new Evaluation(scored.getFirst(), scored.subList(1, scored.size()), settings, "");
        Map<String, Gallery> galleries = new LinkedHashMap<>();
        for (int i = 0; i < sets.size(); i++) {
            galleries.put(
                    sets.get(i).name(),
                    gallery(sets.get(i), scored.get(i).scores().get(AFTER)));
        }
        HtmlReport.write(
                new ReportInput(
                        "Dream-OOD on " + data.train().name(),
                        "The same classifier trained on its classes alone, and with imagined outliers. The score is the"
                                + " energy, minus the log of the sum of exponentials of the logits.",
                        evaluation,
                        AFTER,
                        galleries,
                        exhibits(experiment, data, material, device),
                        command,
                        Instant.now()),
                experiment.files().report());
    }

    private static Gallery gallery(PixelSet set, float[] scores) {
        List<Integer> order = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> scores[i]))
                .toList();
        int n = Math.min(AT_AN_END, scores.length);
        return new Gallery(
                pictures(set, scores, order.subList(0, n)),
                pictures(set, scores, order.reversed().subList(0, n)));
    }

    private static List<ScoredImage> pictures(PixelSet set, float[] scores, List<Integer> rows) {
        List<ScoredImage> list = new ArrayList<>();
        for (int i : rows) {
            Image image = set.image(i);
            list.add(
                    new ScoredImage(image.rgb(), image.width(), image.height(), scores[i], set.name() + "[" + i + "]"));
        }
        return list;
    }

    private static List<Exhibit> exhibits(
            Experiment experiment, DreamSplits data, Variant.Material material, Backend device) throws IOException {
        EmbeddingBank bank = new EmbeddingBank(
                Npy.read(experiment.files().features()),
                Npy.read(experiment.files().anchors()));
        List<Exhibit> all = new ArrayList<>();
        PixelSet train = data.train();
        for (int c = 0; c < train.classes(); c++) {
            int[] images = rows(train, c);
            int[] edge = IntStream.of(experiment.boundary(device, bank, c))
                    .map(i -> images[i])
                    .toArray();
            List<Strip> strips = new ArrayList<>();
            strips.add(strip("training images", train, images));
            strips.add(
                    strip("the images farthest from their neighbours, which embeddings are drawn around", train, edge));
            strips.add(strip("imagined", material.unfiltered(), rows(material.unfiltered(), c)));
            strips.add(strip("imagined, and kept by the filter", material.pooled(), rows(material.pooled(), c)));
            strips.add(strip("imagined inliers", material.inliers(), rows(material.inliers(), c)));
            String name = train.classNames().isEmpty()
                    ? "class " + c
                    : train.classNames().get(c);
            all.add(new Exhibit("Imagined around " + name, "", strips));
        }
        int[] first = IntStream.range(0, Math.min(IN_A_STRIP, train.size())).toArray();
        all.add(new Exhibit(
                "ID images with the generator's traces",
                "Half of the ID images of a training are shown as the generator draws them again, noised half way, so"
                        + " that its traces tell nothing. The autoencoder alone leaves fewer of them.",
                List.of(
                        strip("images", train, first),
                        strip("reworked", material.reworked(), first),
                        strip("through the autoencoder alone", material.reconstructions(), first))));
        return all;
    }

    private static int[] rows(PixelSet set, int label) {
        return IntStream.range(0, set.size())
                .filter(i -> set.labels()[i] == label)
                .toArray();
    }

    /** As many images as fit, evenly from begin to end. */
    private static Strip strip(String label, PixelSet set, int[] rows) {
        int n = Math.min(IN_A_STRIP, rows.length);
        List<Image> images = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            images.add(set.image(rows[(int) ((long) i * rows.length / n)]));
        }
        return new Strip(label, images);
    }
}
