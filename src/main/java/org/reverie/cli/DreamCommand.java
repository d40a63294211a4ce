package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.reverie.device.Backend;
import org.reverie.io.Npy;
import org.reverie.ood.dream.DreamPreset;
import org.reverie.ood.dream.EmbeddingBank;
import org.reverie.ood.dream.EmbeddingSampling;
import org.reverie.tensor.HostTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The stages of Dream-OOD. */
@Command(
        name = "dream",
        description = "Imagine outliers with a latent diffusion model (Dream-OOD), stage by stage.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DreamEmbedCommand.class,
            DreamCommand.Sample.class,
            DreamGeneratorCommand.class,
            DreamImagineCommand.class,
            DreamTrainCommand.class,
            DreamEvalCommand.class,
            DreamRunCommand.class
        })
final class DreamCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** Stage 2. */
    @Command(
            name = "sample",
            description = {
                "Draw embeddings at the edge of each class, or inside it: from npy files with the features of each"
                        + " class [classes, n, d] and the token embeddings [classes, d] to one with the embeddings"
                        + " [classes, count, d]."
            },
            footer = {
                "",
                "Examples:",
                "  reverie dream sample --features features.npy --anchors tokens.npy --out outliers.npy",
                "  reverie dream sample --features features.npy --anchors tokens.npy --preset inliers --rounds 10"
            })
    static final class Sample implements Callable<Integer> {
        /** Settings to begin with. */
        enum Preset {
            CIFAR100(EmbeddingSampling.CIFAR_100),
            IMAGENET100(EmbeddingSampling.IMAGENET_100),
            INLIERS(EmbeddingSampling.INLIERS),
            /** The reduced setting's, for classes of hundreds of images. */
            SMALL(DreamPreset.of("mnist").outliers()),
            SMALL_INLIERS(DreamPreset.of("mnist").inliers());

            private final EmbeddingSampling settings;

            Preset(EmbeddingSampling settings) {
                this.settings = settings;
            }
        }

        @Spec
        private CommandSpec spec;

        @Mixin
        private RunOptions run;

        @Option(
                names = "--features",
                paramLabel = "FILE.npy",
                required = true,
                description = "Features of each class, [classes, n, d].")
        private Path features;

        @Option(
                names = "--anchors",
                paramLabel = "FILE.npy",
                required = true,
                description = "Token embeddings of the classes, [classes, d]; their lengths are taken over.")
        private Path anchors;

        @Option(
                names = "--preset",
                paramLabel = "cifar100|imagenet100|inliers|small|small_inliers",
                defaultValue = "cifar100",
                description =
                        "The paper's settings, or those of the small experiments, which the following options change."
                                + " Default: ${DEFAULT-VALUE}.")
        private Preset preset;

        @Option(
                names = "--sigma",
                paramLabel = "X,X",
                split = ",",
                description = "Deviation of the noise on unit vectors; the embeddings of several are pooled.")
        private List<Double> sigmas;

        @Option(names = "--k", paramLabel = "N", description = "Which neighbour's distance counts.")
        private Integer k;

        @Option(names = "--select", paramLabel = "N", description = "Features that may be drawn around.")
        private Integer select;

        @Option(names = "--pics", paramLabel = "N", description = "Of those, how many a round draws around.")
        private Integer pics;

        @Option(names = "--candidates", paramLabel = "N", description = "Candidates around each of them.")
        private Integer candidates;

        @Option(names = "--keep", paramLabel = "N", description = "Candidates that are kept of each.")
        private Integer keep;

        @Option(names = "--rounds", paramLabel = "N", description = "Rounds with fresh noise.")
        private Integer rounds;

        @Option(
                names = "--legacy-selection",
                description = "Choose as the official program does, whose mistakes make the choice almost random.")
        private boolean legacySelection;

        @Option(
                names = "--out",
                paramLabel = "FILE.npy",
                defaultValue = "embeddings.npy",
                description = "Where to write them. Default: ${DEFAULT-VALUE}.")
        private Path out;

        @Override
        public Integer call() throws IOException {
            List<EmbeddingSampling> all = settings();
            EmbeddingBank bank = new EmbeddingBank(Npy.read(features), Npy.read(anchors));
            try (Backend device = run.open();
                    TerminalProgress progress = run.stoppableProgress()) {
                List<HostTensor> pools = new ArrayList<>();
                for (EmbeddingSampling how : all) {
                    pools.add(bank.draw(device, how, run.seed(), progress));
                }
                HostTensor drawn = EmbeddingBank.pool(pools);
                progress.close();
                Npy.write(out, drawn);
                spec.commandLine().getOut().println(out + ": " + drawn.shape());
            }
            return Main.OK;
        }

        /** One for each deviation. */
        private List<EmbeddingSampling> settings() {
            EmbeddingSampling usual = preset.settings;
            try {
                EmbeddingSampling own = new EmbeddingSampling(
                        usual.side(),
                        usual.sigma(),
                        or(k, usual.k()),
                        or(select, usual.boundary()),
                        or(pics, usual.anchors()),
                        or(candidates, usual.candidates()),
                        or(keep, usual.kept()),
                        or(rounds, usual.rounds()),
                        legacySelection);
                return sigmas == null
                        ? List.of(own)
                        : sigmas.stream().map(own::withSigma).toList();
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            }
        }

        private static int or(Integer given, int usual) {
            return given == null ? usual : given;
        }
    }
}
