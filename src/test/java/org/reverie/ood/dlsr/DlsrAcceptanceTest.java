package org.reverie.ood.dlsr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.data.ImageSets;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.models.Progress;
import org.reverie.models.WeightsFile;
import org.reverie.ood.Metrics;
import org.reverie.random.Philox;

/**
 * DLSR on real images with the procedurally pretrained encoder (specification §9, acceptance tests e, f and g): CIFAR-10
 * against digits, letters and noise, in a size that a test can afford.
 */
class DlsrAcceptanceTest {
    private static final int TRAIN = 8000;
    private static final int PROBES = 1000;

    @TempDir
    static Path folder;

    private static Backend cpu;
    private static DlsrModel model;
    private static LayerFeatures id;

    @BeforeAll
    static void train() throws IOException {
        Path train = TestData.file("cifar10/data_batch_1.bin.gz");
        Path test = TestData.file("cifar10/test_batch_first1000.bin.gz");
        cpu = Devices.open("cpu", BackendOptions.DEFAULT);
        WeightsFile encoder = WeightsFile.procedural();
        DlsrTraining.Request request = new DlsrTraining.Request(
                "procedural",
                encoder.tensors(),
                encoder.sha256(),
                null,
                LayerPooling.AVERAGE,
                new LfdnConfig(240, 256, 64, 4),
                new TrainConfig(15, 128, 5e-4, 1e-4, 0.9999, 0));
        try (ImageSet images = ImageSets.open(train, Split.TRAIN, "cifar10").limit(TRAIN)) {
            assertTrue(new DlsrTraining(cpu, folder).run(images, "cifar10 train", request, Progress.NONE));
        }
        model = DlsrModel.open(folder, cpu);
        try (ImageSet images = ImageSets.open(test, Split.TEST, "cifar10")) {
            id = features(images);
        }
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
        if (cpu != null) {
            cpu.close();
        }
    }

    private static LayerFeatures features(ImageSet images) throws IOException {
        return model.extractor(64).extract(images.limit(PROBES), images.name(), Progress.NONE);
    }

    private static Map<String, float[]> scores(LayerFeatures f, Reconstruction how) throws IOException {
        return model.scores(f, how, 0, Progress.NONE);
    }

    private static double auroc(LayerFeatures ood, String score) throws IOException {
        Reconstruction how = Reconstruction.fast();
        double a = Metrics.auroc(scores(id, how).get(score), scores(ood, how).get(score));
        System.out.printf(
                java.util.Locale.ROOT,
                "CIFAR-10 against %s, %s: AUROC %.4f%n",
                ood.origin().get("set"),
                score,
                a);
        return a;
    }

    @Test
    void digitsAreForeign() throws IOException {
        try (ImageSet mnist = ImageSets.open(TestData.file("mnist/t10k-images-idx3-ubyte.gz"), Split.TEST, "mnist")) {
            LayerFeatures f = features(mnist);
            assertTrue(auroc(f, DlsrModel.MSE) >= 0.95);
            assertTrue(auroc(f, DlsrModel.MFSIM) >= 0.95);
            assertTrue(auroc(f, DlsrModel.RESIDUAL) >= 0.95);
        }
    }

    /** One score alone has the bits that it has among all. */
    @Test
    void scoresDoNotDependOnEachOther() throws IOException {
        LayerFeatures f = id.rows(0, 100);
        for (Map.Entry<String, float[]> e : scores(f, Reconstruction.fast()).entrySet()) {
            assertArrayEquals(
                    e.getValue(), model.score(e.getKey(), f, Reconstruction.fast(), 0, Progress.NONE), e.getKey());
        }
    }

    @Test
    void lettersAreForeign() throws IOException {
        Path file = TestData.file("omniglot/evaluation-28x28-images-idx3-ubyte.gz");
        try (ImageSet omniglot = ImageSets.open(file, Split.TEST, "omniglot")) {
            LayerFeatures f = features(omniglot);
            assertTrue(auroc(f, DlsrModel.MSE) >= 0.95);
            assertTrue(auroc(f, DlsrModel.MFSIM) >= 0.95);
        }
    }

    @Test
    void noiseIsForeign() throws IOException {
        LayerFeatures f = model.extractor(64).extract(new UniformNoise(), "uniform noise", Progress.NONE);
        assertTrue(auroc(f, DlsrModel.MSE) >= 0.99);
    }

    /** The published sampler with K = 1 ignores the network; what it adds is noise, the same for everyone. */
    @Test
    void compatWithOneStepTellsNothing() throws IOException {
        Reconstruction one = new Reconstruction(Reconstruction.Mode.COMPAT, 1, 1, true);
        try (ImageSet mnist = ImageSets.open(TestData.file("mnist/t10k-images-idx3-ubyte.gz"), Split.TEST, "mnist")) {
            LayerFeatures f = features(mnist);
            // other noise for the other set, as in the published loop
            float[] foreign = model.scores(f, one, 1, Progress.NONE).get(DlsrModel.MSE);
            assertEquals(0.5, Metrics.auroc(scores(id, one).get(DlsrModel.MSE), foreign), 0.03);
        }
    }

    @Test
    void halvesOfTheIdSetAreAlike() throws IOException {
        Map<String, float[]> first = scores(id.rows(0, 500), Reconstruction.fast());
        Map<String, float[]> second = scores(id.rows(500, 1000), Reconstruction.fast());
        assertEquals(0.5, Metrics.auroc(first.get(DlsrModel.MSE), second.get(DlsrModel.MSE)), 0.03);
        assertEquals(0.5, Metrics.auroc(first.get(DlsrModel.MFSIM), second.get(DlsrModel.MFSIM)), 0.03);
    }

    /** Images whose samples are independent and uniform. */
    private static final class UniformNoise implements ImageSet {
        @Override
        public String name() {
            return "uniform noise";
        }

        @Override
        public int size() {
            return PROBES;
        }

        @Override
        public Image image(int index) {
            byte[] rgb = new byte[32 * 32 * 3];
            for (int i = 0; i < rgb.length; i++) {
                rgb[i] = (byte) Philox.below(3, Philox.stream("test.noise", index), i, 256);
            }
            return new Image(32, 32, rgb);
        }

        @Override
        public int label(int index) {
            return -1;
        }

        @Override
        public java.util.List<String> classNames() {
            return java.util.List.of();
        }
    }
}
