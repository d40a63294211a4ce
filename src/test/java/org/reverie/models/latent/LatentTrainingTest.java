package org.reverie.models.latent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.data.ImageSets;
import org.reverie.data.PixelSet;
import org.reverie.data.Split;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.io.FormatException;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.models.latent.TrainingPlan.Decay;
import org.reverie.models.stablediffusion.UNetConfig;
import org.reverie.nn.Initializer;
import org.reverie.nn.Outline;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;

/** A generator is determined by its images, embeddings, settings and seed, whatever interrupts its training. */
class LatentTrainingTest {
    private static final int WIDTH = 8;
    private static final Drawing BRIEF = new Drawing("plms", 4, 2, 5);

    @TempDir
    Path folder;

    @Test
    void interruptedTrainingEndsWithTheSameBits() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            Path straight = folder.resolve("straight");
            assertTrue(training(cpu, tiny(9, 11, true), 5).run(straight, Progress.NONE));
            Path parts = folder.resolve("parts");
            int interruptions = 0;
            while (!training(cpu, tiny(9, 11, true), 5).run(parts, stopAfter(3))) {
                interruptions++;
            }
            assertTrue(interruptions > 4, interruptions + " interruptions");
            assertSameFiles(straight, parts);
            assertFalse(Files.exists(parts.resolve(GeneratorFiles.AUTOENCODER_STATE)));
            assertFalse(Files.exists(parts.resolve(GeneratorFiles.DIFFUSION_STATE)));
        }
    }

    @Test
    void everyDeviceTrainsToTheSameBits() throws IOException {
        List<BackendOptions> options =
                List.of(new BackendOptions(128, 1), new BackendOptions(256, 3), BackendOptions.DEFAULT);
        for (int i = 0; i < options.size(); i++) {
            String name = i == options.size() - 1 ? "reference" : "cpu";
            try (Backend device = Devices.open(name, options.get(i))) {
                assertTrue(training(device, tiny(3, 3, false), 1).run(folder.resolve("" + i), Progress.NONE));
            }
        }
        assertSameFiles(folder.resolve("0"), folder.resolve("1"));
        assertSameFiles(folder.resolve("0"), folder.resolve("2"));
    }

    @Test
    void trainingShowsWhereItIs() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            assertTrue(training(cpu, tiny(9, 11, false), 1).run(folder, Progress.NONE));
            List<String> losses = Files.readAllLines(folder.resolve("diffusion-loss.csv"));
            assertEquals(12, losses.size());
            assertTrue(losses.get(11).matches("11,\\d.*"), losses.get(11));
            for (String picture : List.of("autoencoder-loss.png", "diffusion-loss.png")) {
                assertEquals(640, picture(picture).width());
            }
            // Two classes of eight drawings; six rows of eight images.
            assertEquals(2 * 64 + 2, picture("samples.png").height());
            assertEquals(6 * 64 + 5 * 2, picture("reconstructions.png").height());
        }
    }

    @Test
    void whatIsImaginedDependsOnEmbeddingSeedAndNumber() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            assertTrue(training(cpu, tiny(4, 4, false), 1).run(folder, Progress.NONE));
            try (LatentDiffusion generator = LatentDiffusion.load(cpu, folder)) {
                HostTensor wanted = ClassTokens.draw(3, 7, WIDTH);
                float[] all =
                        generator.imagine(wanted, BRIEF, 9, 0, Progress.NONE).toFloats();
                int each = 8 * 8;
                assertEquals(7 * each, all.length);
                HostTensor last =
                        HostTensor.of(Shape.of(2, WIDTH), Arrays.copyOfRange(wanted.toFloats(), 5 * WIDTH, 7 * WIDTH));
                float[] two =
                        generator.imagine(last, BRIEF, 9, 5, Progress.NONE).toFloats();
                assertArrayEquals(Arrays.copyOfRange(all, 5 * each, 7 * each), two);
                float[] other =
                        generator.imagine(last, BRIEF, 10, 5, Progress.NONE).toFloats();
                assertFalse(Arrays.equals(two, other));
                for (float v : all) {
                    assertTrue(v >= -1 && v <= 1, "pixel " + v);
                }
                HostTensor images = HostTensor.of(Shape.of(7, 8, 8, 1), all);
                assertEquals(images.shape(), generator.reconstruct(images).shape());
                assertEquals(Shape.of(2, WIDTH), generator.anchors().shape());
                assertThrows(
                        IllegalArgumentException.class, () -> generator.imagine(images, BRIEF, 0, 0, Progress.NONE));
                assertThrows(IllegalArgumentException.class, () -> generator.reconstruct(wanted));
                assertThrows(
                        IllegalArgumentException.class,
                        () -> generator.imagine(wanted, new Drawing("magic", 4, 2, 5), 0, 0, Progress.NONE));
            }
        }
    }

    @Test
    void reworkedImagesKeepTheLessTheMoreNoiseTheyGet() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            assertTrue(training(cpu, tiny(4, 4, false), 1).run(folder, Progress.NONE));
            try (LatentDiffusion generator = LatentDiffusion.load(cpu, folder)) {
                HostTensor wanted = ClassTokens.draw(3, 7, WIDTH);
                HostTensor images = generator.imagine(wanted, BRIEF, 9, 0, Progress.NONE);
                float[] reconstructed = generator.reconstruct(images).toFloats();
                float[] hardly = rework(generator, images, wanted, 0.25, 0);
                float[] anew = rework(generator, images, wanted, 1, 0);
                assertTrue(distance(hardly, reconstructed) > 0);
                assertTrue(distance(hardly, reconstructed) < distance(anew, reconstructed) / 2);
                int each = 8 * 8;
                HostTensor two =
                        HostTensor.of(Shape.of(2, 8, 8, 1), Arrays.copyOfRange(images.toFloats(), 5 * each, 7 * each));
                HostTensor last =
                        HostTensor.of(Shape.of(2, WIDTH), Arrays.copyOfRange(wanted.toFloats(), 5 * WIDTH, 7 * WIDTH));
                assertArrayEquals(Arrays.copyOfRange(anew, 5 * each, 7 * each), rework(generator, two, last, 1, 5));
                assertThrows(IllegalArgumentException.class, () -> rework(generator, two, wanted, 1, 0));
                assertThrows(IllegalArgumentException.class, () -> rework(generator, two, last, 0, 0));
            }
        }
    }

    private static float[] rework(
            LatentDiffusion generator, HostTensor images, HostTensor embeddings, double strength, long first) {
        return generator
                .rework(images, embeddings, strength, BRIEF, 9, first, Progress.NONE)
                .toFloats();
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    @Test
    void theFolderOfAnotherGeneratorIsRefused() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            assertFalse(training(cpu, tiny(4, 4, false), 1).run(folder, stopAfter(2)));
            assertThrows(
                    FormatException.class,
                    () -> training(cpu, tiny(4, 4, false), 2).run(folder, Progress.NONE));
            assertTrue(training(cpu, tiny(4, 4, false), 1).run(folder, Progress.NONE));
            assertTrue(training(cpu, tiny(4, 4, false), 1).run(folder, Progress.NONE));
            assertThrows(
                    FormatException.class,
                    () -> training(cpu, tiny(4, 4, false), 2).run(folder, Progress.NONE));
        }
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        try (Backend cpu = Devices.open("cpu", BackendOptions.DEFAULT)) {
            HostTensor tokens = ClassTokens.draw(1, 2, WIDTH);
            LatentConfig config = tiny(4, 4, false);
            PixelSet images = images(12);
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> new LatentTraining(cpu, images, ClassTokens.draw(1, 3, WIDTH), null, config, 1))
                    .getMessage();
            assertTrue(message.contains("2 rows of 8"), message);
            assertThrows(
                    IllegalArgumentException.class, () -> new LatentTraining(cpu, images, tokens, tokens, config, 1));
            HostTensor nothing = HostTensor.of(Shape.of(2, WIDTH), new float[2 * WIDTH]);
            assertThrows(
                    IllegalArgumentException.class, () -> new LatentTraining(cpu, images, nothing, null, config, 1));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new LatentTraining(cpu, images, tokens, null, LatentConfig.of("mnist"), 1));
            assertThrows(IllegalArgumentException.class, () -> LatentConfig.of("big"));
            Files.writeString(folder.resolve(GeneratorFiles.MANIFEST), "{\"format\": 7}");
            assertThrows(FormatException.class, () -> LatentDiffusion.load(cpu, folder));
        }
    }

    @Test
    void presetsHaveTheirSizes() {
        try (Scope scope = Scope.open()) {
            Initializer outline = Initializer.undefined(new Outline());
            for (String name : LatentConfig.names()) {
                LatentConfig c = LatentConfig.of(name);
                PromptedUNet network = new PromptedUNet(outline, c);
                long text = network.named().entrySet().stream()
                        .filter(e -> e.getKey().startsWith("text."))
                        .mapToLong(e -> e.getValue().value().elements())
                        .sum();
                if (name.equals("mnist")) {
                    assertEquals(100_672, text);
                    assertEquals(1_815_128, network.unet().parameterCount());
                }
                assertEquals(c.width(), c.unet().contextWidth());
            }
        }
    }

    private Image picture(String name) throws IOException {
        try (ImageSet set = ImageSets.open(folder.resolve(name), Split.TEST)) {
            return set.image(0);
        }
    }

    private static LatentTraining training(Backend device, LatentConfig config, long seed) {
        HostTensor embeddings = ClassTokens.draw(8, 12, WIDTH);
        return new LatentTraining(device, images(12), ClassTokens.draw(1, 2, WIDTH), embeddings, config, seed);
    }

    private static LatentConfig tiny(int autoencoding, int diffusing, boolean mirrored) {
        return new LatentConfig(
                "tiny",
                8,
                new AutoencoderSize(1, 2, List.of(4, 8), 1, 2),
                new UNetConfig(2, 8, List.of(1, 2), List.of(true, true), 1, 2, WIDTH, 2, true),
                1,
                2,
                new TrainingPlan(autoencoding, 5, 1e-3, 2, Decay.LINEAR, 1, 0.9),
                new TrainingPlan(diffusing, 5, 1e-3, 2, Decay.COSINE, 1, 0.9),
                mirrored);
    }

    private static PixelSet images(int count) {
        float[] pixels = new float[count * 64];
        Philox.fillNormal(4, 5, 0, pixels);
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = Math.clamp(pixels[i], -1, 1);
        }
        int[] labels = new int[count];
        Arrays.fill(labels, count / 2, count, 1);
        return new PixelSet("drawn", 8, 1, pixels, labels, List.of("a", "b"));
    }

    private static void assertSameFiles(Path expected, Path actual) throws IOException {
        for (String name : List.of(
                GeneratorFiles.MANIFEST,
                GeneratorFiles.AUTOENCODER,
                GeneratorFiles.DIFFUSION,
                "samples.png",
                "diffusion-loss.csv")) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(actual.resolve(name)), name);
        }
    }

    private static Progress stopAfter(int steps) {
        return new Progress() {
            private int seen;

            @Override
            public void at(String task, long done, long total, String detail) {
                seen++;
            }

            @Override
            public boolean cancelled() {
                return seen >= steps;
            }
        };
    }

    /** Half way down a line is half of the height; a cosine is above it before the middle and below it after. */
    @Test
    void learningRatesFallAlongALineOrACosine() {
        LatentConfig cosine = LatentConfig.of("mnist");
        LatentConfig linear = cosine.withDecay(Decay.LINEAR);
        long quarter = linear.diffusing().warmup()
                + (linear.diffusing().steps() - linear.diffusing().warmup()) / 4;
        double height = linear.diffusing().learningRate();
        assertEquals(0.75 * height, linear.diffusing().schedule().at(quarter), 1e-3 * height);
        assertEquals(
                (1 + Math.sqrt(0.5)) / 2 * height, cosine.diffusing().schedule().at(quarter), 1e-3 * height);
        assertEquals(Decay.LINEAR, linear.autoencoding().decay());
        assertEquals(cosine, linear.withDecay(Decay.COSINE));
    }
}
