package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.reverie.device.Backend;
import org.reverie.io.Safetensors;
import org.reverie.models.ProceduralPretraining;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Makes an encoder from nothing. */
@Command(
        name = "pretrain",
        description = {
            "Train the procedural encoder: a small network learns to tell which of twelve generators drew an image. No"
                    + " data and no labels are needed.",
            "With --seed 0 and the default steps this makes the weights that the program carries, bit for bit.",
            "Ctrl-C stops it at the next step; the same command goes on from FILE.state."
        },
        footer = {
            "",
            "Examples:",
            "  reverie pretrain --out encoder.safetensors",
            "  reverie pretrain --seed 7 --steps 2000 --out better.safetensors"
        })
final class PretrainCommand implements Callable<Integer> {
    private static final int TESTED = 960;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
            description = "Where to write the weights, as safetensors.")
    private Path out;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "" + ProceduralPretraining.STEPS,
            description = "Steps of " + ProceduralPretraining.BATCH + " images. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Override
    public Integer call() throws IOException {
        PrintWriter lines = spec.commandLine().getOut();
        Path state = out.resolveSibling(out.getFileName() + ".state");
        try (Backend device = run.open();
                ProceduralPretraining pretraining = new ProceduralPretraining(device, run.seed(), steps);
                TerminalProgress progress = run.stoppableProgress()) {
            pretraining.resume(state);
            if (!pretraining.run(state, progress)) {
                throw new Stopped();
            }
            progress.close();
            Safetensors.write(out, pretraining.weights());
            Files.deleteIfExists(state);
            lines.printf(
                    Locale.ROOT,
                    "names the generator of %.1f %% of %,d new images%n",
                    100 * pretraining.accuracy(TESTED),
                    TESTED);
            lines.println(out);
        }
        return Main.OK;
    }
}
