package org.reverie.ood.dream;

import java.io.IOException;
import java.util.List;
import org.reverie.data.PixelSet;
import org.reverie.data.Preprocess;
import org.reverie.models.ImageModel;
import org.reverie.models.Models;
import org.reverie.models.Network;
import org.reverie.models.ProceduralEncoder;
import org.reverie.models.WeightsFile;
import org.reverie.ood.FeatureMatrix;
import org.reverie.op.Pooling;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Features of images for a Fréchet distance: the averaged maps of an encoder's deepest tap. With Inception's they would make the
 * published FID, whose weights the program can't read; with another encoder the distance is of the same kind, and two are
 * comparable only if the encoder is the same.
 *
 * @param arch the encoder's name, see {@link Models}
 * @param weights of the encoder
 */
public record FrechetFeatures(String arch, WeightsFile weights) {
    private static final int BATCH = 64;

    /** Those of the encoder that the program carries. */
    public static FrechetFeatures procedural() throws IOException {
        return new FrechetFeatures(ProceduralEncoder.NAME, WeightsFile.procedural());
    }

    /**
     * One row for each image, which is resized to the encoder's input.
     *
     * @throws IllegalArgumentException if the weights are not those of the encoder
     */
    public FeatureMatrix of(Device device, PixelSet set) {
        ImageModel encoder = Models.create(arch, weights.tensors().keySet());
        Preprocess preprocess = encoder.preprocess();
        String tap = encoder.taps().getLast();
        int floats = preprocess.floatsPerImage();
        float[] all = null;
        int width = 0;
        try (Network network = encoder.network().load(device, weights.source(), weights.tensors())) {
            for (int from = 0; from < set.size(); from += BATCH) {
                int n = Math.min(BATCH, set.size() - from);
                float[] pixels = new float[n * floats];
                for (int i = 0; i < n; i++) {
                    preprocess.fill(set.image(from + i), pixels, i * floats);
                }
                try (Scope scope = Scope.open()) {
                    Shape shape = Shape.of(n, preprocess.side(), preprocess.side(), 3);
                    Tensor images = Tensor.from(device, HostTensor.of(shape, pixels));
                    Tensor maps = network.forward(images, List.of(tap)).get(tap);
                    Tensor found = Pooling.globalAvgPool(maps);
                    width = found.dim(1);
                    all = all == null ? new float[set.size() * width] : all;
                    System.arraycopy(found.toFloats(), 0, all, from * width, n * width);
                }
            }
        }
        return new FeatureMatrix(all, set.size(), width);
    }
}
