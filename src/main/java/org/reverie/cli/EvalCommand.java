package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.reverie.data.ImageSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.ood.Evaluation;
import org.reverie.ood.EvaluationJson;
import org.reverie.ood.dlsr.DlsrEvaluation;
import org.reverie.ood.dlsr.DlsrModel;
import org.reverie.ood.dlsr.Reconstruction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures a detector. */
@Command(
        name = "eval",
        description = {
            "Measure how well a detector tells its own data set from others: AUROC and FPR95 of DLSR's scores MFsim,"
                    + " MSE and LR, and of Mahalanobis distance and k nearest neighbours on the same features.",
            "",
            DataOptions.SETS,
            ""
        },
        footer = {
            "",
            "Examples:",
            "  reverie eval --model detector --id cifar10 --ood mnist,kmnist,dtd --report report.html",
            "  reverie eval --model detector --id cifar10 --ood textures.zip --mode compat --json result.json"
        })
final class EvalCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DataOptions data;

    @Mixin
    private ModeOptions mode;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "The folder that train made.")
    private Path model;

    @Option(names = "--id", paramLabel = "SET", required = true, description = "The data set it was trained on.")
    private String id;

    @Option(names = "--ood", paramLabel = "SET,SET", split = ",", required = true, description = "Other data sets.")
    private List<String> ood;

    @Option(
            names = "--split",
            paramLabel = "train|test",
            defaultValue = "test",
            description = "Which part of the data sets. Default: ${DEFAULT-VALUE}.")
    private Split split;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N images of each set. Default: all.")
    private Integer limit;

    @Option(names = "--json", paramLabel = "FILE", description = "Also write all figures as JSON.")
    private Path json;

    @Option(names = "--report", paramLabel = "FILE", description = "Also write a page with curves and images.")
    private Path report;

    @Option(
            names = "--cache",
            paramLabel = "DIR",
            description = "Keep the sets' features there; the next evaluation with the same encoder is quick.")
    private Path cache;

    @Override
    public Integer call() throws IOException {
        Reconstruction how = mode.reconstruction();
        List<ImageSet> sets = new ArrayList<>();
        try (Backend device = run.open();
                TerminalProgress progress = run.stoppableProgress();
                DlsrModel detector = DlsrModel.open(model, device)) {
            sets.add(data.open(id, split, limit));
            for (String name : ood) {
                sets.add(data.open(name, split, limit));
            }
            DlsrEvaluation scoring = new DlsrEvaluation(detector, how, run.seed(), run.threads(), cache, progress);
            Evaluation evaluation =
                    scoring.run(sets.getFirst(), sets.subList(1, sets.size()), Detectors.settings(device));
            progress.close();
            Detectors.print(evaluation, spec.commandLine().getOut());
            if (json != null) {
                EvaluationJson.write(evaluation, json);
            }
            if (report != null) {
                String title = "Out of distribution: " + sets.getFirst().name();
                Detectors.report(evaluation, title, "", sets, CommandWords.of(spec), report);
            }
        } finally {
            for (ImageSet set : sets) {
                set.close();
            }
        }
        return Main.OK;
    }
}
