package org.reverie.ood.dream;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.models.Imagination;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.FrechetDistance;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Whether a generator is good enough for its outliers to teach anything but its own artefacts. */
public final class GeneratorCheck {
    /** Above this a detector learns to know generated images, whatever they show. */
    public static final double GATE = 0.7;

    /** Images generated of each class; two thirds train the probe. */
    private static final int EACH = 150;

    private GeneratorCheck() {}

    /**
     * What was found; every image compared is of a class, drawn from its token or real.
     *
     * @param gate AUROC of a probe that tells ID test images from generated ones, trained on others; 0.5 is best
     * @param gateReconstructed the same when the real images have passed through the autoencoder, as a detector sees half of
     *     them
     * @param encoder whose features the Fréchet distances compare
     * @param frechet Fréchet distance between ID test images and generated ones. It is no FID: that needs Inception's weights
     * @param frechetReal the same between ID test images and equally many training images: what a perfect generator has
     * @param images generated for this
     */
    public record Result(
            double gate, double gateReconstructed, String encoder, double frechet, double frechetReal, int images) {
        /** Whether the gate is open. */
        public boolean passed() {
            return gate < GATE;
        }

        /** Two lines for people. */
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "gate: a probe tells %d generated images from real ones with AUROC %.3f (%s %.1f); from"
                            + " reconstructed ones with %.3f%n"
                            + "Fréchet distance in features of %s: %.3f generated, %.3f other real images",
                    images,
                    gate,
                    passed() ? "passes, below" : "fails, not below",
                    GATE,
                    gateReconstructed,
                    encoder,
                    frechet,
                    frechetReal);
        }
    }

    /**
     * Draws 150 images from every class token and compares them with real ones.
     *
     * @param anchors class tokens {@code [classes, width]}
     * @param encoder for the Fréchet distance
     */
    public static Result run(
            Device device,
            Imagination generator,
            HostTensor anchors,
            DreamSplits splits,
            Drawing how,
            FrechetFeatures encoder,
            long seed,
            Progress progress) {
        PixelSet generated = draw(generator, anchors, EACH, how, seed, splits.test(), progress);
        int[] rows = IntStream.range(0, generated.size()).toArray();
        PixelSet forTraining = generated.select(
                "generated", Arrays.stream(rows).filter(i -> i % 3 < 2).toArray());
        PixelSet forTesting = generated.select(
                "generated", Arrays.stream(rows).filter(i -> i % 3 == 2).toArray());
        PixelSet train = splits.train();
        PixelSet test = splits.test();
        double gate = ArtefactProbe.auroc(device, train, test, forTraining, forTesting, seed, progress);
        double again = ArtefactProbe.auroc(
                device,
                PassedImages.reconstructed(generator, train),
                PassedImages.reconstructed(generator, test),
                forTraining,
                forTesting,
                seed,
                progress);
        FeatureMatrix real = encoder.of(device, test);
        double distance = FrechetDistance.of(real, encoder.of(device, generated));
        double other = FrechetDistance.of(real, encoder.of(device, spread(train, test.size())));
        return new Result(gate, again, encoder.arch(), distance, other, generated.size());
    }

    /** {@code count} images of each class, in turn. */
    private static PixelSet draw(
            Imagination generator,
            HostTensor anchors,
            int count,
            Drawing how,
            long seed,
            PixelSet like,
            Progress progress) {
        int classes = anchors.shape().dim(0);
        int width = anchors.shape().dim(1);
        float[] tokens = anchors.toFloats();
        float[] wanted = new float[classes * count * width];
        int[] labels = new int[classes * count];
        for (int i = 0; i < labels.length; i++) {
            // Three in a row are of one class, so that both parts that are made of them have all classes.
            labels[i] = i / 3 % classes;
            System.arraycopy(tokens, labels[i] * width, wanted, i * width, width);
        }
        HostTensor embeddings = HostTensor.of(Shape.of(labels.length, width), wanted);
        float[] drawn = generator.imagine(embeddings, how, seed, 0, progress).toFloats();
        return new PixelSet("generated", like.side(), like.channels(), drawn, labels, like.classNames());
    }

    /** {@code count} images of a set at even distances, or all of them. */
    private static PixelSet spread(PixelSet set, int count) {
        int n = Math.min(count, set.size());
        int[] rows = IntStream.range(0, n)
                .map(i -> (int) ((long) i * set.size() / n))
                .toArray();
        return set.select(set.name(), rows);
    }
}
