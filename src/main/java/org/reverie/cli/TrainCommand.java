package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.reverie.data.ImageSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.models.WeightsFile;
import org.reverie.ood.dlsr.DlsrDefaults;
import org.reverie.ood.dlsr.DlsrTraining;
import org.reverie.ood.dlsr.LayerPooling;
import org.reverie.ood.dlsr.LfdnConfig;
import org.reverie.ood.dlsr.TrainConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a detector. */
@Command(
        name = "train",
        description = {
            "Train a DLSR detector on the images of one data set; no labels and no foreign images are needed.",
            "The folder of --out then holds all that eval and score need, the encoder included. Ctrl-C stops at a safe"
                    + " point; the same command goes on and ends with the same bits.",
            "",
            DataOptions.SETS,
            ""
        },
        footer = {
            "",
            "Examples:",
            "  reverie train --id cifar10 --out detector",
            "  reverie train --id cifar10 --encoder mobilenet_v2_1.0 --weights mobilenet_v2.safetensors --out detector",
            "  reverie train --id photos/ --limit 2000 --epochs 40 --width 512 --out detector"
        })
final class TrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private PrecisionOptions precision;

    @Mixin
    private DataOptions data;

    @Option(names = "--id", paramLabel = "SET", required = true, description = "The in-distribution data set.")
    private String id;

    @Option(names = "--limit", paramLabel = "N", description = "Only the first N images. Default: all.")
    private Integer limit;

    @Option(
            names = "--encoder",
            paramLabel = "NAME",
            defaultValue = "procedural",
            description = "The network whose activations are looked at, see predict. Default: ${DEFAULT-VALUE}.")
    private String encoder;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "The encoder's weights. Default for procedural: those that the program carries.")
    private Path weights;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The detector's folder.")
    private Path out;

    @Option(
            names = "--taps",
            paramLabel = "A,B",
            split = ",",
            description = "The activations to look at, shallow to deep. Default: the encoder's own choice.")
    private List<String> taps;

    @Option(
            names = "--pooling",
            paramLabel = "average|aligned",
            defaultValue = "average",
            description =
                    "How a map becomes a vector: its mean, or the published code's resize to 14x14 first. Default:"
                            + " ${DEFAULT-VALUE}.")
    private LayerPooling pooling;

    @Option(names = "--width", paramLabel = "N", description = "Width of the denoiser. Default: 256 procedural, 512.")
    private Integer width;

    @Option(names = "--blocks", paramLabel = "N", description = "Its residual blocks. Default: 4 procedural, 6.")
    private Integer blocks;

    @Option(names = "--time-width", paramLabel = "N", description = "Of its time embedding. Default: 64, 128.")
    private Integer timeWidth;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "Passes over the images. Default: 25 procedural, 20 others.")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "Images a step. Default: 128.")
    private Integer batch;

    @Option(names = "--lr", paramLabel = "X", description = "Learning rate of AdamW. Default: 5e-4.")
    private Double learningRate;

    @Option(names = "--weight-decay", paramLabel = "X", description = "Default: 1e-4.")
    private Double weightDecay;

    @Option(names = "--ema", paramLabel = "X", description = "Decay of the weights' running average. Default: 0.9999.")
    private Double ema;

    @Override
    public Integer call() throws IOException {
        WeightsFile file = EncoderOptions.weights(spec, encoder, weights);
        DlsrTraining.Request request = new DlsrTraining.Request(
                encoder, file.tensors(), file.sha256(), taps, pooling, network(), training(), precision.dtype());
        try (ImageSet images = data.open(id, Split.TRAIN, limit);
                Backend device = run.open();
                TerminalProgress progress = run.stoppableProgress()) {
            Detectors.train(
                    device, images, request, out, progress, spec.commandLine().getOut());
        }
        return Main.OK;
    }

    private LfdnConfig network() {
        LfdnConfig usual = DlsrDefaults.network(encoder);
        return new LfdnConfig(
                usual.features(),
                width == null ? usual.width() : width,
                timeWidth == null ? usual.timeWidth() : timeWidth,
                blocks == null ? usual.blocks() : blocks);
    }

    private TrainConfig training() {
        TrainConfig usual = DlsrDefaults.training(encoder, run.seed());
        return new TrainConfig(
                epochs == null ? usual.epochs() : epochs,
                batch == null ? usual.batch() : batch,
                learningRate == null ? usual.learningRate() : learningRate,
                weightDecay == null ? usual.weightDecay() : weightDecay,
                ema == null ? usual.emaDecay() : ema,
                run.seed());
    }
}
