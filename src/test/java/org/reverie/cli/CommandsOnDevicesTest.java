package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.TestData;
import org.reverie.TestDevices;
import org.reverie.data.DrawnSets;
import org.reverie.data.PngGrid;
import org.reverie.data.Split;
import org.reverie.io.Npy;
import org.reverie.models.stablediffusion.DrawnCheckpoint;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Every command that computes prints and writes the same on a device as on the CPU. */
final class CommandsOnDevicesTest {
    @TempDir
    static Path shared;

    private static Path detector;

    @TempDir
    Path folder;

    @BeforeAll
    static void trainOne() {
        detector = shared.resolve("detector");
        Cli.run(training(detector)).ok();
    }

    private static String[] training(Path out) {
        return new String[] {
            "train",
            "--id=drawn-scenes",
            "--limit=40",
            "--epochs=2",
            "--batch=16",
            "--width=16",
            "--time-width=8",
            "--blocks=1",
            "--out=" + out
        };
    }

    /**
     * Runs a command on the CPU and on a device, each in a folder of its own that {@code OUT} stands for; what they print
     * and all files that they write have the same bytes.
     *
     * @return the CPU's folder
     */
    private Path same(String kind, String... words) throws IOException {
        String device = TestDevices.first(kind);
        Path[] folders = {folder.resolve("cpu"), folder.resolve("device")};
        List<String> printed = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            Path out = Files.createDirectories(folders[i]);
            String[] args = Stream.concat(
                            Stream.of(words), Stream.of("--device=" + (i == 0 ? "cpu" : device), "--quiet"))
                    .map(w -> w.replace("OUT", out.toString()))
                    .toArray(String[]::new);
            Cli run = Cli.run(args).ok();
            assertEquals("", run.err());
            printed.add(run.out().replace(out.toString(), "OUT"));
        }
        assertFalse(printed.getFirst().isBlank());
        assertEquals(printed.get(0), printed.get(1));
        List<Path> files = files(folders[0]);
        assertEquals(files, files(folders[1]));
        for (Path file : files) {
            if (!file.toString().endsWith(".json")) {
                assertArrayEquals(
                        Files.readAllBytes(folders[0].resolve(file)),
                        Files.readAllBytes(folders[1].resolve(file)),
                        file.toString());
            }
        }
        return folders[0];
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(folder::relativize)
                    .sorted()
                    .toList();
        }
    }

    private JsonElement json(String where, String file) throws IOException {
        return JsonParser.parseString(Files.readString(folder.resolve(where).resolve(file)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void train(String kind) throws IOException {
        Path out = same(kind, training(Path.of("OUT")));
        assertTrue(files(out).contains(Path.of("lfdn.safetensors")), files(out)::toString);
        assertEquals(json("cpu", "dlsr.json"), json("device", "dlsr.json"));
    }

    /** The settings in the JSON name the device; the results do not. */
    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void eval(String kind) throws IOException {
        String[] words = {"eval", "--model=" + detector, "--id=drawn-scenes", "--ood=drawn-noise", "--limit=12"};
        for (String mode : new String[] {"fast", "compat"}) {
            same(kind, with(words, "--mode=" + mode, "--cache=OUT", "--json=OUT/result.json"));
            assertEquals(
                    json("cpu", "result.json").getAsJsonObject().get("results"),
                    json("device", "result.json").getAsJsonObject().get("results"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void score(String kind) throws IOException {
        Path image = shared.resolve("scene.png");
        PngGrid.writeImage(image, DrawnSets.open("drawn-scenes", Split.TEST).image(0), Map.of());
        for (String score : new String[] {"mfsim", "residual"}) {
            same(kind, "score", "--model=" + detector, "--csv", "--score=" + score, image.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void predict(String kind) throws IOException {
        String[] words = {"predict", "--arch=procedural", "--data=drawn-glyphs", "--limit=5", "--batch=3"};
        same(kind, with(words, "--taps=stage1,stage4", "--out=OUT/taps.npz"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void pretrain(String kind) throws IOException {
        same(kind, "pretrain", "--steps=1", "--out=OUT/encoder.safetensors");
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void sample(String kind) throws IOException {
        String weights = TestData.file("weights/ddpm_fashion-unet.safetensors").toString();
        same(kind, "sample", "--weights=" + weights, "--steps=2", "--count=2", "--out=OUT/samples.png");
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void imagine(String kind) throws IOException {
        Files.writeString(shared.resolve("merges.txt"), "#version: 0.2\nt h\nth e</w>\na t</w>\nc at</w>\nc a\n");
        Path weights = new DrawnCheckpoint(519).writeCkpt(shared.resolve("sd.ckpt"));
        String[] words = {"imagine", "--weights=" + weights, "--prompt=the cat", "--size=64", "--out=OUT/image.png"};
        for (String method : new String[] {"plms", "dpm"}) {
            same(kind, with(words, "--sampler=" + method, "--steps=2"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"opencl", "cuda"})
    void dream(String kind) throws IOException {
        same(
                kind,
                "dream",
                "sample",
                "--features=" + drawn("features", 3, 40, 8),
                "--anchors=" + drawn("anchors", 3, 8),
                "--k=10",
                "--select=20",
                "--pics=5",
                "--candidates=30",
                "--rounds=2",
                "--out=OUT/embeddings.npy");
    }

    private static Path drawn(String name, int... extents) throws IOException {
        Shape shape = Shape.of(extents);
        float[] values = new float[(int) shape.elements()];
        Philox.fillNormal(1, Philox.stream(name), 0, values);
        Path file = shared.resolve(name + ".npy");
        Npy.write(file, HostTensor.of(shape, values));
        return file;
    }

    private static String[] with(String[] first, String... more) {
        return Stream.concat(Stream.of(first), Stream.of(more)).toArray(String[]::new);
    }
}
