package org.reverie.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.reverie.data.Image;
import org.reverie.diffusion.NoiseSchedule;
import org.reverie.diffusion.Prediction;
import org.reverie.diffusion.Sampler;
import org.reverie.nn.Initializer;
import org.reverie.op.Autocast;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.Repeated;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Draws pictures of clothes with {@link FashionUNet} and the process it was trained on. */
public final class FashionSamples implements AutoCloseable {
    private static final int SIDE = 28;
    private static final int BATCH = 16;

    /** 1,000 steps, β linear from 1e-4 to 0.02. */
    public static final NoiseSchedule SCHEDULE = NoiseSchedule.linear(1000, 1e-4, 0.02);

    private final Device device;
    private final Scope scope = Scope.detached();
    private final DType precision;
    private final FashionUNet network;

    /**
     * @param precision what weights and activations are stored in: F32, BF16 or F16
     * @throws IllegalArgumentException if the weights are not this network's
     */
    public FashionSamples(Device device, WeightsFile weights, DType precision) {
        this.device = device;
        this.precision = precision;
        this.network =
                scope.within(() -> new FashionUNet(Initializer.undefined(device).withWeights(precision)));
        network.load(weights.source(), weights.tensors(), name -> false);
    }

    /**
     * Draws grey pictures of 28×28. Picture n depends on the seed and n, not on how many are drawn.
     *
     * @param steps DDIM steps; 0 stands for ancestral sampling over all steps
     * @param eta share of fresh noise in DDIM steps. With 0 this network often ends in noise: nothing corrects the errors
     *     that it makes far from the images it knows; 1 gives clothes.
     * @throws CancellationException if {@code progress} cancels
     */
    public List<Image> draw(int count, int steps, double eta, long seed, Progress progress) {
        List<Image> images = new ArrayList<>();
        int total = steps == 0 ? SCHEDULE.steps() : steps;
        long all = (long) total * Math.ceilDiv(count, BATCH);
        long[] before = {0};
        Sampler sampler = new Sampler(SCHEDULE, this::noise, Prediction.EPSILON, seed).withProgress((done, of) -> {
            progress.at("sampling", before[0] + done, all, "");
            return !progress.cancelled();
        });
        while (images.size() < count) {
            int n = Math.min(BATCH, count - images.size());
            int end = n == BATCH ? count - count % BATCH : count;
            try (Repeated loop = loop(sampler, n, steps, eta)) {
                while (images.size() < end) {
                    boolean silent = loop.isOneLaunch();
                    Tensor x =
                            loop.apply(Sampler.Numbers.range(images.size(), n)).getFirst();
                    images.addAll(images(x.toFloats(), n));
                    if (silent && !sampler.progress().step(total, total)) {
                        throw new CancellationException("sampling was stopped after " + images.size() + " pictures");
                    }
                    before[0] += total;
                }
            }
        }
        return images;
    }

    /** From the numbers of n pictures to the pictures. */
    private Repeated loop(Sampler sampler, int n, int steps, double eta) {
        return new Repeated(device, List.of(new TensorSpec(DType.I64, Shape.of(n))), in -> {
            Sampler batch = sampler.withNumbers((d, k) -> in.getFirst());
            return List.of(Scope.local(() -> {
                Tensor x = batch.start(device, Shape.of(n, SIDE, SIDE, 1));
                return steps == 0 ? batch.ddpm(x) : batch.ddim(x, steps, eta);
            }));
        });
    }

    private Tensor noise(Tensor x, Tensor t) {
        return Autocast.inside(precision, () -> network.apply(x, t));
    }

    /**
     * Each picture's own range becomes 0 to 255, as its authors show them: the network knows shapes well, but the level
     * of a whole picture drifts far from [−1, 1] over the steps.
     */
    private static List<Image> images(float[] values, int n) {
        List<Image> list = new ArrayList<>();
        int pixels = SIDE * SIDE;
        for (int i = 0; i < n; i++) {
            float[] picture = Arrays.copyOfRange(values, i * pixels, (i + 1) * pixels);
            float low = Float.POSITIVE_INFINITY;
            float high = Float.NEGATIVE_INFINITY;
            for (float v : picture) {
                low = Math.min(low, v);
                high = Math.max(high, v);
            }
            float scale = high > low ? 255 / (high - low) : 0;
            byte[] rgb = new byte[3 * pixels];
            for (int p = 0; p < pixels; p++) {
                byte grey = (byte) Math.round((picture[p] - low) * scale);
                rgb[3 * p] = grey;
                rgb[3 * p + 1] = grey;
                rgb[3 * p + 2] = grey;
            }
            list.add(new Image(SIDE, SIDE, rgb));
        }
        return list;
    }

    @Override
    public void close() {
        scope.close();
    }
}
