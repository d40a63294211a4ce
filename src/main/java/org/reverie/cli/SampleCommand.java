package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.reverie.data.Image;
import org.reverie.data.PngGrid;
import org.reverie.device.Backend;
import org.reverie.models.FashionSamples;
import org.reverie.models.WeightsFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Draws pictures with a diffusion model. */
@Command(
        name = "sample",
        description = {
            "Draw pictures of clothes with the Fashion-MNIST diffusion model and write them as one PNG.",
            "Picture n depends on --seed and n only. Each picture's own range becomes black to white."
        },
        footer = {
            "",
            "Examples:",
            "  reverie sample --weights ddpm_fashion.pt --out clothes.png",
            "  reverie sample --weights ddpm_fashion.pt --sampler ddpm --count 16 --seed 3 --out clothes.png"
        })
final class SampleCommand implements Callable<Integer> {
    /** Ways from noise to a picture. */
    enum Method {
        DDPM,
        DDIM
    }

    private static final int DDIM_STEPS = 50;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private PrecisionOptions precision;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            required = true,
            description = "The U-Net's weights, ddpm_fashion.pt or the same as safetensors.")
    private Path weights;

    @Option(
            names = "--sampler",
            paramLabel = "ddpm|ddim",
            defaultValue = "ddim",
            description = "All 1,000 steps, or a few. Default: ${DEFAULT-VALUE}.")
    private Method sampler;

    @Option(
            names = "--steps",
            paramLabel = "N",
            description = "Steps of ddim, up to 1,000; ddpm always takes all. Default: " + DDIM_STEPS + ".")
    private Integer steps;

    @Option(
            names = "--eta",
            paramLabel = "X",
            defaultValue = "1",
            description = "Share of fresh noise in the steps of ddim, 0 to 1; with 0 this network often fails. Default:"
                    + " ${DEFAULT-VALUE}.")
    private double eta;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "64",
            description = "How many pictures. Default: ${DEFAULT-VALUE}.")
    private int count;

    @Option(names = "--columns", paramLabel = "N", description = "Pictures in a row. Default: about a square.")
    private Integer columns;

    @Option(
            names = "--out",
            paramLabel = "FILE.png",
            defaultValue = "samples.png",
            description = "Where to write them. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        int all = FashionSamples.SCHEDULE.steps();
        if (sampler == Method.DDPM && steps != null && steps != all) {
            throw new ParameterException(spec.commandLine(), "ddpm takes all " + all + " steps; --steps is for ddim");
        }
        int taken = sampler == Method.DDPM ? 0 : steps == null ? DDIM_STEPS : steps;
        if (sampler == Method.DDIM && (taken < 1 || taken > all)) {
            throw new ParameterException(spec.commandLine(), "--steps must be between 1 and " + all + ", not " + taken);
        }
        if (!(eta >= 0 && eta <= 1)) {
            throw new ParameterException(spec.commandLine(), "--eta must be between 0 and 1, not " + eta);
        }
        if (count < 1) {
            throw new ParameterException(spec.commandLine(), "--count must be at least 1, not " + count);
        }
        WeightsFile file = WeightsFile.open(weights);
        try (Backend device = run.open();
                FashionSamples samples = new FashionSamples(device, file, precision.dtype());
                TerminalProgress progress = run.stoppableProgress()) {
            List<Image> images = samples.draw(count, taken, eta, run.seed(), progress);
            progress.close();
            Map<String, String> text = new LinkedHashMap<>();
            text.put("Software", "reverie");
            text.put("Model", "ddpm_fashion " + file.sha256());
            text.put(
                    "Sampler",
                    sampler.name().toLowerCase(Locale.ROOT) + " " + (taken == 0 ? all : taken) + " steps"
                            + (taken == 0 ? "" : ", eta " + eta));
            text.put("Seed", Long.toString(run.seed()));
            text.put("Precision", precision.dtype().label());
            PngGrid.write(out, images, columns == null ? (int) Math.ceil(Math.sqrt(count)) : columns, text);
            spec.commandLine().getOut().println(out);
        }
        return Main.OK;
    }
}
