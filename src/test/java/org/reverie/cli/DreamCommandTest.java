package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.io.Npy;
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
}
