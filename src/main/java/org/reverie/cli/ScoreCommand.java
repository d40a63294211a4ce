package org.reverie.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.device.Backend;
import org.reverie.models.Progress;
import org.reverie.ood.dlsr.DlsrModel;
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
        try (Backend device = run.open();
                DlsrModel detector = DlsrModel.open(model, device);
                TerminalProgress progress = run.stoppableProgress()) {
            begin(out);
            for (String place : places) {
                for (Path path : ImagePlaces.expand(place)) {
                    scoreAll(detector, path, progress, out);
                }
            }
            end(out);
        }
        return unreadable == 0 ? Main.OK : Main.FAILED;
    }

    private void scoreAll(DlsrModel detector, Path path, TerminalProgress progress, PrintWriter out) {
        try (ImageSet set = ImagePlaces.open(path)) {
            List<Image> images = new ArrayList<>();
            List<String> names = new ArrayList<>();
            for (int i = 0; i < set.size(); i++) {
                try {
                    images.add(set.image(i));
                    names.add(ImagePlaces.name(path, set, i));
                } catch (IOException e) {
                    report(e);
                }
                if (images.size() == BATCH || i == set.size() - 1) {
                    score(detector, images, names, out);
                    images.clear();
                    names.clear();
                    progress.at(path.toString(), i + 1, set.size(), "");
                    if (progress.cancelled()) {
                        throw new CancellationException("stopped at " + path);
                    }
                }
            }
        } catch (IOException e) {
            report(e);
        }
    }

    private void report(IOException error) {
        unreadable++;
        Main.error(spec.commandLine(), error);
    }

    private void score(DlsrModel detector, List<Image> images, List<String> names, PrintWriter out) throws IOException {
        if (images.isEmpty()) {
            return;
        }
        ImageSet batch = new ImagePlaces.InMemory(List.copyOf(images), List.copyOf(names));
        LayerFeatures features = detector.extractor(BATCH).extract(batch, "scored", Progress.NONE);
        float[] scores = detector.score(score.title, features, Reconstruction.fast(), run.seed(), Progress.NONE);
        double threshold = detector.config().threshold(score.title);
        for (int i = 0; i < scores.length; i++) {
            print(names.get(i), scores[i], threshold, out);
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
