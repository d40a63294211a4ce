package org.reverie.models.latent;

import java.util.Arrays;
import org.reverie.diffusion.Denoiser;
import org.reverie.diffusion.Guidance;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.diffusion.Scheduler;
import org.reverie.diffusion.TimeGrid;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.models.stablediffusion.TextToImage;
import org.reverie.op.Pointwise;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Draws images from embeddings, batch by batch.
 *
 * @param scale what latents were multiplied with for the network, so that their deviation is 1
 */
record Drawer(ImageCodec codec, PromptedUNet network, LatentConfig config, double scale) {
    /** See {@link org.reverie.models.Imagination#imagine}. */
    float[] imagine(float[] embeddings, Drawing how, long seed, long first, Progress progress) {
        return draw(embeddings, null, 1, how, seed, first, progress);
    }

    /** See {@link org.reverie.models.Imagination#rework}. */
    float[] rework(
            float[] images,
            float[] embeddings,
            double strength,
            Drawing how,
            long seed,
            long first,
            Progress progress) {
        return draw(embeddings, codec.latents(images), strength, how, seed, first, progress);
    }

    /** @param latents to begin with, of no particular deviation; null begins with noise alone */
    private float[] draw(
            float[] embeddings,
            float[] latents,
            double strength,
            Drawing how,
            long seed,
            long first,
            Progress progress) {
        int width = config.width();
        int count = embeddings.length / width;
        Scheduler scheduler = Scheduler.named(how.sampler());
        TimeGrid grid = TimeGrid.leading(TextToImage.SCHEDULE, how.steps()).last(strength);
        int each = codec.latentFloats();
        float[] images = new float[Math.multiplyExact(count, codec.imageFloats())];
        for (int from = 0; from < count; from += how.batch()) {
            int n = Math.min(how.batch(), count - from);
            float[] some = Arrays.copyOfRange(embeddings, from * width, (from + n) * width);
            try (Scope scope = Scope.open()) {
                long before = from;
                Sampler sampler = new Sampler(
                                TextToImage.SCHEDULE, denoiser(some, how.guidance()), Prediction.EPSILON, seed)
                        .withFirstSample(first + from)
                        .withProgress((done, total) -> {
                            progress.at("imagining", before * total + (long) done * n, (long) count * total, "");
                            return !progress.cancelled();
                        });
                int side = config.latentSide();
                Shape shape = Shape.of(n, side, side, config.autoencoder().latentChannels());
                Tensor begin = latents == null
                        ? sampler.start(codec.device(), shape)
                        : sampler.noised(
                                scaled(shape, Arrays.copyOfRange(latents, from * each, (from + n) * each)), grid.at(0));
                Tensor z = sampler.sample(begin, scheduler, grid);
                float[] drawn = codec.images(Pointwise.scale(z, 1 / scale));
                System.arraycopy(drawn, 0, images, from * codec.imageFloats(), drawn.length);
            }
        }
        return images;
    }

    private Tensor scaled(Shape shape, float[] latents) {
        return Pointwise.scale(Tensor.from(codec.device(), HostTensor.of(shape, latents)), scale);
    }

    /** The network that is told these embeddings, and guided away from what it predicts when it is told nothing. */
    private Denoiser denoiser(float[] embeddings, double guidance) {
        int n = embeddings.length / config.width();
        Tensor slots = Tensor.from(codec.device(), HostTensor.of(Shape.of(n, config.width()), embeddings));
        boolean[] told = new boolean[n];
        Tensor nothing = network.prompts(slots, told);
        Arrays.fill(told, true);
        return Guidance.of(network::noise, nothing, network.prompts(slots, told), guidance);
    }
}
