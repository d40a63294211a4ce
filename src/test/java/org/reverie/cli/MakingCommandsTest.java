package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;

/** sample and pretrain. */
final class MakingCommandsTest {
    @TempDir
    Path folder;

    @Test
    void samplesDoNotDependOnHowManyAreDrawn() throws IOException {
        String weights = TestData.file("weights/ddpm_fashion.pt").toString();
        String twin = TestData.file("weights/ddpm_fashion-unet.safetensors").toString();
        Path one = folder.resolve("one.png");
        Path three = folder.resolve("three.png");
        Cli.run("sample", "--weights=" + weights, "--steps=3", "--count=1", "--out=" + one)
                .ok();
        Cli.run("sample", "--weights=" + twin, "--steps=3", "--count=3", "--columns=3", "--out=" + three)
                .ok();
        BufferedImage a = ImageIO.read(one.toFile());
        BufferedImage b = ImageIO.read(three.toFile());
        assertEquals(28, a.getWidth());
        assertEquals(3 * 28 + 2 * 2, b.getWidth());
        assertArrayEquals(a.getRGB(0, 0, 28, 28, null, 0, 28), b.getRGB(0, 0, 28, 28, null, 0, 28));
    }

    @Test
    void sampleRefusesWhatMakesNoSense() throws IOException {
        String weights = "--weights=" + DrawnWeights.write("procedural", folder);
        Cli.run("sample").fails(Main.USAGE, "--weights");
        Cli.run("sample", weights, "--sampler=ddpm", "--steps=7").fails(Main.USAGE, "1000 steps");
        Cli.run("sample", weights, "--steps=0").fails(Main.USAGE, "--steps");
        Cli.run("sample", weights, "--eta=2").fails(Main.USAGE, "--eta", "2");
        Cli.run("sample", weights, "--count=0").fails(Main.USAGE, "--count");
        Cli.run("sample", weights, "--sampler=magic").fails(Main.USAGE, "magic");
        Cli.run("sample", weights).fails(Main.FAILED, "procedural.safetensors", "missing");
    }

    @Test
    void aPretrainingThatIsStoppedGoesOnToTheSameBits() throws IOException {
        Path straight = folder.resolve("straight.safetensors");
        Path stopped = folder.resolve("stopped.safetensors");
        assertTrue(
                Cli.run("pretrain", "--steps=2", "--out=" + straight).ok().out().contains("of 960 new images"));
        Main main = new Main();
        main.interruption().request();
        Cli.run(main, "pretrain", "--steps=2", "--out=" + stopped)
                .fails(Main.STOPPED, "run the same command again to go on");
        assertFalse(Files.exists(stopped));
        Cli.run("pretrain", "--steps=3", "--out=" + stopped).fails(Main.FAILED, "stopped.safetensors.state");
        Cli.run("pretrain", "--steps=2", "--out=" + stopped).ok();
        assertArrayEquals(Files.readAllBytes(straight), Files.readAllBytes(stopped));
        assertFalse(Files.exists(folder.resolve("stopped.safetensors.state")));
    }
}
