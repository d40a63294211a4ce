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
            List<PixelSet> sets = new ArrayList<>();
            Map<String, String> settings = new LinkedHashMap<>();
            settings.put("classifier", model.getFileName().toString());
            if (images.isExperiment()) {
                DreamSplits splits = images.splits();
                sets.add(splits.test());
                sets.addAll(splits.outliers());
                calibrated(classifier, splits, settings);
            } else {
                sets.add(images.images(Split.TEST));
            }
            sets.addAll(images.openAll(ood, Split.TEST));
            List<ScoredSet> scored = new ArrayList<>();
            for (PixelSet set : sets) {
                scored.add(scored(classifier, set));
            }
            accuracy(classifier, sets.getFirst(), settings);
            for (PixelSet set : images.openAll(robust, Split.TEST)) {
                accuracy(classifier, set, settings);
            }
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

    private static ScoredSet scored(Encoder classifier, PixelSet set) {
        ClassifierScores scores = ClassifierScores.of(classifier.apply(set));
        Map<String, float[]> both = new LinkedHashMap<>();
        both.put(ENERGY, scores.energy());
        both.put(MSP, scores.msp());
        return new ScoredSet(set.name(), both);
    }

    private static void accuracy(Encoder classifier, PixelSet set, Map<String, String> settings) {
        if (set.classes() > classifier.outputs() || set.classes() < 1) {
            throw new IllegalArgumentException(set.name() + " has " + set.classes()
                    + " classes, but the classifier knows " + classifier.outputs());
        }
        double accuracy = ClassifierScores.of(classifier.apply(set)).accuracy(set);
        settings.put("accuracy on " + set.name(), String.format(Locale.ROOT, "%.2f %%", accuracy));
    }

    /** What passes the threshold of the images to calibrate, as a program in use would set it. */
    private static void calibrated(Encoder classifier, DreamSplits splits, Map<String, String> settings) {
        float[] held =
                ClassifierScores.of(classifier.apply(splits.validation())).energy();
        double threshold = Metrics.percentile(held, Metrics.ACCEPTED_PERCENT);
        settings.put(
                "energy that 95 % of the validation images are below", String.format(Locale.ROOT, "%.4f", threshold));
        List<PixelSet> sets = new ArrayList<>(splits.outliers());
        sets.addFirst(splits.test());
        for (PixelSet set : sets) {
            int within = 0;
            float[] energies = ClassifierScores.of(classifier.apply(set)).energy();
            for (float e : energies) {
                within += e < threshold ? 1 : 0;
            }
            settings.put(
                    "below it on " + set.name(),
                    String.format(Locale.ROOT, "%.1f %%", 100.0 * within / energies.length));
        }
    }
}
