package org.reverie.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.models.stablediffusion.DrawnCheckpoint;

/** imagine, with a model of Stable Diffusion's layout and little width whose weights are drawn from a seed. */
final class ImagineCommandTest {
    @TempDir
    static Path folder;

    private static Path ckpt;
    private static Path diffusers;

    @BeforeAll
    static void writeModels() throws IOException {
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\nth e</w>\na t</w>\nc at</w>\nc a\n");
        DrawnCheckpoint drawn = new DrawnCheckpoint(519);
        ckpt = drawn.writeCkpt(folder.resolve("sd.ckpt"));
        diffusers = drawn.writeFolder(folder.resolve("diffusers"));
        Files.createDirectories(diffusers.resolve("tokenizer"));
        Files.copy(folder.resolve("merges.txt"), diffusers.resolve("tokenizer/merges.txt"));
    }

    private static int[] imagine(String name, String... more) throws IOException {
        Path out = folder.resolve(name + ".png");
        String[] usual = {"imagine", "--size=64", "--out=" + out};
        String[] args = Arrays.copyOf(usual, usual.length + more.length);
        System.arraycopy(more, 0, args, usual.length, more.length);
        assertEquals(out + System.lineSeparator(), Cli.run(args).ok().out());
        BufferedImage image = ImageIO.read(out.toFile());
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    @Test
    void theSameSettingsGiveTheSamePicture() throws IOException {
        String prompt = "--prompt=The cat";
        int[] one = imagine("one", "--weights=" + ckpt, prompt, "--steps=3", "--seed=7");
        assertEquals(64 * 64, one.length);
        assertArrayEquals(
                one, imagine("two", "--weights=" + diffusers, prompt, "--steps=3", "--seed=7", "--lanes=128"));
        assertFalse(Arrays.equals(one, imagine("seed", "--weights=" + ckpt, prompt, "--steps=3", "--seed=8")));
        assertFalse(Arrays.equals(one, imagine("text", "--weights=" + ckpt, "--prompt=cab", "--steps=3", "--seed=7")));
        String png = Files.readString(folder.resolve("one.png"), StandardCharsets.ISO_8859_1);
        for (String text : new String[] {"The cat", "sd.ckpt", "plms", "Guidance", "7.5", "64x64", "Seed"}) {
            assertTrue(png.contains(text), text);
        }
        int[] from = imagine(
                "from",
                "--weights=" + ckpt,
                prompt,
                "--negative=the",
                "--sampler=dpm",
                "--steps=4",
                "--init-image=" + folder.resolve("one.png"),
                "--strength=0.5");
        assertEquals(64 * 64, from.length);
        assertTrue(Files.readString(folder.resolve("from.png"), StandardCharsets.ISO_8859_1)
                .contains("one.png, strength 0.5"));
    }

    @Test
    void lowPrecisionDrawsNearlyTheSame() throws IOException {
        String[] wish = {"--weights=" + ckpt, "--prompt=The cat", "--steps=3", "--seed=7"};
        int[] f32 = imagine("f32", wish);
        for (String precision : new String[] {"bf16", "f16"}) {
            String[] low = Arrays.copyOf(wish, 5);
            low[4] = "--precision=" + precision;
            int[] drawn = imagine(precision, low);
            long distance = 0;
            for (int i = 0; i < drawn.length; i++) {
                distance += Math.abs((drawn[i] & 0xff) - (f32[i] & 0xff));
            }
            assertTrue(distance < 4L * drawn.length, precision + ": " + distance / (double) drawn.length);
            assertTrue(Files.readString(folder.resolve(precision + ".png"), StandardCharsets.ISO_8859_1)
                    .contains(precision));
        }
    }

    @Test
    void everyMethodDraws() throws IOException {
        for (String method : new String[] {"ddim", "ddpm", "dpm"}) {
            imagine(method, "--weights=" + ckpt, "--prompt=x", "--sampler=" + method, "--steps=2", "--scale=1");
        }
    }

    @Test
    void whatMakesNoSenseIsRefusedInOneLine() throws IOException {
        String weights = "--weights=" + ckpt;
        String prompt = "--prompt=cat";
        Cli.run("imagine", prompt).fails(Main.USAGE, "--weights");
        Cli.run("imagine", weights).fails(Main.USAGE, "--prompt");
        Cli.run("imagine", weights, prompt, "--steps=0").fails(Main.USAGE, "--steps");
        Cli.run("imagine", weights, prompt, "--steps=1001").fails(Main.USAGE, "--steps");
        Cli.run("imagine", weights, prompt, "--size=100").fails(Main.USAGE, "multiples of 64");
        Cli.run("imagine", weights, prompt, "--size=big").fails(Main.USAGE, "--size");
        Cli.run("imagine", weights, prompt, "--strength=0").fails(Main.USAGE, "--strength");
        Cli.run("imagine", weights, prompt, "--sampler=magic").fails(Main.USAGE, "magic");
        Path absent = folder.resolve("absent.ckpt");
        Cli.run("imagine", "--weights=" + absent, prompt).fails(Main.FAILED, "no such file", "absent.ckpt");
        Path other = DrawnWeights.write("procedural", folder);
        Cli.run("imagine", "--weights=" + other, prompt)
                .fails(
                        Main.FAILED,
                        "no tensor of the U-Net (model.diffusion_model.…)",
                        "cond_stage_model.transformer.");
        Path empty = Files.createDirectories(folder.resolve("empty"));
        Cli.run("imagine", "--weights=" + empty, prompt).fails(Main.USAGE, "vocabulary", "tokenizer");
        Path vocabulary = folder.resolve("short.txt");
        Files.writeString(vocabulary, "#version\nt h\n");
        Cli.run("imagine", weights, prompt, "--vocabulary=" + vocabulary).fails(Main.FAILED, "515", "519");
        Cli.run("imagine", "--weights=" + empty, prompt, "--vocabulary=" + vocabulary)
                .fails(Main.FAILED, "no such file", "unet");
        Cli.run("imagine", weights, prompt, "--init-image=" + vocabulary).fails(Main.FAILED, "short.txt");
    }
}
