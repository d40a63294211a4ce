package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.reverie.TestData;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.models.Imagination;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.models.WeightsFile;
import org.reverie.ood.FeatureMatrix;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** The gate opens for a generator that draws from the real distribution, and stays shut for one that leaves a mark. */
class GeneratorCheckTest {
    private static final int SIDE = 8;

    @Test
    void aPerfectGeneratorPassesAndAMarkedOneDoesNot() throws IOException {
        DreamSplits splits = new DreamSplits(set(1, 400), set(2, 100), set(3, 200), List.of(set(4, 10)));
        HostTensor anchors = HostTensor.of(Shape.of(2, 4), new float[8]);
        FrechetFeatures encoder = FrechetFeatures.procedural();
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            GeneratorCheck.Result perfect =
                    GeneratorCheck.run(cpu, new Fake(0), anchors, splits, Drawing.SMALL, encoder, 1, Progress.NONE);
            assertEquals(0.5, perfect.gate(), 0.12);
            assertTrue(perfect.passed());
            assertEquals(300, perfect.images());
            GeneratorCheck.Result marked =
                    GeneratorCheck.run(cpu, new Fake(1), anchors, splits, Drawing.SMALL, encoder, 1, Progress.NONE);
            assertTrue(marked.gate() > 0.95, marked.toString());
            assertFalse(marked.passed());
            assertTrue(marked.frechet() > 2 * perfect.frechet(), marked + " against " + perfect);
            assertTrue(marked.toString().contains("fails"), marked.toString());
        }
    }

    /** Any encoder with weights does; here a published one. Wrong weights are refused by name. */
    @Test
    void featuresMayBeThoseOfARealEncoder() throws IOException {
        Path file = TestData.file("weights/cifar10-resnet20-12fca82f.safetensors");
        FrechetFeatures encoder = new FrechetFeatures("resnet20", WeightsFile.open(file));
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            FeatureMatrix features = encoder.of(cpu, set(1, 70));
            assertEquals(70, features.count());
            assertEquals(64, features.dimension());
            FeatureMatrix last = encoder.of(cpu, set(1, 70).select("last", 69));
            for (int j = 0; j < 64; j++) {
                assertEquals(last.values()[j], features.values()[69 * 64 + j]);
            }
            FrechetFeatures wrong = new FrechetFeatures("resnet32", encoder.weights());
            Exception e = assertThrows(IllegalArgumentException.class, () -> wrong.of(cpu, set(1, 2)));
            assertTrue(e.getMessage().contains("resnet20"), e.getMessage());
        }
    }

    /** A probe that was stopped knows nothing, and what it would say must not be kept. */
    @Test
    void aStoppedProbeSaysNothing() {
        Progress stopped = new Progress() {
            @Override
            public void at(String task, long done, long total, String detail) {}

            @Override
            public boolean cancelled() {
                return true;
            }
        };
        PixelSet some = set(1, 10);
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            assertThrows(
                    CancellationException.class, () -> ArtefactProbe.auroc(cpu, some, some, some, some, 1, stopped));
        }
    }

    /** Grey levels that do not depend on one another. */
    private static PixelSet set(long stream, int count) {
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 2;
        }
        return new PixelSet("noise", SIDE, 1, noise(stream, count), labels, List.of());
    }

    private static float[] noise(long stream, int count) {
        float[] pixels = new float[count * SIDE * SIDE];
        Philox.fillUniform(7, stream, 0, pixels);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = 2 * pixels[i] - 1;
        }
        return pixels;
    }

    /** Draws the same noise; a marked one keeps the first two rows bright. */
    private record Fake(int mark) implements Imagination {
        @Override
        public int width() {
            return 4;
        }

        @Override
        public int side() {
            return SIDE;
        }

        @Override
        public int channels() {
            return 1;
        }

        @Override
        public HostTensor imagine(HostTensor embeddings, Drawing how, long seed, long first, Progress progress) {
            int n = embeddings.shape().dim(0);
            float[] pixels = noise(9, n);
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = mark == 1 && i % (SIDE * SIDE) < 2 * SIDE ? 1 : pixels[i];
            }
            return HostTensor.of(Shape.of(n, SIDE, SIDE, 1), pixels);
        }

        @Override
        public HostTensor rework(
                HostTensor images,
                HostTensor embeddings,
                double strength,
                Drawing how,
                long seed,
                long first,
                Progress progress) {
            return images;
        }

        @Override
        public HostTensor reconstruct(HostTensor images) {
            return images;
        }

        @Override
        public void close() {}
    }
}
