package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.Image;
import org.reverie.io.Npy;
import org.reverie.models.stablediffusion.DrawnCheckpoint;
import org.reverie.ood.dream.ImagineFolder;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

final class DreamCommandTest {
    @TempDir
    Path folder;

    private Path drawn(String name, int... extents) throws IOException {
        Shape shape = Shape.of(extents);
        float[] values = new float[(int) shape.elements()];
        Philox.fillNormal(1, Philox.stream(name), 0, values);
        Path file = folder.resolve(name + ".npy");
        Npy.write(file, HostTensor.of(shape, values));
        return file;
    }

    @Test
    void embeddingsHaveTheLengthsOfTheAnchors() throws IOException {
        Path features = drawn("features", 3, 40, 8);
        Path anchors = drawn("anchors", 3, 8);
        Path out = folder.resolve("out.npy");
        String[] args = {
            "dream",
            "sample",
            "--features=" + features,
            "--anchors=" + anchors,
            "--k=10",
            "--select=20",
            "--pics=5",
            "--candidates=30",
            "--rounds=2",
            "--out=" + out
        };
        assertEquals(
                out + ": [3, 20, 8]" + System.lineSeparator(),
                Cli.run(args).ok().out());
        byte[] first = Files.readAllBytes(out);
        float[] rows = Npy.read(out).toFloats();
        float[] tokens = Npy.read(anchors).toFloats();
        for (int i = 0; i < 60; i++) {
            assertEquals(length(tokens, i / 20), length(rows, i), 1e-5);
        }
        Cli.run(args).ok();
        assertArrayEquals(first, Files.readAllBytes(out));
    }

    private static double length(float[] rows, int i) {
        double squares = 0;
        for (int j = 8 * i; j < 8 * i + 8; j++) {
            squares += rows[j] * rows[j];
        }
        return Math.sqrt(squares);
    }

    @Test
    void refusals() throws IOException {
        String features = "--features=" + drawn("features", 3, 40, 8);
        String anchors = "--anchors=" + drawn("anchors", 3, 8);
        String others = "--anchors=" + drawn("others", 4, 8);
        Cli.run("dream").fails(Main.USAGE, "reverie dream", "a command is missing");
        Cli.run("dream", "sample", features).fails(Main.USAGE, "--anchors");
        Cli.run("dream", "sample", features, anchors, "--k=0").fails(Main.USAGE, "positive");
        Cli.run("dream", "sample", features, anchors).fails(Main.FAILED, "class 0 has 40 features, but k is 300");
        Cli.run("dream", "sample", features, others).fails(Main.FAILED, "[3, 40, 8] and [4, 8]");
    }

    @Test
    void embeddingsOfSeveralDeviationsArePooled() throws IOException {
        Path out = folder.resolve("pooled.npy");
        Cli run = Cli.run(
                "dream",
                "sample",
                "--features=" + drawn("features", 3, 40, 8),
                "--anchors=" + drawn("anchors", 3, 8),
                "--preset=small",
                "--k=10",
                "--pics=5",
                "--rounds=1",
                "--sigma=0.1,0.4",
                "--out=" + out);
        assertEquals(out + ": [3, 20, 8]" + System.lineSeparator(), run.ok().out());
    }

    private Path pictures(String name, int classes, int each, int side) throws IOException {
        Path root = folder.resolve(name);
        for (int c = 0; c < classes; c++) {
            for (int i = 0; i < each; i++) {
                byte[] rgb = new byte[3 * side * side];
                Arrays.fill(rgb, (byte) (40 * c + i));
                ImagineFolder.write(root, c, classes, i, new Image(side, side, rgb), Map.of());
            }
        }
        return root;
    }

    /** From pictures to a classifier that is measured, with tiny settings: shapes and files, not figures. */
    @Test
    void aClassifierIsTrainedAndMeasured() throws IOException {
        Path id = pictures("id", 3, 12, 32);
        Path foreign = pictures("foreign", 2, 8, 32);
        Path embed = folder.resolve("embed");
        String[] sgd = {"--epochs=2", "--batch=12"};
        Cli.run("dream", "embed", "--id=" + id, sgd[0], sgd[1], "--width=8", "--out=" + embed)
                .ok();
        assertEquals(Shape.of(3, 12, 8), Npy.read(embed.resolve("features.npy")).shape());
        Path model = folder.resolve("classifier.safetensors");
        String[] words = {
            "dream",
            "train",
            "--id=" + id,
            "--format=colour_32",
            sgd[0],
            sgd[1],
            "--outliers=" + foreign,
            "--out=" + model
        };
        Cli.run(words).ok();
        byte[] first = Files.readAllBytes(model);
        Files.delete(model);
        Main main = new Main();
        main.interruption().request();
        assertEquals(Main.STOPPED, Cli.run(main, words).code());
        Cli.run(words).ok();
        assertArrayEquals(first, Files.readAllBytes(model));
        Cli eval = Cli.run("dream", "eval", "--model=" + model, "--id=" + id, "--ood=" + foreign, "--robust=" + id)
                .ok();
        assertTrue(eval.out().contains("energy") && eval.out().contains("accuracy on id"), eval.out());
    }

    @Test
    void whatStagesNeedIsSaidInOneLine() throws IOException {
        String vectors = "--vectors=" + drawn("vectors", 2, 4, 8);
        String out = "--out=" + folder.resolve("out");
        Cli.run("dream", "embed", out).fails(Main.USAGE, "either --set or --id");
        Cli.run("dream", "embed", "--set=letters", out).fails(Main.USAGE, "mnist, fashion, cifar10");
        Cli.run("dream", "embed", "--id=" + pictures("one", 1, 3, 32), out).fails(Main.FAILED, "needs a class");
        Cli.run("dream", "imagine", vectors, out).fails(Main.USAGE, "either --generator or --weights");
        Cli.run("dream", "imagine", vectors, "--weights=x", out).fails(Main.USAGE, "--classes");
        Cli.run("dream", "imagine", vectors, "--generator=" + folder.resolve("none"), out)
                .fails(Main.FAILED, "none");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        String id = "--id=" + pictures("id", 2, 4, 32);
        Cli.run("dream", "train", id, "--outliers=" + empty, out)
                .fails(Main.FAILED, "empty: there is no image in this folder");
        Cli.run("dream", "train", id, "--outliers=" + empty, "--against=vos", out)
                .fails(Main.USAGE, "either");
        Cli.run("dream", "train", id, "--out=" + empty).fails(Main.FAILED, "empty: is a folder");
        Cli.run("dream", "embed", id, "--out=" + drawn("file", 1)).fails(Main.FAILED, "file exists already");
        Cli.run("dream", "embed", id, "--width=0", out).fails(Main.USAGE, "--width must be positive");
        Cli.run("dream", "imagine", vectors, "--weights=none", "--classes=" + empty, out)
                .fails(Main.FAILED, "empty: is not a regular file");
        Cli.run("dream", "train", id, "--encoder=x", out).fails(Main.USAGE, "--encoder filters --outliers");
        Cli.run("dream", "train", id, "--passed=0.3", out).fails(Main.USAGE, "--passed needs a --generator");
        Cli.run("dream", "train", id, "--quick", out).fails(Main.USAGE, "--quick is for an experiment's images");
        Cli.run("dream", "train", id, "--shift=32", out).fails(Main.FAILED, "32 pixels a side can't be shifted");
        Cli.run("dream", "embed", "--set=mnist", "--limit=9", out).fails(Main.USAGE, "--limit is for data sets");
        Cli.run("dream", "imagine", vectors, "--generator=x", "--scale=NaN", out)
                .fails(Main.USAGE, "--scale must be a number");
        Cli.run("dream", "imagine", vectors, "--generator=x", "--precision=bf16", out)
                .fails(Main.USAGE, "--precision is for Stable Diffusion");
        Cli.run("dream", "eval", id, "--model=x").fails(Main.USAGE, "--ood");
        Cli.run("dream", "run", "letters").fails(Main.USAGE, "there is no preset");
        Cli.run("dream", "run", "--data-dir=" + empty, out).fails(Main.FAILED, "mnist");
    }

    /** Stable Diffusion's layout at little width: the class word's token is replaced, each picture from another embedding. */
    @Test
    void stableDiffusionImagines() throws IOException {
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\nth e</w>\na t</w>\nc at</w>\nc a\n");
        Path weights = new DrawnCheckpoint(519).writeCkpt(folder.resolve("sd.ckpt"));
        Path classes = Files.writeString(folder.resolve("classes.txt"), "cat\nthe bat\tthe\n");
        Path out = folder.resolve("imagined");
        Cli run = Cli.run(
                "dream",
                "imagine",
                "--vectors=" + drawn("vectors", 2, 3, 32),
                "--weights=" + weights,
                "--classes=" + classes,
                "--count=2",
                "--steps=2",
                "--drawn=64",
                "--size=32",
                "--out=" + out);
        assertTrue(run.ok().out().contains("2 pictures of each of 2 classes"), run.out());
        byte[] first = Files.readAllBytes(out.resolve("00/00000.png"));
        assertTrue(!Arrays.equals(first, Files.readAllBytes(out.resolve("00/00001.png"))));
        assertEquals(
                2,
                ImagineFolder.read(out, "imagined", 32, 3)
                        .select("class 1", 2, 3)
                        .size());
        Files.writeString(classes, "chimpanzee\tcat\nthe\n");
        Cli.run(
                        "dream",
                        "imagine",
                        "--vectors=" + drawn("vectors", 2, 3, 32),
                        "--weights=" + weights,
                        "--classes=" + classes,
                        "--out=" + out)
                .fails(Main.FAILED, "does not occur in the prompt");
    }
}
