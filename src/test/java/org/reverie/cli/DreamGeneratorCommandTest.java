package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;

/** {@code reverie dream generator}. */
class DreamGeneratorCommandTest {
    @TempDir
    Path folder;

    @Test
    void trainsFromRealDigitsAndSaysWhatItMade() throws IOException {
        TestData.file("mnist/t10k-images-idx3-ubyte.gz");
        TestData.file("omniglot/evaluation-28x28-images-idx3-ubyte.gz");
        Path one = folder.resolve("one");
        String out = Cli.run(arguments(one)).ok().out();
        assertTrue(out.contains("3,000 images of 6 classes"), out);
        Path two = folder.resolve("two");
        Cli.run(arguments(two)).ok();
        for (String name : new String[] {"diffusion.safetensors", "autoencoder.safetensors", "samples.png"}) {
            assertArrayEquals(Files.readAllBytes(one.resolve(name)), Files.readAllBytes(two.resolve(name)), name);
        }
        Cli.run("dream", "generator", "--data-dir=" + TestData.folder(), "--seed=2", "--preset=quick", "--out=" + one)
                .fails(Main.FAILED, "generator.json", "other images, embeddings or settings");
    }

    private static String[] arguments(Path out) {
        return new String[] {
            "dream",
            "generator",
            "--data-dir=" + TestData.folder(),
            "--preset=quick",
            "--autoencoder-steps=3",
            "--diffusion-steps=3",
            "--out=" + out
        };
    }

    @Test
    void whatMakesNoSenseIsRefusedInOneLine() {
        String out = "--out=" + folder.resolve("g");
        Cli.run("dream", "generator").fails(Main.USAGE, "--out");
        Cli.run("dream", "generator", out, "--set=letters").fails(Main.USAGE, "--set", "mnist, fashion, cifar10");
        Cli.run("dream", "generator", out, "--preset=big").fails(Main.USAGE, "--preset", "gpu");
        Cli.run("dream", "generator", out, "--decay=steep").fails(Main.USAGE, "--decay");
        Cli.run("dream", "generator", out, "--arch=resnet20").fails(Main.USAGE, "--check");
        Cli.run("dream", "generator", out, "--check", "--arch=resnet20").fails(Main.USAGE, "needs --weights FILE");
        Cli.run("dream", "generator", out, "--features=f.npy").fails(Main.USAGE, "--anchors");
        Cli.run("dream", "generator", out, "--diffusion-steps=0").fails(Main.USAGE, "steps");
        Cli.run("dream", "generator", out, "--data-dir=" + folder).fails(Main.FAILED, "mnist");
    }
}
