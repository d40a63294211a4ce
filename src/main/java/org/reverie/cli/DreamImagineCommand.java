package org.reverie.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.reverie.device.Backend;
import org.reverie.io.Npy;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.clip.ClipTokenizer;
import org.reverie.models.latent.LatentDiffusion;
import org.reverie.models.stablediffusion.StableDiffusion;
import org.reverie.models.stablediffusion.TextToImage;
import org.reverie.ood.dream.ClassPrompt;
import org.reverie.ood.dream.Imagining;
import org.reverie.ood.dream.Painter;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Stage 3. */
@Command(
        name = "imagine",
        description = {
            "Draw a picture for each embedding: with the small generator that dream generator makes, or with Stable"
                + " Diffusion 1, where the embedding takes the place of the class word's first token. Pictures are PNG"
                + " files in a folder for each class; what is there already is not drawn again.",
        },
        footer = {
            "",
            "Examples:",
            "  reverie dream imagine --vectors outliers.npy --generator generator --out imagined",
            "  reverie dream imagine --vectors outliers.npy --weights sd-v1-4.ckpt --classes cifar100.txt --count 1000"
                    + " --out imagined"
        })
final class DreamImagineCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions run;

    @Mixin
    private PrecisionOptions precision;

    @Option(
            names = "--vectors",
            paramLabel = "FILE.npy",
            required = true,
            description = "Embeddings [classes, n, d], as dream sample writes them.")
    private Path vectors;

    @Option(names = "--generator", paramLabel = "DIR", description = "The small generator's folder.")
    private Path generator;

    @Option(
            names = "--weights",
            paramLabel = "FILE|DIR",
            description = "Instead: Stable Diffusion 1, sd-v1-4.ckpt, the same as safetensors, or a diffusers folder.")
    private Path weights;

    @Option(
            names = "--vocabulary",
            paramLabel = "FILE",
            description =
                    "CLIP's bpe_simple_vocab_16e6.txt.gz or merges.txt. Default: beside the weights, or tokenizer/"
                            + " in their folder.")
    private Path vocabulary;

    @Option(
            names = "--classes",
            paramLabel = "FILE.txt",
            description =
                    "For Stable Diffusion: a class word on each line, or a phrase, a tab, and the word in it that is"
                            + " replaced. Of a word of several tokens the first is replaced.")
    private Path classes;

    @Option(names = "--count", paramLabel = "N", description = "Pictures of each class. Default: one an embedding.")
    private Integer count;

    @Option(
            names = "--shared",
            paramLabel = "N",
            defaultValue = "1",
            description = "Pictures from one embedding; the official program draws 4. Default: ${DEFAULT-VALUE}.")
    private int shared;

    @Option(
            names = "--sampler",
            paramLabel = "plms|ddim|ddpm|dpm",
            defaultValue = "plms",
            description = "How to get from noise to the picture. Default: ${DEFAULT-VALUE}.")
    private ImagineCommand.Method sampler;

    @Option(names = "--steps", paramLabel = "N", description = "Steps. Default: 25, Stable Diffusion 50.")
    private Integer steps;

    @Option(names = "--scale", paramLabel = "X", description = "Guidance. Default: 2, Stable Diffusion 7.5.")
    private Double scale;

    @Option(
            names = "--drawn",
            paramLabel = "N",
            defaultValue = "512",
            description = "Side that Stable Diffusion draws, a multiple of 64. Default: ${DEFAULT-VALUE}.")
    private int drawn;

    @Option(
            names = "--size",
            paramLabel = "N",
            defaultValue = "256",
            description = "Side that its pictures are reduced to. Default: ${DEFAULT-VALUE}.")
    private int size;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder of the classes' folders.")
    private Path out;

    @Override
    public Integer call() throws IOException {
        if ((generator == null) == (weights == null)) {
            throw wrong("either --generator or --weights says what draws");
        }
        if ((weights == null) != (classes == null)) {
            throw wrong("--weights needs --classes, and nothing else does");
        }
        if (steps != null && (steps < 1 || steps > 1000) || shared < 1 || count != null && count < 1) {
            throw wrong("--steps is 1 to 1000, --shared and --count at least 1");
        }
        if (drawn < 64 || drawn % 64 != 0 || size < 1 || size > drawn) {
            throw wrong("--drawn is a multiple of 64, and --size 1 to that, not " + drawn + " and " + size);
        }
        if (scale != null && !Double.isFinite(scale)) {
            throw wrong("--scale must be a number, not " + scale);
        }
        if (generator != null && precision.dtype() != DType.F32) {
            throw wrong("--precision is for Stable Diffusion's weights; the small generator computes in f32");
        }
        HostTensor embeddings = Npy.read(vectors);
        if (embeddings.shape().rank() != 3) {
            throw new IllegalArgumentException(
                    vectors + ": embeddings [classes, n, d] are needed, not " + embeddings.shape());
        }
        try (Backend device = run.open();
                TerminalProgress bar = run.stoppableProgress()) {
            if (generator != null) {
                small(device, embeddings, bar);
            } else {
                large(device, embeddings, bar);
            }
        }
        return Main.OK;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private void small(Backend device, HostTensor embeddings, TerminalProgress bar) throws IOException {
        int stepsTaken = steps == null ? Drawing.SMALL.steps() : steps;
        double guidance = scale == null ? Drawing.SMALL.guidance() : scale;
        String method = sampler.name().toLowerCase(Locale.ROOT);
        try (LatentDiffusion model = LatentDiffusion.load(device, generator)) {
            Drawing how = new Drawing(method, stepsTaken, guidance, Drawing.SMALL.batch());
            draw(Painter.small(model, how, run.seed()), embeddings, settings(stepsTaken, guidance), bar);
        }
    }

    private void large(Backend device, HostTensor embeddings, TerminalProgress bar) throws IOException {
        List<ClassPrompt> prompts = ClassPrompt.read(classes);
        int needed = embeddings.shape().dim(0);
        if (prompts.size() != needed) {
            throw new IllegalArgumentException(
                    classes + ": has " + prompts.size() + " classes, but " + vectors + " has embeddings of " + needed);
        }
        ClipTokenizer tokenizer = ClipTokenizer.open(ImagineCommand.vocabulary(spec, vocabulary, weights));
        PrintWriter words = spec.commandLine().getOut();
        for (ClassPrompt prompt : prompts) {
            prompt.token(tokenizer);
            if (prompt.pieces(tokenizer) > 1) {
                words.println("\"" + prompt.word() + "\" is " + prompt.pieces(tokenizer)
                        + " tokens; the first is replaced, as in the paper's program");
            }
        }
        int stepsTaken = steps == null ? 50 : steps;
        double guidance = scale == null ? 7.5 : scale;
        try (StableDiffusion model = StableDiffusion.load(device, weights, precision.dtype())) {
            TextToImage drawing = new TextToImage(device, model, tokenizer);
            TextToImage.Wish wish =
                    new TextToImage.Wish("", "", drawn, drawn, sampler.scheduler(), stepsTaken, guidance, null, 1);
            Painter painter = Painter.stableDiffusion(
                    drawing, tokenizer, model.text().config().width(), prompts, wish, size, run.seed());
            draw(painter, embeddings, settings(stepsTaken, guidance), bar);
        }
    }

    private Map<String, String> settings(int stepsTaken, double guidance) {
        Map<String, String> text = new LinkedHashMap<>();
        text.put("Software", "reverie");
        text.put("Sampler", sampler.name().toLowerCase(Locale.ROOT));
        text.put("Steps", Integer.toString(stepsTaken));
        text.put("Guidance", Double.toString(guidance));
        text.put("Precision", precision.dtype().label());
        return text;
    }

    private void draw(Painter painter, HostTensor embeddings, Map<String, String> settings, TerminalProgress bar)
            throws IOException {
        PrintWriter words = spec.commandLine().getOut();
        LineProgress progress = run.lines(bar);
        int each = count == null ? embeddings.shape().dim(1) : count;
        new Imagining(painter, embeddings, each, shared, settings).run(out, run.seed(), progress);
        bar.close();
        words.println(
                out + ": " + each + " pictures of each of " + embeddings.shape().dim(0) + " classes");
    }
}
