package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.PixelSet;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.io.FormatException;
import org.reverie.models.Progress;
import org.reverie.models.latent.ClassTokens;
import org.reverie.ood.FeatureMatrix;
import org.reverie.ood.Metrics;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Stages 1, 4 and 5 on images whose classes are easy. */
class TrainingTest {
    private static final int CLASSES = 4;
    private static final ResidualConfig TINY = new ResidualConfig(1, 8, List.of(8, 16), List.of(1, 1), List.of(1, 2));
    private static final SgdSettings SGD = SgdSettings.of(4, 16, 0.05, new Augmentation(0, false));

    @TempDir
    Path folder;

    private final PixelSet train = DrawnShapes.of("train", 24, CLASSES, 1);
    private final PixelSet held = DrawnShapes.of("held", 24, CLASSES, 2);
    private Backend device;

    @BeforeEach
    void open() {
        device = Devices.open("cpu", new BackendOptions(0, 1));
    }

    @AfterEach
    void close() {
        device.close();
    }

    /** Cancels once so many epochs are done. */
    private static Progress stopAfter(long steps) {
        return new Progress() {
            private long at;

            @Override
            public void at(String task, long done, long total, String detail) {
                at = done;
            }

            @Override
            public boolean cancelled() {
                return at >= steps;
            }
        };
    }

    private EmbeddingTraining embedding(HostTensor anchors) {
        return new EmbeddingTraining(device, train, anchors, TINY, SGD, 3);
    }

    private static void assertSame(Map<String, HostTensor> a, Map<String, HostTensor> b) {
        assertEquals(a.keySet(), b.keySet());
        a.forEach((name, t) -> assertArrayEquals(t.toFloats(), b.get(name).toFloats(), name));
    }

    @Test
    void theEncoderLearnsToPointToTheTokens() throws IOException {
        HostTensor anchors = ClassTokens.draw(5, CLASSES, 12);
        try (EmbeddingTraining training = embedding(anchors)) {
            assertTrue(training.run(null, Progress.NONE));
            assertTrue(Double.isFinite(training.loss()));
            try (Encoder encoder = Encoder.of(device, "encoder", training.weights())) {
                FeatureMatrix rows = encoder.apply(held);
                assertTrue(
                        Encoder.accuracy(held, rows, anchors) > 90, () -> "" + Encoder.accuracy(held, rows, anchors));
                HostTensor bank = Encoder.bank(held, rows);
                assertEquals(Shape.of(CLASSES, 24, 12), bank.shape());
                assertEquals(rows.values()[25 * 12], (float) bank.get(25 * 12));
            }
        }
    }

    @Test
    void aStoppedEmbeddingGoesOnToTheSameBits() throws IOException {
        HostTensor anchors = ClassTokens.draw(5, CLASSES, 12);
        Path state = folder.resolve("state.safetensors");
        try (EmbeddingTraining whole = embedding(anchors);
                EmbeddingTraining first = embedding(anchors);
                EmbeddingTraining second = embedding(anchors)) {
            assertTrue(whole.run(null, Progress.NONE));
            assertFalse(first.run(state, stopAfter(7)));
            assertTrue(second.run(state, Progress.NONE));
            assertSame(whole.weights(), second.weights());
        }
        try (EmbeddingTraining other = new EmbeddingTraining(device, train, anchors, TINY, SGD, 4)) {
            Exception e = assertThrows(FormatException.class, () -> other.run(state, Progress.NONE));
            assertTrue(e.getMessage().contains("other images or settings"), e.getMessage());
        }
    }

    private ClassifierConfig config(double beta) {
        SgdSettings sgd = SgdSettings.of(4, 16, 0.05, new Augmentation(0, true));
        return new ClassifierConfig(TINY, sgd, 16, beta, 8, 0.5, 8, false);
    }

    private Map<String, HostTensor> train(Outliers outliers, PixelSet inliers, Path state, Progress progress)
            throws IOException {
        return train(config(1), outliers, inliers, state, progress);
    }

    private Map<String, HostTensor> train(
            ClassifierConfig config, Outliers outliers, PixelSet inliers, Path state, Progress progress)
            throws IOException {
        PixelSet blurred = train.withPixels(train.pixels().clone());
        ClassifierTraining.Material material = new ClassifierTraining.Material(train, blurred, outliers, inliers);
        try (ClassifierTraining training = new ClassifierTraining(device, material, config, 2)) {
            training.run(state, "classifier", progress);
            return training.weights();
        }
    }

    private double auroc(Map<String, HostTensor> weights, PixelSet foreign) {
        try (Encoder classifier = Encoder.of(device, "classifier", weights)) {
            ClassifierScores id = ClassifierScores.of(classifier.apply(held));
            assertEquals(held.size(), id.guess().length);
            return Metrics.auroc(
                    id.energy(), ClassifierScores.of(classifier.apply(foreign)).energy());
        }
    }

    private static PixelSet inverted(PixelSet set) {
        float[] pixels = set.pixels().clone();
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = -pixels[i];
        }
        return set.withPixels(pixels);
    }

    @Test
    void outliersThatWereLearnedAreKnown() throws IOException {
        Outliers pool = new Outliers.Pool(inverted(train));
        double with = auroc(train(pool, null, null, Progress.NONE), inverted(held));
        assertTrue(with > 0.95, "AUROC " + with);
    }

    @Test
    void everySourceOfOutliersGivesTheSameBitsTwiceAndAfterAStop() throws IOException {
        Outliers[] sources = {
            Outliers.NONE,
            new Outliers.Noise(),
            new Outliers.Pool(inverted(train)),
            new Outliers.Features(FeatureOutliers.Kind.VOS, 0.4),
            new Outliers.Features(FeatureOutliers.Kind.NPOS, 0.4)
        };
        for (int i = 0; i < sources.length; i++) {
            Map<String, HostTensor> whole = train(sources[i], null, null, Progress.NONE);
            assertSame(whole, train(sources[i], null, null, Progress.NONE));
            Path state = folder.resolve("state" + i);
            train(sources[i], null, state, stopAfter(13));
            assertSame(whole, train(sources[i], null, state, Progress.NONE));
            whole.values()
                    .forEach(t -> IntStream.range(0, (int) t.shape().elements())
                            .forEach(k -> assertTrue(Double.isFinite(t.get(k)))));
        }
    }

    /** What the running statistics follow changes them, and not the weights, which the batch's statistics train. */
    @Test
    void runningStatisticsMayFollowTheIdImagesAlone() throws IOException {
        Map<String, HostTensor> all = train(new Outliers.Pool(inverted(train)), null, null, Progress.NONE);
        Map<String, HostTensor> own =
                train(config(1).withIdStatistics(true), new Outliers.Pool(inverted(train)), null, null, Progress.NONE);
        for (String name : all.keySet()) {
            boolean same = Arrays.equals(all.get(name).toFloats(), own.get(name).toFloats());
            assertEquals(!name.contains("running_"), same, name);
        }
        Map<String, HostTensor> alone = train(Outliers.NONE, null, null, Progress.NONE);
        assertSame(alone, train(config(1).withIdStatistics(true), Outliers.NONE, null, null, Progress.NONE));
    }

    @Test
    void inliersTakePart() throws IOException {
        float[] without =
                train(Outliers.NONE, null, null, Progress.NONE).get("fc.weight").toFloats();
        float[] with =
                train(Outliers.NONE, held, null, Progress.NONE).get("fc.weight").toFloats();
        assertFalse(Arrays.equals(without, with));
    }

    /** The filter's threshold is the percentile of the held-out images' distances, and nothing else decides it. */
    @Test
    void theFilterIsCalibratedOnTheHeldOutImages() throws IOException {
        HostTensor anchors = ClassTokens.draw(5, CLASSES, 12);
        try (EmbeddingTraining training = embedding(anchors)) {
            training.run(null, Progress.NONE);
            try (Encoder encoder = Encoder.of(device, "encoder", training.weights())) {
                OutlierFilter filter = new OutlierFilter(encoder, train, held);
                double passed = filter.kept(held).length;
                assertTrue(passed >= 1 && passed <= Math.ceil(0.05 * held.size()), passed + " of " + held.size());
                assertEquals(0, filter.kept(train).length);
                assertTrue(filter.kept(inverted(held)).length > held.size() / 2);
                assertTrue(new OutlierFilter(encoder, train, inverted(held)).threshold() > filter.threshold());
            }
        }
    }

    @Test
    void refusals() {
        HostTensor anchors = ClassTokens.draw(5, CLASSES, 12);
        HostTensor few = ClassTokens.draw(5, 3, 12);
        Exception e = assertThrows(IllegalArgumentException.class, () -> embedding(few));
        assertTrue(e.getMessage().contains("[4, d]"), e.getMessage());
        PixelSet one = DrawnShapes.of("one", 20, 1, 1);
        e = assertThrows(
                IllegalArgumentException.class,
                () -> new EmbeddingTraining(device, one, ClassTokens.draw(5, 1, 12), TINY, SGD, 3));
        assertEquals("one: at least two classes are needed, there is one", e.getMessage());
        int[] gap = train.labels().clone();
        Arrays.setAll(gap, i -> gap[i] == 2 ? 3 : gap[i]);
        PixelSet missing = new PixelSet("gap", train.side(), 1, train.pixels(), gap, List.of());
        e = assertThrows(
                IllegalArgumentException.class, () -> new EmbeddingTraining(device, missing, anchors, TINY, SGD, 3));
        assertEquals("gap: class 2 of 4 has no image", e.getMessage());
        PixelSet larger = new PixelSet("larger", 4, 1, new float[16], new int[1], List.of());
        Outliers pool = new Outliers.Pool(larger);
        e = assertThrows(
                IllegalArgumentException.class, () -> new ClassifierTraining.Material(train, null, pool, null));
        assertTrue(e.getMessage().startsWith("outliers have 4 pixels a side"), e.getMessage());
    }
}
