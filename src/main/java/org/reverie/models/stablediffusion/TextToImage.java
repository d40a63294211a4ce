package org.reverie.models.stablediffusion;

import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.reverie.data.Image;
import org.reverie.diffusion.Denoiser;
import org.reverie.diffusion.Guidance;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.diffusion.Scheduler;
import org.reverie.diffusion.TimeGrid;
import org.reverie.models.Progress;
import org.reverie.models.clip.ClipTokenizer;
import org.reverie.op.Autocast;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Draws what a text says with {@link StableDiffusion}. */
public final class TextToImage {
    /** The process that Stable Diffusion 1 was trained on: 1,000 steps, √β linear from √0.00085 to √0.012. */
    public static final NoiseSchedule SCHEDULE = NoiseSchedule.sqrtLinear(1000, 0.00085, 0.0120);

    private final Device device;
    private final StableDiffusion model;
    private final ClipTokenizer tokenizer;

    /**
     * What to draw and how.
     *
     * @param prompt the text
     * @param negative what to stay away from; usually empty
     * @param height in pixels, a multiple of {@link TextToImage#side}; the same holds for the width
     * @param scheduler the sampling method
     * @param steps of the sampling method, 1 to 1,000; fewer are taken from a picture to begin with
     * @param guidance how far to stay away from the negative text; 1 leaves it out
     * @param start the picture to begin with, of the same height and width, or null
     * @param strength share of the steps to take from that picture, above 0 and at most 1
     */
    public record Wish(
            String prompt,
            String negative,
            int height,
            int width,
            Scheduler scheduler,
            int steps,
            double guidance,
            Image start,
            double strength) {}

    /**
     * A token that means something else in a prompt than the text encoder's table says, wherever it occurs.
     *
     * @param id in the vocabulary
     * @param embedding of the text encoder's width
     */
    public record Token(int id, float[] embedding) {}

    /** @throws IllegalArgumentException if vocabulary and text encoder are not of one size */
    public TextToImage(Device device, StableDiffusion model, ClipTokenizer tokenizer) {
        int expected = model.text().config().vocabulary();
        if (tokenizer.size() != expected) {
            throw new IllegalArgumentException(
                    "the vocabulary has " + tokenizer.size() + " tokens, but the text encoder knows " + expected);
        }
        this.device = device;
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /** What the sides of a picture must be multiples of. */
    public int side() {
        return model.autoencoder().config().factor() << model.unet().config().levels() - 1;
    }

    /**
     * Draws one picture. It depends on the wish, the seed and its number alone.
     *
     * @param number of the picture among those of the seed, from 0
     * @throws CancellationException if {@code progress} cancels
     */
    public Image draw(Wish wish, long seed, long number, Progress progress) {
        return draw(wish, null, seed, number, progress);
    }

    /**
     * The same with another embedding for a token of the prompt; what to stay away from keeps the table's.
     *
     * @param other null changes nothing
     * @throws IllegalArgumentException if the token does not occur in the prompt
     */
    public Image draw(Wish wish, Token other, long seed, long number, Progress progress) {
        if (wish.height() < 1 || wish.width() < 1 || wish.height() % side() != 0 || wish.width() % side() != 0) {
            throw new IllegalArgumentException("height and width must be multiples of " + side() + ", not "
                    + wish.height() + " and " + wish.width());
        }
        Image start = wish.start();
        if (start != null && (start.height() != wish.height() || start.width() != wish.width())) {
            throw new IllegalArgumentException("the picture to begin with is " + start.height() + "x" + start.width()
                    + ", not " + wish.height() + "x" + wish.width());
        }
        TimeGrid all = TimeGrid.leading(SCHEDULE, wish.steps());
        TimeGrid grid = start == null ? all : all.last(wish.strength());
        try (Scope scope = Scope.open()) {
            Tensor nothing = states(wish.negative(), null);
            Denoiser network = Guidance.of(this::noise, nothing, states(wish.prompt(), other), wish.guidance());
            Sampler sampler = new Sampler(SCHEDULE, network, Prediction.EPSILON, seed)
                    .withFirstSample(number)
                    .withProgress((done, total) -> {
                        progress.at("drawing", done, total, "");
                        return !progress.cancelled();
                    });
            int factor = model.autoencoder().config().factor();
            int channels = model.autoencoder().config().latentChannels();
            Shape latent = Shape.of(1, wish.height() / factor, wish.width() / factor, channels);
            Tensor x = start == null
                    ? sampler.start(device, latent)
                    : sampler.noised(low(() -> model.autoencoder().encode(tensor(start))), grid.at(0));
            Tensor z = sampler.sample(x, wish.scheduler(), grid);
            Tensor drawn = low(() -> model.autoencoder().decode(z));
            return Image.ofSigned(wish.height(), wish.width(), 3, drawn.toFloats(), 0);
        }
    }

    private Tensor states(String text, Token other) {
        int[] ids = tokenizer.prompt(text);
        return low(() -> {
            Tensor index = Tensor.from(device, HostTensor.of(Shape.of(1, ClipTokenizer.LENGTH), ids));
            return other == null
                    ? model.text().apply(index)
                    : model.text()
                            .encode(replaced(Shaping.embedding(model.text().tokenTable(), index), text, ids, other));
        });
    }

    private Tensor replaced(Tensor embedded, String text, int[] ids, Token other) {
        int width = embedded.dim(2);
        if (other.embedding().length != width) {
            throw new IllegalArgumentException(
                    "the text encoder's tokens have " + width + " numbers, not " + other.embedding().length);
        }
        float[] rows = embedded.toFloats();
        boolean found = false;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] == other.id()) {
                System.arraycopy(other.embedding(), 0, rows, i * width, width);
                found = true;
            }
        }
        if (!found) {
            throw new IllegalArgumentException(
                    "the token " + tokenizer.decode(other.id()) + " does not occur in the prompt " + text);
        }
        Tensor whole = Tensor.of(device, embedded.shape(), rows);
        return whole.dtype() == embedded.dtype() ? whole : Pointwise.cast(whole, embedded.dtype());
    }

    private Tensor noise(Tensor x, Tensor t, Tensor context) {
        return low(() -> model.unet().apply(x, t, context));
    }

    /** Runs a network in the model's precision; samplers compute in f32. */
    private Tensor low(Supplier<Tensor> network) {
        return Scope.local(() -> Autocast.inside(model.precision(), network));
    }

    /** {@code [1, H, W, 3]} in [−1, 1]. */
    private Tensor tensor(Image image) {
        return Tensor.of(device, Shape.of(1, image.height(), image.width(), 3), image.signed(3));
    }
}
