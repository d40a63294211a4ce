package org.reverie.cli;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.data.DataCatalogue;
import org.reverie.data.DrawnSets;
import org.reverie.data.ImageSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.models.ProceduralEncoder;
import org.reverie.models.WeightsFile;
import org.reverie.ood.Evaluation;
import org.reverie.ood.EvaluationJson;
import org.reverie.ood.dlsr.DlsrDefaults;
import org.reverie.ood.dlsr.DlsrEvaluation;
import org.reverie.ood.dlsr.DlsrModel;
import org.reverie.ood.dlsr.DlsrTraining;
import org.reverie.ood.dlsr.LayerPooling;
import org.reverie.ood.dlsr.Reconstruction;
import org.reverie.ood.dlsr.TrainConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole of DLSR at once. */
@Command(
        name = "demo",
        description = {
            "Run all of DLSR and show the result: train a detector on one data set, then measure how well it tells that"
                    + " set from others. The table is printed, the report and the detector lie in the folder of --out.",
            "Without --data all images are drawn by the program: no file and no network is needed. The encoder was"
                    + " trained on drawn patterns, too, and comes with the program.",
            "Ctrl-C stops it; the same command goes on."
        },
        footer = {
            "",
            "Examples:",
            "  reverie demo",
            "  reverie demo --quick",
            "  reverie demo --data ~/sets     (CIFAR-10 against every other known set that is there)"
        })
final class DemoCommand implements Callable<Integer> {
    private static final String REAL_ID = "cifar10";
    private static final List<String> REAL_OOD =
            List.of("mnist", "kmnist", "fashion-mnist", "omniglot", "svhn", "dtd", "tinyimagenet");
    private static final int QUICK_EPOCHS = 5;

    /** Images at most: in training, and in each tested set. */
    private record Size(int train, int test) {}

    private static final Size FULL = new Size(8000, 1000);
    private static final Size QUICK = new Size(600, 150);

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(names = "--data", paramLabel = "DIR", description = "Use the real data sets in this folder.")
    private Path data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where report and detector go. Default: reverie-demo, with -data and -quick where those are"
                    + " given.")
    private Path folder;

    @Option(names = "--quick", description = "Fewer images and epochs: seconds, and worse figures.")
    private boolean quick;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Path target = folder != null
                ? folder
                : Path.of("reverie-demo" + (data == null ? "" : "-data") + (quick ? "-quick" : ""));
        Size size = quick ? QUICK : FULL;
        List<ImageSet> sets = new ArrayList<>();
        try (Backend device = run.open();
                ImageSet training = open(idName(), Split.TRAIN, size.train());
                TerminalProgress progress = run.stoppableProgress()) {
            openTests(sets, size.test());
            Path detector = target.resolve("detector");
            say(out, "Training a detector on " + training.name() + ", " + device.description() + ".");
            Detectors.train(device, training, request(), detector, progress, out);
            say(out, "");
            say(
                    out,
                    "Scoring images it has never seen: " + sets.getFirst().name() + " and " + (sets.size() - 1)
                            + " foreign sets.");
            evaluate(device, detector, sets, target, progress, out);
        } finally {
            for (ImageSet set : sets) {
                set.close();
            }
        }
        return Main.OK;
    }

    private static void say(PrintWriter out, String line) {
        out.println(line);
        out.flush();
    }

    private String idName() {
        return data == null ? DrawnSets.names().getFirst() : REAL_ID;
    }

    private ImageSet open(String name, Split split, int limit) throws IOException {
        return DataCatalogue.resolve(name, data, split).limit(limit);
    }

    /** The ID test set, then the foreign ones that are there. */
    private void openTests(List<ImageSet> sets, int limit) throws IOException {
        sets.add(open(idName(), Split.TEST, limit));
        List<String> others =
                data == null ? DrawnSets.names().subList(1, DrawnSets.names().size()) : REAL_OOD;
        for (String name : others) {
            try {
                sets.add(open(name, Split.TEST, limit));
            } catch (FileNotFoundException e) {
                spec.commandLine().getErr().println(name + " is not there and left out");
            }
        }
        if (sets.size() == 1) {
            throw new FileNotFoundException(data + ": there is none of " + String.join(", ", REAL_OOD));
        }
    }

    private DlsrTraining.Request request() throws IOException {
        WeightsFile encoder = WeightsFile.procedural();
        TrainConfig usual = DlsrDefaults.training(ProceduralEncoder.NAME, run.seed());
        return new DlsrTraining.Request(
                ProceduralEncoder.NAME,
                encoder.tensors(),
                encoder.sha256(),
                null,
                LayerPooling.AVERAGE,
                DlsrDefaults.network(ProceduralEncoder.NAME),
                quick ? usual.withEpochs(QUICK_EPOCHS) : usual);
    }

    private void evaluate(
            Backend device, Path detector, List<ImageSet> sets, Path target, TerminalProgress progress, PrintWriter out)
            throws IOException {
        try (DlsrModel model = DlsrModel.open(detector, device)) {
            DlsrEvaluation scoring = new DlsrEvaluation(
                    model, Reconstruction.fast(), run.seed(), run.threads(), target.resolve("features"), progress);
            Evaluation evaluation =
                    scoring.run(sets.getFirst(), sets.subList(1, sets.size()), Detectors.settings(device));
            progress.close();
            Detectors.print(evaluation, out);
            EvaluationJson.write(evaluation, target.resolve("result.json"));
            Path report = target.resolve("report.html");
            String summary = String.format(
                    Locale.ROOT,
                    "A detector that was trained on %s alone, tested on images it has never seen.",
                    sets.getFirst().name());
            Detectors.report(evaluation, "Reverie demo", summary, sets, CommandWords.of(spec), report);
            say(out, "");
            say(out, "Report: " + report.toAbsolutePath());
        }
    }
}
