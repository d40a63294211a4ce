package org.reverie.models.latent;

import org.reverie.data.PixelSet;
import org.reverie.nn.Initializer;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.random.Philox;
import org.reverie.random.Rounds;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Trains the autoencoder: mean squared error of the image, plus a small multiple of the latents' mean square, with noise on the
 * latents. Up to a constant that is a variational autoencoder whose posterior has a fixed deviation.
 */
final class AutoencoderTraining extends TrainingRun<SmallAutoencoder> {
    private static final double LATENT_NOISE = 0.05;
    private static final double LATENT_PENALTY = 1e-4;

    private final Device device;
    private final PixelSet images;
    private final LatentConfig config;
    private final long seed;
    private final Rounds rounds;

    AutoencoderTraining(Device device, PixelSet images, LatentConfig config, long seed, String identity) {
        super(
                "training the autoencoder",
                config.autoencoding(),
                identity,
                new Initializer(device, seed).in("autoencoder"),
                init -> new SmallAutoencoder(init, config.autoencoder()));
        this.device = device;
        this.images = images;
        this.config = config;
        this.seed = seed;
        this.rounds = new Rounds(seed, "autoencoder.order", images.size());
    }

    @Override
    Tensor loss(int step) {
        int size = config.autoencoding().batch();
        int[] rows = rounds.rows((long) step * size, size);
        Tensor x = Tensor.from(
                device,
                HostTensor.of(
                        Shape.of(rows.length, images.side(), images.side(), images.channels()), images.batch(rows)));
        Tensor z = model.encode(x);
        Tensor noise = Random.normal(device, z.shape(), seed, Philox.stream("autoencoder.noise", step));
        Tensor y = model.decode(Pointwise.add(z, Pointwise.scale(noise, LATENT_NOISE)));
        Tensor square = Reductions.mean(Pointwise.square(z), 0, 1, 2, 3);
        return Pointwise.add(Losses.mse(y, x), Pointwise.scale(square, LATENT_PENALTY));
    }
}
