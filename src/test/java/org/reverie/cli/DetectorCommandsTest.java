package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.DrawnSets;
import org.reverie.data.PngGrid;
import org.reverie.data.Split;

/** train, eval and score, on a tiny detector. */
final class DetectorCommandsTest {
    @TempDir
    static Path folder;

    private static String weights;
    private static Path detector;

    @BeforeAll
    static void trainOne() throws IOException {
        weights = DrawnWeights.write("procedural", folder).toString();
        detector = folder.resolve("detector");
        Cli run = Cli.run(train(detector)).ok();
        assertTrue(run.out().startsWith("drawn-scenes: 57 images to train on, 3 held out"), run.out());
        assertTrue(run.out().endsWith(detector + System.lineSeparator()), run.out());
        assertEquals("", run.err());
    }

    private static String[] train(Path out, String... more) {
        List<String> words = new ArrayList<>(List.of("train", "--id=drawn-scenes", "--limit=60", "--epochs=2"));
        words.addAll(List.of("--width=16", "--time-width=8", "--blocks=1", "--weights=" + weights, "--out=" + out));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    @Test
    void aTrainingThatIsStoppedGoesOnToTheSameBits() throws IOException {
        Path stopped = folder.resolve("stopped");
        Main main = new Main();
        main.interruption().request();
        Cli first = Cli.run(main, train(stopped));
        assertEquals(Main.STOPPED, first.code(), first.err());
        assertFalse(Files.exists(stopped.resolve("lfdn.safetensors")));
        Cli.run(train(stopped)).ok();
        for (String file : new String[] {"lfdn.safetensors", "lfdn-first-epoch.safetensors", "dlsr.json"}) {
            assertArrayEquals(
                    Files.readAllBytes(detector.resolve(file)), Files.readAllBytes(stopped.resolve(file)), file);
        }
    }

    @Test
    void otherSettingsInTheSameFolderAreRefused() {
        Cli.run(train(detector, "--seed=5")).fails(Main.FAILED, "state.safetensors", "other features or settings");
    }

    @Test
    void evalPrintsATableAndWritesJsonAndReport() throws IOException {
        Path json = folder.resolve("result.json");
        Path report = folder.resolve("report.html");
        String[] words = {
            "eval",
            "--model=" + detector,
            "--id=drawn-scenes",
            "--ood=drawn-noise,drawn-glyphs",
            "--limit=40",
            "--cache=" + folder.resolve("cache"),
            "--json=" + json,
            "--report=" + report
        };
        Cli first = Cli.run(words).ok();
        assertTrue(first.out().startsWith("ID drawn-scenes, 40 images"), first.out());
        assertTrue(first.out().lines().anyMatch(l -> l.startsWith("average ")), first.out());
        JsonObject results = JsonParser.parseString(Files.readString(json))
                .getAsJsonObject()
                .getAsJsonObject("results")
                .getAsJsonObject("drawn-noise");
        for (String score : List.of("MFsim", "MSE", "LR", "mahalanobis", "knn")) {
            assertEquals(
                    List.of("auroc", "fpr95", "aupr_in", "aupr_out"),
                    List.copyOf(results.getAsJsonObject(score).keySet()));
        }
        String page = Files.readString(report);
        assertTrue(page.contains("drawn-glyphs[") && page.contains("data:image/png"), "pictures are in the report");
        assertTrue(page.contains("reverie eval --model"), "the command is in the report");
        assertEquals(first.out(), Cli.run(words).ok().out(), "cached features give the same table");
    }

    @Test
    void evalKnowsTheModesOfReconstruction() {
        String[] words = {"eval", "--model=" + detector, "--id=drawn-scenes", "--ood=drawn-noise", "--limit=8", ""};
        List<String> tables = new ArrayList<>();
        for (String mode : new String[] {"--mode=clean", "--mode=compat", "--mode=fast"}) {
            words[5] = mode;
            tables.add(Cli.run(words).ok().out());
        }
        assertEquals(3, tables.stream().distinct().count(), "each mode has a fingerprint of its own");
        words[5] = "--t=101";
        Cli.run(words).fails(Main.USAGE, "time step", "101");
        words[5] = "--mode=slow";
        Cli.run(words).fails(Main.USAGE, "slow");
    }

    @Test
    void scoreGivesAVerdictForEveryImage() throws IOException {
        Path images = Files.createDirectories(folder.resolve("images"));
        for (int i = 0; i < 3; i++) {
            PngGrid.writeImage(
                    images.resolve("scene, " + i + ".png"),
                    DrawnSets.open("drawn-scenes", Split.TEST).image(i),
                    Map.of());
        }
        Path noise = folder.resolve("noise.png");
        PngGrid.writeImage(noise, DrawnSets.open("drawn-noise", Split.TEST).image(0), Map.of());

        Cli text = Cli.run("score", "--model=" + detector, noise.toString()).ok();
        assertTrue(
                text.out().matches("(ID|OOD) +MFsim -?\\d\\.\\d{4} \\(up to -?\\d\\.\\d{4} is ID\\)  .*noise.png\\R"),
                text.out());

        Cli csv = Cli.run("score", "--model=" + detector, "--csv", images.toString(), images + "/*1.png")
                .ok();
        List<String> lines = csv.out().lines().toList();
        assertEquals("image,score,threshold,verdict", lines.getFirst());
        assertEquals(5, lines.size(), csv.out());
        assertTrue(lines.get(1).startsWith("\"" + images + ": scene, 0.png\","), lines.get(1));
        String scoreOfOne = lines.get(2).substring(lines.get(2).lastIndexOf("png\","));
        assertTrue(lines.get(4).endsWith(scoreOfOne), "an image's score depends on no other image");

        Path broken = Files.writeString(folder.resolve("broken.png"), "not a picture");
        Cli json = Cli.run("score", "--model=" + detector, "--json", "--score=lr", broken.toString(), noise.toString());
        assertEquals(Main.FAILED, json.code());
        assertEquals(1, json.err().lines().count(), json.err());
        assertTrue(json.err().contains("broken.png"), json.err());
        JsonArray array = JsonParser.parseString(json.out()).getAsJsonArray();
        assertEquals(1, array.size());
        assertEquals(
                List.of("image", "score", "threshold", "verdict"),
                List.copyOf(array.get(0).getAsJsonObject().keySet()));
    }

    @Test
    void lowPrecisionTrainsAndScoresNearF32() throws IOException {
        Path noise = folder.resolve("low.png");
        PngGrid.writeImage(noise, DrawnSets.open("drawn-noise", Split.TEST).image(0), Map.of());
        double f32 = mfsim(detector, noise, "f32");
        for (String precision : new String[] {"bf16", "f16"}) {
            assertEquals(f32, mfsim(detector, noise, precision), 0.05, precision);
            Path low = folder.resolve(precision);
            Cli.run(train(low, "--precision=" + precision)).ok();
            assertTrue(Files.readString(low.resolve("dlsr.json")).contains("\"precision\": \"" + precision + "\""));
            assertFalse(Arrays.equals(
                    Files.readAllBytes(detector.resolve("lfdn.safetensors")),
                    Files.readAllBytes(low.resolve("lfdn.safetensors"))));
            assertEquals(f32, mfsim(low, noise, "f32"), 0.05, precision);
            Cli.run(train(low)).fails(Main.FAILED, "state.safetensors", "other features or settings");
        }
        Cli.run("score", "--model=" + detector, "--precision=f64", noise.toString())
                .fails(Main.USAGE, "f64");
    }

    private static double mfsim(Path model, Path image, String precision) {
        String out = Cli.run("score", "--model=" + model, "--csv", "--precision=" + precision, image.toString())
                .ok()
                .out();
        return Double.parseDouble(out.lines().toList().get(1).split(",")[1]);
    }

    @Test
    void errorsNameTheFileAndTheRule() {
        String model = "--model=" + detector;
        Cli.run("eval", "--model=" + folder.resolve("nowhere"), "--id=drawn-scenes", "--ood=drawn-noise")
                .fails(Main.FAILED, "nowhere", "dlsr.json");
        Cli.run("eval", model, "--id=drawn-scenes", "--ood=atlantis").fails(Main.FAILED, "atlantis");
        Cli.run("eval", model, "--id=drawn-scenes").fails(Main.USAGE, "--ood");
        Cli.run("score", model, "absent.png").fails(Main.FAILED, "absent.png");
        Cli.run("score", model, folder + "/*.tiff").fails(Main.FAILED, "*.tiff");
        Cli.run("score", model).fails(Main.USAGE, "IMAGES");
        Cli.run("score", model, "--csv", "--json", "x.png").fails(Main.USAGE, "--csv");
        Cli.run("train", "--id=drawn-scenes", "--encoder=resnet20", "--out=" + folder.resolve("x"))
                .fails(Main.USAGE, "resnet20 needs --weights");
        Cli.run(train(folder.resolve("x"), "--taps=stage9")).fails(Main.FAILED, "stage9");
        Cli.run(train(folder.resolve("x"), "--pooling=most")).fails(Main.USAGE, "most");
        Cli.run(train(folder.resolve("x"), "--lr=0")).fails(Main.FAILED, "learning rate");
    }
}
