package org.reverie.models.latent;

import java.util.List;
import org.reverie.models.latent.TrainingPlan.Decay;
import org.reverie.models.stablediffusion.UNetConfig;

/**
 * A small latent diffusion model and how it is trained.
 *
 * @param name of the preset
 * @param side of the images
 * @param autoencoder its size
 * @param unet the noise predictor's size; its context width is also the width of class embeddings
 * @param textLayers layers of the transformer over the prompt
 * @param textHeads their heads
 * @param autoencoding how the autoencoder is trained
 * @param diffusing how noise predictor and text transformer are trained, together
 * @param mirrored whether images are also trained on the other way round
 */
public record LatentConfig(
        String name,
        int side,
        AutoencoderSize autoencoder,
        UNetConfig unet,
        int textLayers,
        int textHeads,
        TrainingPlan autoencoding,
        TrainingPlan diffusing,
        boolean mirrored) {
    public LatentConfig {
        int divisor = autoencoder.factor() << unet.levels() - 1;
        if (side < divisor || side % divisor != 0) {
            throw new IllegalArgumentException(
                    "images of side " + side + " cannot be halved to the middle; it must be a multiple of " + divisor);
        }
        if (autoencoder.latentChannels() != unet.channels()) {
            throw new IllegalArgumentException("the autoencoder makes " + autoencoder.latentChannels()
                    + " latent channels, but the U-Net takes " + unet.channels());
        }
    }

    /** The presets' names. */
    public static List<String> names() {
        return List.of("mnist", "fashion", "cifar10", "gpu", "quick");
    }

    /**
     * A preset. {@code mnist} and {@code fashion}: 16×16 grey, latent 4×4×8, 1.9 million parameters, minutes on a CPU;
     * {@code quick}: the same, too briefly trained to draw anything; {@code cifar10}: 16×16 colour, latent 8×8×4;
     * {@code gpu}: 32×32 colour, latent 16×16×4, 256 images a step.
     */
    public static LatentConfig of(String name) {
        return switch (name) {
            case "mnist" -> grey(name, 1200, 2500);
            case "fashion" -> grey(name, 1000, 2500);
            case "quick" -> grey(name, 120, 200);
            case "cifar10" ->
                new LatentConfig(
                        name,
                        16,
                        new AutoencoderSize(3, 4, List.of(32, 64), 1, 8),
                        new UNetConfig(4, 64, List.of(1, 2), List.of(true, true), 1, 4, 64, 8, true),
                        2,
                        4,
                        new TrainingPlan(2000, 64, 2e-3, 50, Decay.COSINE, 1, 0.99),
                        new TrainingPlan(5000, 64, 1e-3, 100, Decay.COSINE, 1, 0.998),
                        true);
            case "gpu" ->
                new LatentConfig(
                        name,
                        32,
                        new AutoencoderSize(3, 4, List.of(64, 128), 2, 32),
                        new UNetConfig(4, 96, List.of(1, 2, 2), List.of(false, true, true), 2, 4, 128, 32, false),
                        2,
                        4,
                        new TrainingPlan(5000, 256, 1e-3, 100, Decay.COSINE, 1, 0.999),
                        new TrainingPlan(12_000, 256, 5e-4, 500, Decay.COSINE, 1, 0.999),
                        true);
            default ->
                throw new IllegalArgumentException(
                        "there is no generator preset \"" + name + "\"; there are " + String.join(", ", names()));
        };
    }

    private static LatentConfig grey(String name, int autoencoding, int diffusing) {
        return new LatentConfig(
                name,
                16,
                new AutoencoderSize(1, 8, List.of(24, 48, 48), 1, 8),
                new UNetConfig(8, 48, List.of(1, 2), List.of(true, true), 1, 4, 64, 8, true),
                2,
                4,
                new TrainingPlan(autoencoding, 64, 2e-3, autoencoding / 24, Decay.COSINE, 1, 0.99),
                new TrainingPlan(diffusing, 64, 1e-3, diffusing / 25, Decay.COSINE, 1, 0.995),
                false);
    }

    /** Width of a class embedding. */
    public int width() {
        return unet.contextWidth();
    }

    /** Side of a latent image. */
    public int latentSide() {
        return side / autoencoder.factor();
    }

    /** The same model, trained for other numbers of steps. */
    public LatentConfig withSteps(int autoencoderSteps, int diffusionSteps) {
        return with(autoencoding.withSteps(autoencoderSteps), diffusing.withSteps(diffusionSteps));
    }

    /** The same model, whose learning rates fall in another way. */
    public LatentConfig withDecay(Decay decay) {
        return with(autoencoding.withDecay(decay), diffusing.withDecay(decay));
    }

    private LatentConfig with(TrainingPlan first, TrainingPlan second) {
        return new LatentConfig(name, side, autoencoder, unet, textLayers, textHeads, first, second, mirrored);
    }
}
