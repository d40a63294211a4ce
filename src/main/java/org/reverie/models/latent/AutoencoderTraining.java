package org.reverie.models.latent;

import java.io.IOException;
import java.nio.file.Path;
import org.reverie.data.PixelSet;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Trains the autoencoder: mean squared error of the image, plus a small multiple of the latents' mean square, with noise on the
 * latents. Up to a constant that is a variational autoencoder whose posterior has a fixed deviation.
 */
final class AutoencoderTraining implements AutoCloseable {
    private static final double LATENT_NOISE = 0.05;
    private static final double LATENT_PENALTY = 1e-4;
    private static final int PREVIEWS = 4;

    private final Device device;
    private final PixelSet images;
    private final LatentConfig config;
    private final long seed;
    private final Rounds rounds;
    private final Scope scope = Scope.detached();
    private final SmallAutoencoder network;
    private final SmallAutoencoder averaged;
    private final TrainingRun run;

    AutoencoderTraining(Device device, PixelSet images, LatentConfig config, long seed, String identity) {
        this.device = device;
        this.images = images;
        this.config = config;
        this.seed = seed;
        this.rounds = new Rounds(seed, "autoencoder.order", images.size());
        this.network = scope.within(
                () -> new SmallAutoencoder(new Initializer(device, seed).in("autoencoder"), config.autoencoder()));
        this.averaged = scope.within(() -> new SmallAutoencoder(Initializer.undefined(device), config.autoencoder()));
        this.run = new TrainingRun(network, config.autoencoding(), identity);
    }

    boolean run(Path state, TrainingRun.Preview preview, Progress progress) throws IOException {
        run.resume(state);
        return run.run("training the autoencoder", this::loss, state, PREVIEWS, preview, progress);
    }

    private Tensor loss(int step) {
        int[] rows = rounds.batch(step, config.autoencoding().batch());
        Tensor x = Tensor.from(
                device,
                HostTensor.of(
                        Shape.of(rows.length, images.side(), images.side(), images.channels()), images.batch(rows)));
        Tensor z = network.encode(x);
        Tensor noise = Random.normal(device, z.shape(), seed, Philox.stream("autoencoder.noise", step));
        Tensor y = network.decode(Pointwise.add(z, Pointwise.scale(noise, LATENT_NOISE)));
        Tensor square = Reductions.mean(Pointwise.square(z), 0, 1, 2, 3);
        return Pointwise.add(Losses.mse(y, x), Pointwise.scale(square, LATENT_PENALTY));
    }

    /** The autoencoder with averaged weights as they are now; it lives until this is closed. */
    SmallAutoencoder averaged() {
        run.copyAverage(averaged);
        return averaged;
    }

    /** The mean of the latest losses. */
    double recentLoss() {
        return run.recentLoss();
    }

    @Override
    public void close() {
        run.close();
        scope.close();
    }
}
