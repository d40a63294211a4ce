package org.reverie.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.reverie.data.ImageBatches;
import org.reverie.device.Backend;
import org.reverie.models.Progress;
import org.reverie.ood.dlsr.DlsrModel;
import org.reverie.ood.dlsr.FeatureExtractor;
import org.reverie.ood.dlsr.LayerFeatures;
import org.reverie.ood.dlsr.Reconstruction;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks a detector about images. */
@Command(
        name = "score",
        description = {
            "Score images with a detector: the higher the score, the more foreign the image. The threshold accepts 95"
                    + " %% of the detector's own images; the verdict is ID up to it and OOD above.",
            "An image that cannot be read is reported, the others are scored, and the exit code is 1."
        },
        footer = {
            "",
            "Examples:",
            "  reverie score --model detector photo.jpg holiday/ more.zip",
            "  reverie score --model detector --csv 'inbox/*.png' > scores.csv"
        })
final class ScoreCommand implements Callable<Integer> {
    private static final int BATCH = 64;

    /** DLSR's scores. */
    enum Score {
        MFSIM(DlsrModel.MFSIM),
        MSE(DlsrModel.MSE),
        LR(DlsrModel.LR),
        RESIDUAL(DlsrModel.RESIDUAL);

        private final String title;

        Score(String title) {
            this.title = title;
        }
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private PrecisionOptions precision;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "The folder that train made.")
    private Path model;

    @Parameters(
            paramLabel = "IMAGES",
            arity = "1..*",
            description =
                    "PNG and JPEG files, folders and zips of them, data set files, or patterns such as 'a/*.png'.")
    private List<String> places;

    @Option(
            names = "--score",
            paramLabel = "mfsim|mse|lr|residual",
            defaultValue = "mfsim",
            description = "Which score. Default: ${DEFAULT-VALUE}.")
    private Score score;

    @ArgGroup
    private Form form = new Form();

    /** How the result is written. */
    static final class Form {
        @Option(names = "--csv", description = "Print a CSV table with a header.")
        private boolean csv;

        @Option(names = "--json", description = "Print a JSON array.")
        private boolean json;
    }

    private int unreadable;
    private int printed;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        List<Path> paths = ImagePlaces.expand(places);
        try (Backend device = run.open();
                DlsrModel detector = DlsrModel.open(model, device, precision.dtype());
                ImagePlaces.Pictures pictures = new ImagePlaces.Pictures(paths);
                TerminalProgress progress = run.stoppableProgress()) {
            begin(out);
            score(detector, pictures, progress, out);
            end(out);
        }
        return unreadable == 0 ? Main.OK : Main.FAILED;
    }

    private void score(DlsrModel detector, ImagePlaces.Pictures pictures, TerminalProgress progress, PrintWriter out)
            throws IOException {
        FeatureExtractor extractor = detector.extractor(BATCH);
        long done = 0;
        try (ImageBatches batches = new ImageBatches(pictures, extractor.preprocess(), BATCH)) {
            for (ImageBatches.Batch batch = batches.next(); batch != null; batch = batches.next()) {
                for (IOException e : batch.unreadable()) {
                    unreadable++;
                    Main.error(spec.commandLine(), e);
                }
                if (!batch.names().isEmpty()) {
                    score(detector, extractor, batch, out);
                }
                done += batch.names().size() + batch.unreadable().size();
                progress.at("scoring", done, pictures.known(), "");
                if (progress.cancelled()) {
                    throw new CancellationException("stopped after " + done + " images");
                }
            }
        }
    }

    private void score(DlsrModel detector, FeatureExtractor extractor, ImageBatches.Batch batch, PrintWriter out)
            throws IOException {
        LayerFeatures features =
                extractor.features(batch.pixels(), batch.names().size());
        float[] scores = detector.score(score.title, features, Reconstruction.fast(), run.seed(), Progress.NONE);
        double threshold = detector.config().threshold(score.title);
        for (int i = 0; i < scores.length; i++) {
            print(batch.names().get(i), scores[i], threshold, out);
        }
        out.flush();
    }

    private void begin(PrintWriter out) {
        if (form.csv) {
            out.println("image,score,threshold,verdict");
        } else if (form.json) {
            out.print("[");
        }
    }

    private void end(PrintWriter out) {
        if (form.json) {
            out.println(printed == 0 ? "]" : "\n]");
        }
    }

    private void print(String name, float value, double threshold, PrintWriter out) {
        String verdict = value > threshold ? "OOD" : "ID";
        if (form.csv) {
            String field = name.matches("[^\",\\r\\n]*") ? name : "\"" + name.replace("\"", "\"\"") + "\"";
            out.printf(Locale.ROOT, "%s,%s,%s,%s%n", field, value, (float) threshold, verdict);
        } else if (form.json) {
            JsonObject line = new JsonObject();
            line.addProperty("image", name);
            line.addProperty("score", value);
            line.addProperty("threshold", (float) threshold);
            line.addProperty("verdict", verdict);
            out.print((printed == 0 ? "\n  " : ",\n  ") + line);
        } else {
            out.printf(
                    Locale.ROOT,
                    "%-3s  %s %.4f (up to %.4f is ID)  %s%n",
                    verdict,
                    score.title,
                    value,
                    threshold,
                    name);
        }
        printed++;
    }
}
