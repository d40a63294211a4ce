package org.reverie.models.latent;

import org.reverie.models.stablediffusion.TextToImage;
import org.reverie.nn.Initializer;
import org.reverie.op.DiffusionOps;
import org.reverie.op.Losses;
import org.reverie.op.Random;
import org.reverie.random.Philox;
import org.reverie.random.Rounds;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Trains noise predictor and text transformer together on the latents of all images, with the process of Stable Diffusion 1.
 * The class's place in the prompt is taken by the class token in half of the cases and by the image's own embedding in
 * the other half, so that what lies between the tokens says something; a tenth gets the null prompt, for guidance.
 */
final class DiffusionTraining extends TrainingRun<PromptedUNet> {
    private static final double NULL_SHARE = 0.1;
    private static final double TOKEN_SHARE = 0.5;

    /**
     * What is learned.
     *
     * @param latents {@code [n, side, side, channels]}, of deviation 1
     * @param tokens class tokens {@code [classes, width]}
     * @param labels of the images
     * @param embeddings of the images {@code [n, width]}, of the tokens' length; null uses tokens alone
     */
    record Material(float[] latents, float[] tokens, int[] labels, float[] embeddings) {}

    private final Device device;
    private final Material material;
    private final LatentConfig config;
    private final long seed;
    private final Rounds rounds;
    private final Tensor signal;
    private final Tensor noise;

    DiffusionTraining(Device device, Material material, LatentConfig config, long seed, String identity) {
        super(
                "training the diffusion model",
                config.diffusing(),
                identity,
                new Initializer(device, seed),
                init -> new PromptedUNet(init, config));
        this.device = device;
        this.material = material;
        this.config = config;
        this.seed = seed;
        this.rounds = new Rounds(seed, "diffusion.order", material.labels.length);
        this.signal = scope.within(() -> TextToImage.SCHEDULE.sqrtAlphaBar(device));
        this.noise = scope.within(() -> TextToImage.SCHEDULE.sqrtOneMinusAlphaBar(device));
    }

    @Override
    Tensor loss(int step) {
        int n = config.diffusing().batch();
        int[] rows = rounds.rows((long) step * n, n);
        int[] times = new int[n];
        long timeStream = Philox.stream("diffusion.time", step);
        for (int i = 0; i < n; i++) {
            times[i] = Philox.below(seed, timeStream, i, TextToImage.SCHEDULE.steps());
        }
        Shape shape = Shape.of(
                n,
                config.latentSide(),
                config.latentSide(),
                config.autoencoder().latentChannels());
        int each = Math.toIntExact(shape.elements() / n);
        Tensor x0 = Tensor.from(device, HostTensor.of(shape, pick(material.latents, rows, each)));
        Tensor t = Tensor.from(device, HostTensor.of(Shape.of(n), times));
        Tensor e = Random.normal(device, shape, seed, Philox.stream("diffusion.noise", step));
        Tensor x = DiffusionOps.qSample(x0, e, t, signal, noise);
        return Losses.mse(model.noise(x, t, context(rows, step)), e);
    }

    private Tensor context(int[] rows, int step) {
        int n = rows.length;
        int width = config.width();
        long stream = Philox.stream("diffusion.prompt", step);
        boolean[] told = new boolean[n];
        float[] slots = new float[n * width];
        for (int i = 0; i < n; i++) {
            told[i] = Philox.uniform(seed, stream, 2L * i) >= NULL_SHARE;
            boolean token = material.embeddings == null || Philox.uniform(seed, stream, 2L * i + 1) < TOKEN_SHARE;
            float[] from = token ? material.tokens : material.embeddings;
            int row = token ? material.labels[rows[i]] : rows[i];
            System.arraycopy(from, row * width, slots, i * width, width);
        }
        return model.prompts(Tensor.from(device, HostTensor.of(Shape.of(n, width), slots)), told);
    }

    private static float[] pick(float[] values, int[] rows, int each) {
        float[] some = new float[rows.length * each];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(values, rows[i] * each, some, i * each, each);
        }
        return some;
    }
}
