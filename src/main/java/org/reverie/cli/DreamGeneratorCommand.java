package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.data.DreamSets;
import org.reverie.data.DreamSplits;
import org.reverie.device.Backend;
import org.reverie.io.Npy;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.ProceduralEncoder;
import org.reverie.models.latent.ClassTokens;
import org.reverie.models.latent.LatentConfig;
import org.reverie.models.latent.LatentDiffusion;
import org.reverie.models.latent.LatentTraining;
import org.reverie.models.latent.TrainingPlan.Decay;
import org.reverie.ood.dream.FrechetFeatures;
import org.reverie.ood.dream.GeneratorCheck;
import org.reverie.tensor.HostTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes the small latent diffusion model of the reduced setting from nothing. */
@Command(
        name = "generator",
        description = {
            "Train a small latent diffusion model on the ID images of an experiment: an autoencoder, then a U-Net with"
                    + " a transformer over the prompt. Nothing is downloaded.",
            "Losses, reconstructions and drawings of every class are written to the folder as it goes. Ctrl-C stops at"
                    + " the next step; the same command goes on and ends with the same bits.",
            "",
            "Experiments: mnist (digits 0-5), fashion (seven kinds of clothes), cifar10 (seven classes)."
        },
        footer = {
            "",
            "Examples:",
            "  reverie dream generator --set mnist --out generator",
            "  reverie dream generator --set mnist --anchors anchors.npy --features features.npy --out generator"
                    + " --check",
            "  reverie dream generator --set mnist --out generator --check --arch mobilenet_v1_0.25_224 --weights"
                    + " mobilenet.safetensors",
            "  reverie dream generator --set cifar10 --preset gpu --device cuda:0 --out generator"
        })
final class DreamGeneratorCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private DataOptions data;

    @Option(
            names = "--set",
            paramLabel = "mnist|fashion|cifar10",
            defaultValue = "mnist",
            description = "The experiment. Default: ${DEFAULT-VALUE}.")
    private String set;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description =
                    "The model and its training: mnist, fashion, cifar10, gpu (32x32 colour) or quick (grey, too brief"
                            + " to draw anything). Default: as --set.")
    private String preset;

    @Option(
            names = "--anchors",
            paramLabel = "FILE.npy",
            description = "Token embeddings of the classes, [classes, width]. Default: drawn from --seed.")
    private Path anchors;

    @Option(
            names = "--features",
            paramLabel = "FILE.npy",
            description = "Embeddings of the training images in the space of the anchors, [classes, n, width], as dream"
                    + " embed writes them; without them only class tokens can be drawn well.")
    private Path features;

    @Option(names = "--autoencoder-steps", paramLabel = "N", description = "Default: the preset's.")
    private Integer autoencoderSteps;

    @Option(names = "--diffusion-steps", paramLabel = "N", description = "Default: the preset's.")
    private Integer diffusionSteps;

    @Option(
            names = "--decay",
            paramLabel = "cosine|linear",
            description = "How the learning rates fall after the warm-up. Default: the preset's, cosine.")
    private Decay decay;

    @Option(
            names = "--check",
            description = "Then ask a probe how easily drawings are told from real images, and compare features.")
    private boolean check;

    @Option(
            names = "--arch",
            paramLabel = "NAME",
            defaultValue = ProceduralEncoder.NAME,
            description = "The encoder whose features --check compares, as in reverie predict. Default:"
                    + " ${DEFAULT-VALUE}, which the program carries.")
    private String arch;

    @Option(names = "--weights", paramLabel = "FILE", description = "The weights of --arch.")
    private Path weights;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The generator's folder.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        String named = set.toLowerCase(Locale.ROOT);
        require(DreamSets.names().contains(named), "--set must be one of " + String.join(", ", DreamSets.names()));
        String chosen = preset == null ? named : preset.toLowerCase(Locale.ROOT);
        require(
                LatentConfig.names().contains(chosen),
                "--preset must be one of " + String.join(", ", LatentConfig.names()));
        require(
                check || weights == null && arch.equals(ProceduralEncoder.NAME),
                "--arch and --weights are for --check, which compares features");
        FrechetFeatures encoder = check ? new FrechetFeatures(arch, EncoderOptions.weights(spec, arch, weights)) : null;
        require(
                features == null || anchors != null,
                "--features lie in the space of certain class tokens: name those with --anchors");
        LatentConfig config = training(LatentConfig.of(chosen));
        DreamSplits splits = config.side() == 32
                ? DreamSets.openLarge(named, data.folder())
                : DreamSets.open(named, data.folder(), false);
        int classes = splits.train().classes();
        HostTensor tokens = anchors == null ? ClassTokens.draw(run.seed(), classes, config.width()) : Npy.read(anchors);
        HostTensor embeddings = features == null ? null : Npy.read(features);
        PrintWriter lines = spec.commandLine().getOut();
        long began = System.nanoTime();
        try (Backend device = run.open();
                TerminalProgress progress = run.stoppableProgress()) {
            LatentTraining training =
                    new LatentTraining(device, splits.train(), tokens, embeddings, config, run.seed());
            if (!training.run(out, progress)) {
                throw new Stopped();
            }
            progress.close();
            try (LatentDiffusion generator = LatentDiffusion.load(device, out)) {
                lines.printf(
                        Locale.ROOT,
                        "%s: %,d parameters, %,d images of %d classes, loss %.4f (autoencoder) and %.4f (noise), %.0f"
                                + " s%n",
                        out,
                        generator.parameterCount(),
                        splits.train().size(),
                        classes,
                        generator.autoencoderLoss(),
                        generator.diffusionLoss(),
                        (System.nanoTime() - began) * 1e-9);
                if (check) {
                    lines.println(GeneratorCheck.run(
                            device,
                            generator,
                            generator.anchors(),
                            splits,
                            Drawing.SMALL,
                            encoder,
                            run.seed(),
                            progress));
                }
            }
        }
        return Main.OK;
    }

    private LatentConfig training(LatentConfig c) {
        int first = autoencoderSteps == null ? c.autoencoding().steps() : autoencoderSteps;
        int second = diffusionSteps == null ? c.diffusing().steps() : diffusionSteps;
        require(first > 0 && second > 0, "the numbers of steps must be positive, not " + first + " and " + second);
        LatentConfig sized = c.withSteps(first, second);
        return decay == null ? sized : sized.withDecay(decay);
    }

    private void require(boolean right, String message) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
