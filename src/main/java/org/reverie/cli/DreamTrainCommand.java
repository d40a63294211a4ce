package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.io.AtomicFile;
import org.reverie.io.Safetensors;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.models.latent.LatentDiffusion;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.dream.ClassifierConfig;
import org.reverie.ood.dream.ClassifierTraining;
import org.reverie.ood.dream.Encoder;
import org.reverie.ood.dream.FeatureOutliers;
import org.reverie.ood.dream.ImagineFolder;
import org.reverie.ood.dream.OutlierFilter;
import org.reverie.ood.dream.Outliers;
import org.reverie.ood.dream.PassedImages;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Stages 4 and 5. */
@Command(
        name = "train",
        description = {
            "Train a classifier with imagined outliers (cross-entropy, and beta times the regulariser of the"
                    + " energies), with imagined inliers as further examples, or with neither. Ctrl-C stops after an"
                    + " epoch; the same command goes on.",
            "",
            DataOptions.SETS,
            ""
        },
        footer = {
            "",
            "Examples:",
            "  reverie dream train --set mnist --outliers imagined --encoder embed/encoder.safetensors --generator"
                    + " generator --rework --out classifier.safetensors",
            "  reverie dream train --set mnist --against vos --out vos.safetensors",
            "  reverie dream train --set mnist --inliers imagined-inliers --out dream-id.safetensors"
        })
final class DreamTrainCommand implements Callable<Integer> {
    private static final double HALF = 0.5;

    /** Controls that need no image. */
    enum Against {
        NOISE,
        VOS,
        NPOS
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DreamImageOptions images;

    @Mixin
    private DreamTrainingOptions how;

    @Option(
            names = "--outliers",
            paramLabel = "DIR",
            description = "Pictures of outliers, as dream imagine makes them; a step has as many as ID images.")
    private Path outliers;

    @Option(
            names = "--encoder",
            paramLabel = "FILE",
            description =
                    "Use only those outliers whose embedding by this encoder lies farther out than those of 95 %% of"
                            + " the images to calibrate; needs --set.")
    private Path encoder;

    @Option(
            names = "--against",
            paramLabel = "noise|vos|npos",
            description = "Instead of pictures: images of noise, or drawn features.")
    private Against against;

    @Option(names = "--inliers", paramLabel = "DIR", description = "Pictures of inliers, in folders by class.")
    private Path inliers;

    @Option(
            names = "--generator",
            paramLabel = "DIR",
            description = "Replace ID images by what this generator makes of them.")
    private Path generator;

    @Option(
            names = "--rework",
            description = "All of the generator instead of its autoencoder alone: images are noised half way and drawn"
                    + " again from their embedding by --encoder.")
    private boolean rework;

    @Option(
            names = "--passed",
            paramLabel = "P",
            description = "With what probability --generator replaces an ID image. Default: 0.5.")
    private Double passed;

    @Option(
            names = "--id-statistics",
            description = "Let batch norm's running statistics follow the ID images alone, and not the outliers beside"
                    + " them.")
    private boolean idStatistics;

    @Option(
            names = "--init",
            paramLabel = "FILE",
            description =
                    "Begin with this classifier, as the official program does for ImageNet-100 (20 epochs at 0.001).")
    private Path init;

    @Option(names = "--beta", paramLabel = "X", defaultValue = "0.3", description = "Default: ${DEFAULT-VALUE}.")
    private double beta;

    @Option(
            names = "--hidden",
            paramLabel = "N",
            defaultValue = "64",
            description = "Width of the regulariser's network; 0: one layer. Default: ${DEFAULT-VALUE}.")
    private int hidden;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "16", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(names = "--lr", paramLabel = "X", defaultValue = "0.05", description = "Default: ${DEFAULT-VALUE}.")
    private double rate;

    @Option(names = "--out", paramLabel = "FILE", required = true, description = "The classifier, as safetensors.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        if (outliers != null && against != null) {
            throw wrong("either --outliers or --against says what is foreign");
        }
        if (encoder != null && outliers == null && !rework) {
            throw wrong("--encoder filters --outliers, and there are none");
        }
        if (rework && (generator == null || encoder == null)) {
            throw wrong("--rework needs a --generator, and an --encoder for the images' embeddings");
        }
        if (passed != null && generator == null) {
            throw wrong("--passed needs a --generator");
        }
        PixelSet train = images.images(Split.TRAIN);
        ClassifierConfig config = config(train);
        PrintWriter words = spec.commandLine().getOut();
        try (Backend device = run.open();
                TerminalProgress bar = run.stoppableProgress()) {
            LineProgress progress = run.lines(bar);
            AtomicFile.refuseFolder(out);
            ClassifierTraining.Material material = new ClassifierTraining.Material(
                    train,
                    generator == null ? null : passed(device, train, progress),
                    foreign(device, train),
                    inliers == null ? null : ImagineFolder.read(inliers, "inliers", train.side(), train.channels()));
            Path state = out.resolveSibling(out.getFileName() + ".state");
            try (ClassifierTraining training = new ClassifierTraining(device, material, config, run.seed())) {
                if (init != null) {
                    training.startFrom(init.toString(), Safetensors.read(init).tensors());
                }
                if (!training.run(state, "training", progress)) {
                    throw new Stopped();
                }
                Safetensors.write(out, training.weights());
                Files.deleteIfExists(state);
                bar.close();
                words.printf(Locale.ROOT, "%s: loss %.3f%n", out, training.loss());
            }
        }
        return Main.OK;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private ClassifierConfig config(PixelSet train) {
        try {
            return new ClassifierConfig(
                    how.network().config(train.channels()),
                    how.settings(epochs, rate),
                    how.batch(),
                    beta,
                    hidden,
                    generator == null ? 0 : passed == null ? HALF : passed,
                    how.batch(),
                    idStatistics);
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private PixelSet passed(Backend device, PixelSet train, Progress progress) throws IOException {
        try (LatentDiffusion model = LatentDiffusion.load(device, generator)) {
            if (!rework) {
                return PassedImages.reconstructed(model, train);
            }
            try (Encoder embedding = Encoder.load(device, encoder)) {
                FeatureMatrix rows = embedding.apply(train);
                HostTensor own = HostTensor.of(Shape.of(rows.count(), rows.dimension()), rows.values());
                double strength = PassedImages.HALF_WAY;
                return PassedImages.reworked(model, train, own, strength, Drawing.SMALL, run.seed(), progress);
            }
        }
    }

    private Outliers foreign(Backend device, PixelSet train) throws IOException {
        if (against != null) {
            return switch (against) {
                case NOISE -> new Outliers.Noise();
                case VOS -> new Outliers.Features(FeatureOutliers.Kind.VOS, Outliers.Features.START);
                case NPOS -> new Outliers.Features(FeatureOutliers.Kind.NPOS, Outliers.Features.START);
            };
        }
        if (outliers == null) {
            return Outliers.NONE;
        }
        PixelSet all = ImagineFolder.read(outliers, "outliers", train.side(), train.channels());
        return new Outliers.Pool(encoder == null ? all : filtered(device, all));
    }

    private PixelSet filtered(Backend device, PixelSet all) throws IOException {
        DreamSplits splits = images.splits();
        try (Encoder model = Encoder.load(device, encoder)) {
            int[] kept = new OutlierFilter(model, splits.train(), splits.validation()).kept(all);
            if (kept.length == 0) {
                throw new IllegalArgumentException(outliers + ": the filter keeps none of " + all.size() + " images");
            }
            spec.commandLine().getOut().println("the filter keeps " + kept.length + " of " + all.size() + " images");
            return all.select(all.name(), kept);
        }
    }
}
