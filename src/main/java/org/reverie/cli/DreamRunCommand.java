package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.reverie.data.DevelopmentSets;
import org.reverie.data.DreamSets;
import org.reverie.data.DreamSplits;
import org.reverie.device.Backend;
import org.reverie.io.AtomicFile;
import org.reverie.ood.dream.DreamPreset;
import org.reverie.ood.dream.Experiment;
import org.reverie.ood.dream.ResultTable;
import org.reverie.ood.dream.Variant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** All stages of Dream-OOD. */
@Command(
        name = "run",
        description = {
            "Run all of Dream-OOD in the setting that needs no downloaded weights: learn embeddings, train a small"
                    + " latent diffusion model on the ID images, imagine outliers, train classifiers with them and with"
                    + " every control, and print the table. A classifier is trained on one thread, so that several are"
                    + " trained at once.",
            "",
            "mnist: digits 0-5 against 6-9 and Omniglot; fashion: seven kinds of clothes against three others, digits,"
                + " kana and Omniglot; cifar10: seven classes against three others and foreign sets; gpu: the same at"
                + " 32 pixels, on a GPU.",
            "",
            "Ctrl-C stops it; the same command goes on, stage by stage and training by training."
        },
        footer = {
            "",
            "Examples:",
            "  reverie dream run --quick",
            "  reverie dream run mnist --out dream-mnist",
            "  reverie dream run fashion --seeds 3"
        })
final class DreamRunCommand implements Callable<Integer> {
    private static final String GPU = "gpu";

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DataOptions data;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "mnist|fashion|cifar10|gpu",
            defaultValue = "mnist",
            description = "Which experiment. Default: ${DEFAULT-VALUE}.")
    private String name;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Where all files go. Default: reverie-dream-NAME, with -quick where that is given.")
    private Path folder;

    @Option(names = "--quick", description = "A tenth of the images and short trainings: figures that mean nothing.")
    private boolean quick;

    @Option(names = "--seeds", paramLabel = "N", description = "Classifiers of each kind. Default: the preset's.")
    private Integer seeds;

    @Option(
            names = "--lines",
            paramLabel = "NAME,…",
            split = ",",
            description =
                    "Train for these lines of the table alone, besides cross-entropy (ce) and the method (pooled):"
                        + " reconstructions, reworked, noise, vos, npos, unfiltered, real, autoencoded, pooled-beta-1,"
                        + " …, inliers; ce-seen, npos-seen and pooled-seen, where every image is seen through the"
                        + " generator's autoencoder (mnist has these only if they are named). Lines that are trained"
                        + " already are kept; the same command without this adds the rest.")
    private List<String> lines;

    @Option(
            names = "--develop",
            description =
                    "Measure with development images instead, which are made of validation images or come from a set"
                            + " that is not tested with: to choose settings by. The table is develop.md; no report is"
                            + " made.")
    private boolean develop;

    @Option(
            names = "--id-statistics",
            description = "Let the classifiers' batch norm follow the ID images alone, and not the outliers beside"
                    + " them.")
    private boolean idStatistics;

    @Option(
            names = "--legacy-selection",
            description =
                    "Choose embeddings as the official program does, whose mistakes make the choice almost random.")
    private boolean legacySelection;

    @Override
    public Integer call() throws IOException {
        DreamPreset preset = preset();
        List<Variant> variants = variants(preset);
        PrintWriter out = spec.commandLine().getOut();
        Path root = folder != null ? folder : Path.of("reverie-dream-" + name + (quick ? "-quick" : ""));
        DreamSplits images = preset.large()
                ? DreamSets.openLarge(preset.data(), data.folder())
                : DreamSets.open(preset.data(), data.folder(), preset.quick());
        try (TerminalProgress bar = run.stoppableProgress()) {
            LineProgress progress = run.lines(bar);
            Experiment experiment = new Experiment(
                    preset,
                    images,
                    root,
                    run.seed(),
                    line -> {
                        bar.close();
                        out.println(line);
                        out.flush();
                    },
                    progress);
            experiment.begin();
            DreamWords.describe(images, out);
            Variant.Material material = material(experiment);
            DreamSplits tested = develop ? DevelopmentSets.of(preset.data(), images, data.folder()) : images;
            Path results = develop
                    ? experiment.files().development()
                    : experiment.files().classifiers();
            ResultTable table = classify(devices -> experiment.classify(tested, results, variants, material, devices));
            bar.close();
            print(table, experiment.files().table(results), out);
            if (!develop) {
                report(table, experiment, images, material, out);
            }
        }
        return Main.OK;
    }

    private DreamPreset preset() {
        try {
            DreamPreset usual =
                    DreamPreset.of(name).withLegacySelection(legacySelection).withIdStatistics(idStatistics);
            DreamPreset sized = quick ? usual.shortened() : usual;
            if (seeds != null && seeds < 1) {
                throw new IllegalArgumentException("--seeds must be positive, not " + seeds);
            }
            return seeds == null ? sized : sized.withSeeds(seeds);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private List<Variant> variants(DreamPreset preset) {
        try {
            return lines == null ? preset.variants() : preset.variants(lines);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--lines: " + e.getMessage(), e);
        }
    }

    private boolean onCpu() {
        return run.device().equals("cpu") && !name.equals(GPU);
    }

    /** The device asked for; the preset for a GPU takes the first one of CUDA unless told otherwise. */
    private Backend open() {
        if (!name.equals(GPU) || !run.device().equals("cpu")) {
            return run.open();
        }
        try {
            return run.open("cuda:0", 0);
        } catch (RuntimeException e) {
            throw new IllegalStateException("the preset gpu needs a GPU, and cuda:0 can't be opened (" + e.getMessage()
                    + "); --device names another");
        }
    }

    /** Stages 1 to 3. */
    private Variant.Material material(Experiment experiment) throws IOException {
        try (Backend device = open()) {
            experiment.embed(device);
            experiment.sample(device);
            experiment.generator(device);
            experiment.imagine(device);
            return experiment.material(device);
        }
    }

    private interface Trainings {
        ResultTable run(List<Backend> devices) throws IOException;
    }

    private ResultTable classify(Trainings trainings) throws IOException {
        List<Backend> devices = new ArrayList<>();
        try {
            for (int i = 0; i < (onCpu() ? run.threads() : 1); i++) {
                devices.add(onCpu() ? run.open("cpu", 1) : open());
            }
            return trainings.run(devices);
        } finally {
            devices.forEach(Backend::close);
        }
    }

    private static void print(ResultTable table, Path file, PrintWriter out) throws IOException {
        String text = table.markdown() + "\n" + table.robustness() + "\n" + String.join("\n", table.claims()) + "\n";
        AtomicFile.writeBytes(file, text.getBytes(StandardCharsets.UTF_8));
        out.println();
        out.print(text);
        out.flush();
    }

    private void report(
            ResultTable table, Experiment experiment, DreamSplits images, Variant.Material material, PrintWriter out)
            throws IOException {
        try (Backend device = open()) {
            DreamReport.write(
                    experiment, images, material, settings(table, device), device, run.seed(), CommandWords.of(spec));
        }
        out.println("Report: " + experiment.files().report().toAbsolutePath());
        out.flush();
    }

    private static Map<String, String> settings(ResultTable table, Backend device) {
        Map<String, String> settings = new LinkedHashMap<>(table.summary());
        settings.put("device", device.name() + ": " + device.description());
        return settings;
    }
}
