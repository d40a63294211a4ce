package org.reverie.models.latent;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
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
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Repeated;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

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
        TimeGrid grid = TimeGrid.leading(TextToImage.SCHEDULE, how.steps()).last(strength);
        int each = codec.latentFloats();
        float[] images = new float[Math.multiplyExact(count, codec.imageFloats())];
        int[] done = {0};
        while (done[0] < count) {
            int n = Math.min(how.batch(), count - done[0]);
            org.reverie.diffusion.Progress heard = (step, steps) -> {
                progress.at("imagining", (long) done[0] * steps + (long) step * n, (long) count * steps, "");
                return !progress.cancelled();
            };
            int end = n == how.batch() ? count - count % n : count;
            try (Repeated loop = loop(n, latents != null, grid, how, seed, heard)) {
                for (; done[0] < end; done[0] += n) {
                    int from = done[0];
                    float[] some = Arrays.copyOfRange(embeddings, from * width, (from + n) * width);
                    List<HostTensor> batch = new ArrayList<>(
                            List.of(HostTensor.of(Shape.of(n, width), some), Sampler.Numbers.range(first + from, n)));
                    if (latents != null) {
                        float[] begin = Arrays.copyOfRange(latents, from * each, (from + n) * each);
                        batch.add(HostTensor.of(latentShape(n), begin));
                    }
                    boolean silent = loop.isOneLaunch();
                    float[] drawn = codec.images(
                            loop.apply(batch.toArray(HostTensor[]::new)).getFirst());
                    System.arraycopy(drawn, 0, images, from * codec.imageFloats(), drawn.length);
                    if (silent && !heard.step(grid.size(), grid.size())) {
                        throw new CancellationException("imagining was stopped after " + (from + n) + " images");
                    }
                }
            }
        }
        return images;
    }

    /**
     * From embeddings [n, width], numbers of images [n] and, if they begin with some, latents to latents: the whole way of a batch, which is
     * one launch on a device that can do that.
     */
    private Repeated loop(
            int n, boolean begun, TimeGrid grid, Drawing how, long seed, org.reverie.diffusion.Progress progress) {
        Scheduler scheduler = Scheduler.named(how.sampler());
        List<TensorSpec> inputs = new ArrayList<>(List.of(
                new TensorSpec(DType.F32, Shape.of(n, config.width())), new TensorSpec(DType.I64, Shape.of(n))));
        if (begun) {
            inputs.add(new TensorSpec(DType.F32, latentShape(n)));
        }
        return new Repeated(
                codec.device(),
                inputs,
                in -> List.of(Scope.local(() -> {
                    Denoiser denoiser = denoiser(in.getFirst(), how.guidance());
                    Sampler sampler = new Sampler(TextToImage.SCHEDULE, denoiser, Prediction.EPSILON, seed)
                            .withNumbers((device, count) -> in.get(1))
                            .withProgress(progress);
                    Tensor begin = begun
                            ? sampler.noised(Pointwise.scale(in.get(2), scale), grid.at(0))
                            : sampler.start(codec.device(), latentShape(n));
                    return Pointwise.scale(sampler.sample(begin, scheduler, grid), 1 / scale);
                })));
    }

    private Shape latentShape(int n) {
        int side = config.latentSide();
        return Shape.of(n, side, side, config.autoencoder().latentChannels());
    }

    /** The network that is told these embeddings, and guided away from what it predicts when it is told nothing. */
    private Denoiser denoiser(Tensor slots, double guidance) {
        boolean[] told = new boolean[slots.dim(0)];
        Tensor nothing = network.prompts(slots, told);
        Arrays.fill(told, true);
        return Guidance.of(network::noise, nothing, network.prompts(slots, told), guidance);
    }
}
