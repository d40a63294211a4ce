package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.DreamSplits;
import org.reverie.data.PixelSet;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.models.Imagination.Drawing;
import org.reverie.models.Progress;
import org.reverie.models.latent.AutoencoderSize;
import org.reverie.models.latent.LatentConfig;
import org.reverie.models.latent.TrainingPlan;
import org.reverie.models.latent.TrainingPlan.Decay;
import org.reverie.models.stablediffusion.UNetConfig;

/** All stages one after the other, on images whose classes are easy and with networks that learn next to nothing. */
class ExperimentTest {
    private static final int CLASSES = 3;
    private static final int WIDTH = 8;

    @TempDir
    Path folder;

    private final DreamSplits data = new DreamSplits(
            DrawnShapes.of("train", 16, CLASSES, 1),
            DrawnShapes.of("validation", 8, CLASSES, 2),
            DrawnShapes.of("test", 8, CLASSES, 3),
            List.of(unlabelled(DrawnShapes.of("foreign", 8, 5, 4))));

    private static PixelSet unlabelled(PixelSet set) {
        int[] none = new int[set.size()];
        Arrays.fill(none, -1);
        return new PixelSet(set.name(), set.side(), set.channels(), set.pixels(), none, List.of());
    }

    private static DreamPreset preset() {
        ResidualConfig size = new ResidualConfig(1, 4, List.of(4), List.of(1), List.of(1));
        SgdSettings sgd = SgdSettings.of(2, 8, 0.05, new Augmentation(1, false));
        return new DreamPreset(
                "tiny",
                "drawn",
                false,
                true,
                "none",
                size,
                WIDTH,
                sgd,
                new EmbeddingSampling(EmbeddingSampling.Side.OUTLIER, 0.5, 4, 8, 4, 8, 2, 1, false),
                List.of(0.5, 2.0),
                new EmbeddingSampling(EmbeddingSampling.Side.INLIER, 0.03, 4, 16, 8, 8, 1, 1, false),
                new Drawing("plms", 3, 2, 64),
                0.5,
                new ClassifierConfig(size, sgd, 8, 0.1, 4, 0.5, 8, false),
                List.of(),
                1);
    }

    private static LatentConfig generator() {
        return new LatentConfig(
                "tiny",
                DrawnShapes.SIDE,
                new AutoencoderSize(1, 2, List.of(4, 8), 1, 2),
                new UNetConfig(2, 8, List.of(1, 2), List.of(true, true), 1, 2, WIDTH, 2, true),
                1,
                2,
                new TrainingPlan(8, 8, 1e-3, 2, Decay.COSINE, 1, 0.9),
                new TrainingPlan(8, 8, 1e-3, 2, Decay.COSINE, 1, 0.9),
                false);
    }

    private void run(Path root, Progress progress) throws IOException {
        try (Backend device = Devices.open("cpu", new BackendOptions(0, 1))) {
            Experiment experiment = new Experiment(preset(), generator(), data, root, 7, line -> {}, progress);
            experiment.begin();
            // Drawing and probing for the gate takes longer than all the rest, and has a test of its own.
            Files.writeString(experiment.files().check(), "not asked\n");
            experiment.embed(device);
            experiment.sample(device);
            experiment.generator(device);
            experiment.imagine(device);
            experiment.classify(
                    data,
                    experiment.files().classifiers(),
                    preset().variants(),
                    experiment.material(device),
                    List.of(device));
        }
    }

    /** Ends at the n-th call: by a request, after which a stage keeps what it has, or by an error that leaves no time for it. */
    private static Progress ending(int n, boolean asked) {
        AtomicInteger calls = new AtomicInteger();
        return new Progress() {
            @Override
            public void at(String task, long done, long total, String detail) {
                if (calls.incrementAndGet() >= n && !asked) {
                    throw new Killed();
                }
            }

            @Override
            public boolean cancelled() {
                return asked && calls.get() >= n;
            }
        };
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** The bytes of all files; the seconds that a training took are left out. */
    private static Map<String, String> files(Path root) throws IOException {
        Map<String, String> all = new TreeMap<>();
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(root)) {
            paths = walk.filter(Files::isRegularFile).toList();
        }
        for (Path p : paths) {
            String name = root.relativize(p).toString();
            byte[] bytes = Files.readAllBytes(p);
            all.put(
                    name,
                    name.endsWith(".json")
                            ? new String(bytes, StandardCharsets.UTF_8).replaceAll("\"seconds\": [0-9.E-]+", "")
                            : HexFormat.of().formatHex(bytes));
        }
        return all;
    }

    @Test
    void whatIsStoppedAgainAndAgainEndsWithTheSameBytes() throws IOException {
        Path whole = folder.resolve("whole");
        run(whole, Progress.NONE);
        Path pieces = folder.resolve("pieces");
        List<String> ends = new ArrayList<>();
        for (int n = 5; ends.isEmpty() || !ends.getLast().isEmpty(); n += 37) {
            try {
                run(pieces, ending(n, n % 2 == 0));
                ends.add("");
            } catch (CancellationException | Killed e) {
                ends.add(e.getClass().getSimpleName());
            }
        }
        assertTrue(ends.contains("CancellationException") && ends.contains("Killed"), ends.toString());
        Map<String, String> expected = files(whole);
        Map<String, String> found = files(pieces);
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, bytes) -> assertEquals(bytes, found.get(name), name));
        assertTrue(
                expected.containsKey("train/pooled-7.json"), expected.keySet().toString());
        assertNotEquals(expected.get("train/ce-7.safetensors"), expected.get("train/ce-seen-7.safetensors"));
    }

    @Test
    void aFolderOfOtherSettingsIsRefused() throws IOException {
        Experiment first = new Experiment(preset(), generator(), data, folder, 7, line -> {}, Progress.NONE);
        first.begin();
        first.begin();
        Experiment other = new Experiment(preset(), generator(), data, folder, 8, line -> {}, Progress.NONE);
        Exception e = assertThrows(IllegalArgumentException.class, other::begin);
        assertTrue(e.getMessage().contains("other settings"), e.getMessage());
    }
}
