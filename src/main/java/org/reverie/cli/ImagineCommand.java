package org.reverie.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.data.ImageSets;
import org.reverie.data.PngGrid;
import org.reverie.data.Resize;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.diffusion.Scheduler;
import org.reverie.models.clip.ClipTokenizer;
import org.reverie.models.stablediffusion.StableDiffusion;
import org.reverie.models.stablediffusion.TextToImage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Draws what a text says. */
@Command(
        name = "imagine",
        description = {
            "Draw what a text says with Stable Diffusion 1 and write it as PNG, with all settings in the file.",
            "The picture depends on the settings and --seed only."
        },
        footer = {
            "",
            "Examples:",
            "  reverie imagine --weights sd-v1-4.ckpt --prompt \"a lighthouse in a storm, oil painting\"",
            "  reverie imagine --weights stable-diffusion-v1-4 --prompt \"a red fox\" --sampler dpm --steps 20",
            "  reverie imagine --weights sd-v1-4.ckpt --prompt \"a castle\" --init-image sketch.png --strength 0.7"
        })
final class ImagineCommand implements Callable<Integer> {
    /** Sampling methods. */
    enum Method {
        PLMS,
        DDIM,
        DDPM,
        DPM;

        Scheduler scheduler() {
            return Scheduler.named(name().toLowerCase(Locale.ROOT));
        }
    }

    private static final Pattern SIZE = Pattern.compile("(\\d{1,5})(?:x(\\d{1,5}))?");
    private static final List<String> VOCABULARIES =
            List.of("bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "merges.txt");

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private PrecisionOptions precision;

    @Option(names = "--prompt", paramLabel = "TEXT", required = true, description = "What to draw.")
    private String prompt;

    @Option(
            names = "--negative",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "What to stay away from. Default: nothing.")
    private String negative;

    @Option(
            names = "--weights",
            paramLabel = "FILE|DIR",
            required = true,
            description = "sd-v1-4.ckpt, the same as safetensors, or a diffusers folder.")
    private Path weights;

    @Option(
            names = "--vocabulary",
            paramLabel = "FILE",
            description =
                    "CLIP's bpe_simple_vocab_16e6.txt.gz or merges.txt. Default: beside the weights, or tokenizer/"
                            + " in their folder.")
    private Path vocabulary;

    @Option(
            names = "--sampler",
            paramLabel = "plms|ddim|ddpm|dpm",
            defaultValue = "plms",
            description = "How to get from noise to the picture; dpm is DPM-Solver++(2M). Default: ${DEFAULT-VALUE}.")
    private Method sampler;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "50",
            description = "Steps, 1 to 1000. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--scale",
            paramLabel = "X",
            defaultValue = "7.5",
            description = "Guidance: how much the text counts; 1 is without. Default: ${DEFAULT-VALUE}.")
    private double scale;

    @Option(
            names = "--size",
            paramLabel = "N|WxH",
            defaultValue = "512",
            description = "Width and height in pixels, multiples of 64. Default: ${DEFAULT-VALUE}.")
    private String size;

    @Option(
            names = "--init-image",
            paramLabel = "FILE",
            description = "A picture to begin with; it is brought to --size.")
    private Path initImage;

    @Option(
            names = "--strength",
            paramLabel = "X",
            defaultValue = "0.75",
            description = "How much of that picture may change, above 0 and up to 1. Default: ${DEFAULT-VALUE}.")
    private double strength;

    @Option(
            names = "--out",
            paramLabel = "FILE.png",
            defaultValue = "imagined.png",
            description = "Where to write it. Default: ${DEFAULT-VALUE}.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        check(steps >= 1 && steps <= TextToImage.SCHEDULE.steps(), "--steps must be between 1 and 1000, not " + steps);
        check(Double.isFinite(scale), "--scale must be a number, not " + scale);
        check(strength > 0 && strength <= 1, "--strength must be above 0 and at most 1, not " + strength);
        Matcher extents = SIZE.matcher(size);
        check(extents.matches(), "--size must be a number or two, such as 512 or 768x512, not " + size);
        int width = Integer.parseInt(extents.group(1));
        int height = extents.group(2) == null ? width : Integer.parseInt(extents.group(2));
        check(
                width > 0 && height > 0 && width % 64 == 0 && height % 64 == 0,
                "--size must be made of multiples of 64, not " + size);
        Image start = initImage == null ? null : resized(initImage, height, width);
        ClipTokenizer tokenizer = ClipTokenizer.open(vocabulary(spec, vocabulary, weights));
        try (Backend device = run.open();
                StableDiffusion model = StableDiffusion.load(device, weights, precision.dtype());
                TerminalProgress progress = run.stoppableProgress()) {
            TextToImage.Wish wish = new TextToImage.Wish(
                    prompt, negative, height, width, sampler.scheduler(), steps, scale, start, strength);
            Image image = new TextToImage(device, model, tokenizer).draw(wish, run.seed(), 0, progress);
            progress.close();
            PngGrid.writeImage(out, image, settings(model, width, height));
            spec.commandLine().getOut().println(out);
        }
        return Main.OK;
    }

    private void check(boolean right, String message) {
        if (!right) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }

    /**
     * CLIP's vocabulary: the file that is named, else one beside the weights or in the tokenizer's folder among them.
     *
     * @param named null looks for it
     */
    static Path vocabulary(CommandSpec command, Path named, Path weights) throws NoSuchFileException {
        if (!Files.exists(weights)) {
            throw new NoSuchFileException(weights.toString());
        }
        if (named != null) {
            return named;
        }
        Path folder = Files.isDirectory(weights)
                ? weights.resolve("tokenizer")
                : weights.toAbsolutePath().getParent();
        for (String name : VOCABULARIES) {
            if (Files.exists(folder.resolve(name))) {
                return folder.resolve(name);
            }
        }
        throw new ParameterException(
                command.commandLine(),
                "CLIP's vocabulary is neither in " + folder
                        + " nor given: name bpe_simple_vocab_16e6.txt.gz or merges.txt with --vocabulary");
    }

    private Map<String, String> settings(StableDiffusion model, int width, int height) {
        Map<String, String> text = new LinkedHashMap<>();
        text.put("Software", "reverie");
        text.put("Prompt", prompt);
        if (!negative.isEmpty()) {
            text.put("Negative prompt", negative);
        }
        text.put(
                "Model",
                String.join(
                        ", ",
                        model.files().stream()
                                .map(f -> f.getFileName().toString())
                                .toList()));
        text.put("Sampler", sampler.name().toLowerCase(Locale.ROOT));
        text.put("Steps", Integer.toString(steps));
        text.put("Guidance", Double.toString(scale));
        text.put("Size", width + "x" + height);
        if (initImage != null) {
            text.put("Initial image", initImage.getFileName() + ", strength " + strength);
        }
        text.put("Seed", Long.toString(run.seed()));
        text.put("Arithmetic", run.exact() ? "exact" : "fast");
        text.put("Precision", precision.dtype().label());
        return text;
    }

    private static Image resized(Path file, int height, int width) throws IOException {
        try (ImageSet set = ImageSets.open(file, Split.TEST)) {
            return Resize.resize(set.image(0), height, width, Resize.Filter.BICUBIC);
        }
    }
}
