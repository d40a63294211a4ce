package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.data.PixelSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.io.Npy;
import org.reverie.io.Safetensors;
import org.reverie.models.latent.ClassTokens;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.dream.EmbeddingTraining;
import org.reverie.ood.dream.Encoder;
import org.reverie.ood.dream.SgdSettings;
import org.reverie.tensor.HostTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Stage 1. */
@Command(
        name = "embed",
        description = {
            "Teach an encoder to point from an image to the token embedding of its class, and write the embeddings of"
                    + " the training images. The folder then holds encoder.safetensors, anchors.npy [classes, d] and"
                    + " features.npy [classes, n, d]. Ctrl-C stops after an epoch; the same command goes on.",
            "",
            DataOptions.SETS,
            ""
        },
        footer = {
            "",
            "Examples:",
            "  reverie dream embed --set mnist --out embed",
            "  reverie dream embed --id cifar100 --network resnet34 --anchors token_embed_c100.npy --epochs 200"
                    + " --batch 256 --shift 4 --mirror --out embed"
        })
final class DreamEmbedCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DreamImageOptions images;

    @Mixin
    private DreamTrainingOptions how;

    @Option(
            names = "--anchors",
            paramLabel = "FILE.npy",
            description =
                    "Token embeddings [classes, d] in the order of the labels. Default: random ones of length 0.4.")
    private Path anchors;

    @Option(
            names = "--width",
            paramLabel = "D",
            defaultValue = "64",
            description = "Width of random token embeddings. Default: ${DEFAULT-VALUE}.")
    private int width;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
    private int epochs;

    @Option(
            names = "--lr",
            paramLabel = "X",
            defaultValue = "0.1",
            description = "Learning rate of SGD at the beginning. Default: ${DEFAULT-VALUE}.")
    private double rate;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder of all files.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        SgdSettings settings;
        try {
            settings = how.settings(epochs, rate);
            if (width < 1) {
                throw new IllegalArgumentException("--width must be positive, not " + width);
            }
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        PixelSet train = images.images(Split.TRAIN);
        HostTensor tokens = anchors == null ? ClassTokens.draw(run.seed(), train.classes(), width) : Npy.read(anchors);
        PrintWriter words = spec.commandLine().getOut();
        try (Backend device = run.open();
                TerminalProgress bar = run.stoppableProgress()) {
            LineProgress progress = run.lines(bar);
            Path weights = out.resolve("encoder.safetensors");
            Path state = out.resolve("state.safetensors");
            try (EmbeddingTraining training = new EmbeddingTraining(
                    device, train, tokens, how.network().config(train.channels()), settings, run.seed())) {
                Files.createDirectories(out);
                if (!training.run(state, progress)) {
                    throw new Stopped();
                }
                Safetensors.write(weights, training.weights());
            }
            Files.deleteIfExists(state);
            Npy.write(out.resolve("anchors.npy"), tokens);
            try (Encoder encoder = Encoder.load(device, weights)) {
                FeatureMatrix rows = encoder.apply(train);
                HostTensor bank = Encoder.bank(train, rows);
                Npy.write(out.resolve("features.npy"), bank);
                bar.close();
                words.printf(
                        Locale.ROOT,
                        "%s: features %s; %.1f %% of the training images point to their own token%n",
                        out,
                        bank.shape(),
                        Encoder.accuracy(train, rows, tokens));
            }
        }
        return Main.OK;
    }
}
