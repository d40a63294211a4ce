package org.reverie.models.latent;

import java.util.Arrays;
import org.reverie.op.Pointwise;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * An autoencoder over any number of images, a batch at a time; results do not depend on the batch.
 *
 * @param side of the images
 */
record ImageCodec(Device device, SmallAutoencoder autoencoder, int side) {
    private static final int BATCH = 256;

    /** Numbers of one image. */
    int imageFloats() {
        return side * side * autoencoder.size().channels();
    }

    /** Numbers of one latent image. */
    int latentFloats() {
        int latentSide = side / autoencoder.size().factor();
        return latentSide * latentSide * autoencoder.size().latentChannels();
    }

    /** The latents of images {@code [n, side, side, channels]}, of no particular deviation. */
    float[] latents(float[] images) {
        int count = images.length / imageFloats();
        float[] all = new float[Math.multiplyExact(count, latentFloats())];
        for (int from = 0; from < count; from += BATCH) {
            try (Scope scope = Scope.open()) {
                float[] some = autoencoder.encode(tensor(images, from, count)).toFloats();
                System.arraycopy(some, 0, all, from * latentFloats(), some.length);
            }
        }
        return all;
    }

    /** Images through encoder and decoder. */
    float[] reconstruct(float[] images) {
        int count = images.length / imageFloats();
        float[] all = new float[images.length];
        for (int from = 0; from < count; from += BATCH) {
            try (Scope scope = Scope.open()) {
                float[] some = images(autoencoder.encode(tensor(images, from, count)));
                System.arraycopy(some, 0, all, from * imageFloats(), some.length);
            }
        }
        return all;
    }

    /** The images of one batch of latents, held to [−1, 1]. */
    float[] images(Tensor latents) {
        try (Scope scope = Scope.open()) {
            return Pointwise.clamp(autoencoder.decode(latents), -1, 1).toFloats();
        }
    }

    private Tensor tensor(float[] images, int from, int count) {
        int n = Math.min(BATCH, count - from);
        float[] some = Arrays.copyOfRange(images, from * imageFloats(), (from + n) * imageFloats());
        Shape shape = Shape.of(n, side, side, autoencoder.size().channels());
        return Tensor.from(device, HostTensor.of(shape, some));
    }
}
