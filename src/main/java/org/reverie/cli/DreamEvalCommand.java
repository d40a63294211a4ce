package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.ood.Evaluation;
import org.reverie.ood.Evaluation.ScoredSet;
import org.reverie.ood.EvaluationJson;
import org.reverie.ood.EvaluationTable;
import org.reverie.ood.Metrics;
import org.reverie.ood.dream.ClassifierScores;
import org.reverie.ood.dream.Encoder;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures a classifier. */
@Command(
        name = "eval",
        description = {
            "Measure a classifier of dream train: AUROC, FPR95 and AUPR of its energy and of its largest probability,"
                    + " its accuracy on the ID images, and on other labelled sets of the same classes.",
            "",
            DataOptions.SETS,
            ""
        },
        footer = {
            "",
            "Examples:",
            "  reverie dream eval --model classifier.safetensors --set mnist --json result.json",
            "  reverie dream eval --model classifier.safetensors --id cifar100 --ood svhn,dtd --robust cifar100-c.zip"
        })
final class DreamEvalCommand implements Callable<Integer> {
    private static final String ENERGY = "energy";
    private static final String MSP = "msp";

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DreamImageOptions images;

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "The classifier.")
    private Path model;

    @Option(
            names = "--ood",
            paramLabel = "SET,SET",
            split = ",",
            description = "Foreign sets; an experiment has its own.")
    private List<String> ood = List.of();

    @Option(
            names = "--robust",
            paramLabel = "SET,SET",
            split = ",",
            description = "Labelled sets of the same classes, for their accuracy.")
    private List<String> robust = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Also write all figures as JSON.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        if (!images.isExperiment() && ood.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--id needs foreign sets: name them with --ood");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (Backend device = run.open();
                Encoder classifier = Encoder.load(device, model)) {
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("classifier", model.getFileName().toString());
            List<Scored> sets = new ArrayList<>();
            if (images.isExperiment()) {
                DreamSplits splits = images.splits();
                sets.add(Scored.of(classifier, splits.test()));
                for (PixelSet set : splits.outliers()) {
                    sets.add(Scored.of(classifier, set));
                }
                calibrated(Scored.of(classifier, splits.validation()), sets, settings);
            } else {
                sets.add(Scored.of(classifier, images.images(Split.TEST)));
            }
            for (PixelSet set : images.openAll(ood, Split.TEST)) {
                sets.add(Scored.of(classifier, set));
            }
            sets.getFirst().accuracy(classifier, settings);
            for (PixelSet set : images.openAll(robust, Split.TEST)) {
                Scored.of(classifier, set).accuracy(classifier, settings);
            }
            List<ScoredSet> scored = sets.stream().map(Scored::both).toList();
            Evaluation evaluation = new Evaluation(scored.getFirst(), scored.subList(1, scored.size()), settings, "");
            out.print(EvaluationTable.render(evaluation, TerminalProgress.terminal() != null));
            evaluation
                    .results()
                    .average()
                    .forEach((score, m) -> out.printf(
                            Locale.ROOT, "%s: mean AUPR-in %.4f, AUPR-out %.4f%n", score, m.auprIn(), m.auprOut()));
            settings.forEach((name, value) -> out.println(name + ": " + value));
            if (json != null) {
                EvaluationJson.write(evaluation, json);
            }
        }
        return Main.OK;
    }

    /** Images and what the classifier says about them. */
    private record Scored(PixelSet set, ClassifierScores scores) {
        static Scored of(Encoder classifier, PixelSet set) {
            return new Scored(set, ClassifierScores.of(classifier.apply(set)));
        }

        ScoredSet both() {
            Map<String, float[]> both = new LinkedHashMap<>();
            both.put(ENERGY, scores.energy());
            both.put(MSP, scores.msp());
            return new ScoredSet(set.name(), both);
        }

        void accuracy(Encoder classifier, Map<String, String> settings) {
            if (set.classes() > classifier.outputs() || set.classes() < 1) {
                throw new IllegalArgumentException(set.name() + " has " + set.classes()
                        + " classes, but the classifier knows " + classifier.outputs());
            }
            settings.put("accuracy on " + set.name(), String.format(Locale.ROOT, "%.2f %%", scores.accuracy(set)));
        }
    }

    /** What passes the threshold of the images to calibrate, as a program in use would set it. */
    private static void calibrated(Scored held, List<Scored> sets, Map<String, String> settings) {
        double threshold = Metrics.percentile(held.scores().energy(), Metrics.ACCEPTED_PERCENT);
        settings.put(
                "energy that 95 % of the validation images are below", String.format(Locale.ROOT, "%.4f", threshold));
        for (Scored s : sets) {
            int within = 0;
            float[] energies = s.scores().energy();
            for (float e : energies) {
                within += e < threshold ? 1 : 0;
            }
            settings.put(
                    "below it on " + s.set().name(),
                    String.format(Locale.ROOT, "%.1f %%", 100.0 * within / energies.length));
        }
    }
}
