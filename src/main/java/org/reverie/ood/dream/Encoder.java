package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.reverie.data.PixelSet;
import org.reverie.io.Safetensors;
import org.reverie.nn.Initializer;
import org.reverie.ood.FeatureMatrix;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;

/** A trained {@link ResidualNetwork}: the encoder of stage 1, or a classifier. */
public final class Encoder implements AutoCloseable {
    private final Device device;
    private final Scope scope = Scope.detached();
    private final ResidualNetwork network;
    private final int outputs;

    private Encoder(Device device, String source, Map<String, HostTensor> weights) {
        this.device = device;
        ResidualConfig config = ResidualWeights.config(source, weights);
        this.outputs = weights.get("fc.weight").shape().dim(0);
        try {
            network = scope.within(() -> new ResidualNetwork(Initializer.undefined(device), config, outputs));
            network.load(source, weights, ResidualWeights::isIgnorable);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /** @throws IllegalArgumentException if tensors are missing, unexpected or misshapen; the message names all of them */
    public static Encoder load(Device device, Path file) throws IOException {
        return new Encoder(device, file.toString(), Safetensors.read(file).tensors());
    }

    /** @param source what the weights are, for messages */
    public static Encoder of(Device device, String source, Map<String, HostTensor> weights) {
        return new Encoder(device, source, weights);
    }

    /** Numbers that it makes of an image: the width of an embedding, or the number of classes. */
    public int outputs() {
        return outputs;
    }

    /** Channels of the images that it takes. */
    public int channels() {
        return network.config().channels();
    }

    /** Embeddings, or logits, of all images of a set: {@code [size, outputs]}. */
    public FeatureMatrix apply(PixelSet images) {
        if (images.channels() != channels()) {
            throw new IllegalArgumentException(images.name() + " has images of " + images.channels()
                    + " channels, but the network takes " + channels());
        }
        float[] rows = Batches.rows(device, images, outputs, x -> network.apply(x, false));
        return new FeatureMatrix(rows, images.size(), outputs);
    }

    /**
     * The features of each class {@code [classes, n, d]}, n being the size of the smallest class; of larger ones the first
     * images are taken.
     *
     * @param rows of {@link #apply} on the images
     */
    public static HostTensor bank(PixelSet images, FeatureMatrix rows) {
        int classes = Batches.classes(images);
        int[] counts = new int[classes];
        for (int label : images.labels()) {
            counts[label]++;
        }
        int n = Integer.MAX_VALUE;
        for (int count : counts) {
            n = Math.min(n, count);
        }
        int d = rows.dimension();
        float[] bank = new float[Math.multiplyExact(classes * n, d)];
        int[] taken = new int[classes];
        for (int i = 0; i < images.size(); i++) {
            int c = images.labels()[i];
            if (taken[c] < n) {
                System.arraycopy(rows.values(), i * d, bank, (c * n + taken[c]) * d, d);
                taken[c]++;
            }
        }
        return HostTensor.of(Shape.of(classes, n, d), bank);
    }

    /** The share of images whose embedding points to their class's token more than to any other, in percent. */
    public static double accuracy(PixelSet images, FeatureMatrix rows, HostTensor anchors) {
        int[] best = recognised(rows, anchors);
        int right = 0;
        for (int i = 0; i < best.length; i++) {
            right += best[i] == images.labels()[i] ? 1 : 0;
        }
        return 100.0 * right / best.length;
    }

    /** For each embedding the class whose token it points to most. */
    public static int[] recognised(FeatureMatrix rows, HostTensor anchors) {
        int d = rows.dimension();
        int classes = anchors.shape().dim(0);
        float[] tokens = anchors.toFloats();
        double[] lengths = new double[classes];
        for (int c = 0; c < classes; c++) {
            lengths[c] = Math.sqrt(dot(tokens, c * d, tokens, c * d, d));
        }
        int[] best = new int[rows.count()];
        for (int i = 0; i < best.length; i++) {
            double most = Double.NEGATIVE_INFINITY;
            for (int c = 0; c < classes; c++) {
                double cosine = dot(rows.values(), i * d, tokens, c * d, d) / lengths[c];
                if (cosine > most) {
                    most = cosine;
                    best[i] = c;
                }
            }
        }
        return best;
    }

    private static double dot(float[] a, int from, float[] b, int at, int n) {
        double sum = 0;
        for (int j = 0; j < n; j++) {
            sum += (double) a[from + j] * b[at + j];
        }
        return sum;
    }

    @Override
    public void close() {
        scope.close();
    }
}
