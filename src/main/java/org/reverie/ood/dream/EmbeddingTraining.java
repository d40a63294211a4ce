package org.reverie.ood.dream;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.reverie.data.PixelSet;
import org.reverie.models.Progress;
import org.reverie.nn.Initializer;
import org.reverie.op.Linear;
import org.reverie.op.Losses;
import org.reverie.op.Pointwise;
import org.reverie.op.Reductions;
import org.reverie.random.Philox;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Stage 1: an encoder from images into the space of the text's tokens. It learns to point towards the token of an image's
 * class: cross-entropy of the cosines with all tokens, divided by {@value #TEMPERATURE} (Du et al. 2023, section 3.1).
 */
public final class EmbeddingTraining implements AutoCloseable {
    public static final double TEMPERATURE = 0.1;

    /** Keeps a length of zero from dividing; squared, it is below what binary32 tells from a usual squared length. */
    private static final double EPS = 1e-16;

    private final Device device;
    private final PixelSet images;
    private final SgdSettings settings;
    private final long seed;
    private final Scope scope = Scope.detached();
    private final ResidualNetwork network;
    private final Tensor anchors;
    private final SgdRun run;

    /**
     * @param images with labels 0 … classes − 1
     * @param anchors {@code [classes, d]}, of any length but 0; they stay as they are
     */
    public EmbeddingTraining(
            Device device, PixelSet images, HostTensor anchors, ResidualConfig size, SgdSettings settings, long seed) {
        this.device = device;
        this.images = images;
        this.settings = settings;
        this.seed = seed;
        int classes = Batches.classes(images);
        Anchors.check("the anchors", anchors, classes);
        int d = anchors.shape().dim(1);
        this.network =
                scope.within(() -> new ResidualNetwork(new Initializer(device, seed, "dream.encoder."), size, d));
        this.anchors = scope.within(() -> unit(Tensor.of(device, Shape.of(classes, d), anchors.toFloats())));
        String identity = "an encoder " + size + " of " + images.name() + " with " + images.size() + " images";
        this.run = scope.within(() -> new SgdRun(network, settings, images, seed, identity));
    }

    /**
     * Trains to the end, or until {@code progress} cancels; then the state file keeps what is done.
     *
     * @param state null keeps nothing
     * @return whether it is complete
     */
    public boolean run(Path state, Progress progress) throws IOException {
        return run.run(this::loss, state, "embedding", progress);
    }

    private Tensor loss(int[] rows, int epoch, int step) {
        float[] pixels = new float[rows.length * images.floatsPerImage()];
        long stream = Philox.stream("dream.augment", epoch);
        Batches.fill(images, rows, settings.augmentation(), seed, stream, pixels, 0);
        Tensor h = network.apply(Batches.tensor(device, images, pixels), true);
        return loss(h, anchors, Batches.labels(device, Batches.labels(images, rows)));
    }

    /**
     * The mean over the images of −log softmax of cosine / t at the image's class.
     *
     * @param h embeddings {@code [N, d]}
     * @param anchors of length 1, {@code [classes, d]}
     */
    static Tensor loss(Tensor h, Tensor anchors, Tensor labels) {
        Tensor cosines = Linear.matmul(unit(h), anchors, false, true);
        return Losses.crossEntropy(Pointwise.scale(cosines, 1 / TEMPERATURE), labels);
    }

    static Tensor unit(Tensor x) {
        Tensor squares = Reductions.sumKeepDims(Pointwise.square(x), 1);
        return Pointwise.mul(x, Pointwise.rsqrt(Pointwise.addScalar(squares, EPS)));
    }

    /** The loss of late. */
    public double loss() {
        return run.loss();
    }

    /** The encoder's weights as they lie in files. */
    public Map<String, HostTensor> weights() {
        return network.stateDict();
    }

    @Override
    public void close() {
        run.close();
        scope.close();
    }
}
