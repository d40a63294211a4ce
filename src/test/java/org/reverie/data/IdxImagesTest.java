package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.TestData;
import org.reverie.io.FormatException;

class IdxImagesTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void greyIsReplicatedAndLabelsLieBeside(boolean packed) throws Exception {
        byte[] samples = SampleFiles.random(3 * 2 * 5, 1);
        byte[] images = SampleFiles.idx(samples, 3, 2, 5);
        byte[] labels = SampleFiles.idx(new byte[] {7, 0, (byte) 200}, 3);
        String gz = packed ? ".gz" : "";
        Path file = folder.resolve("train-images-idx3-ubyte" + gz);
        Files.write(file, packed ? SampleFiles.gzip(images) : images);
        Files.write(folder.resolve("train-labels-idx1-ubyte" + gz), packed ? SampleFiles.gzip(labels) : labels);

        ImageSet set = ImageSets.open(file, Split.TRAIN);

        assertEquals(3, set.size());
        assertEquals(7, set.label(0));
        assertEquals(200, set.label(2));
        for (int i = 0; i < 3; i++) {
            Image image = set.image(i);
            assertEquals(2, image.height());
            assertEquals(5, image.width());
            for (int p = 0; p < 10; p++) {
                for (int c = 0; c < 3; c++) {
                    assertEquals(samples[10 * i + p] & 0xff, image.sample(p / 5, p % 5, c));
                }
            }
        }
        assertThrows(IndexOutOfBoundsException.class, () -> set.image(3));
    }

    @Test
    void rankFourKeepsColours() throws Exception {
        byte[] samples = SampleFiles.random(2 * 4 * 3 * 3, 2);
        Path file = Files.write(folder.resolve("x-images-idx4-ubyte"), SampleFiles.idx(samples, 2, 4, 3, 3));
        ImageSet set = ImageSets.open(file, Split.TEST);
        assertEquals(-1, set.label(1));
        assertArrayEquals(Arrays.copyOfRange(samples, 36, 72), set.image(1).rgb());
    }

    @Test
    void folderPicksTheSplit() throws Exception {
        Files.write(folder.resolve("train-images-idx3-ubyte"), SampleFiles.idx(new byte[8], 2, 2, 2));
        assertEquals(2, ImageSets.open(folder, Split.TRAIN).size());
        String message = assertThrows(FormatException.class, () -> ImageSets.open(folder, Split.TEST))
                .getMessage();
        assertTrue(message.contains("there are no test images, only train-images-idx3-ubyte"), message);
        Files.write(folder.resolve("t10k-images-idx3-ubyte"), SampleFiles.idx(new byte[12], 3, 2, 2));
        assertEquals(3, ImageSets.open(folder, Split.TEST).size());
    }

    @Test
    void lyingHeadersAreNamed() {
        refused(new byte[] {0, 0, 8}, "byte 0", "at least 4 bytes");
        refused(new byte[] {0, 1, 8, 3}, "byte 0", "two zero bytes");
        refused(new byte[] {0, 0, 13, 3}, "byte 2", "not 13");
        refused(new byte[] {0, 0, 8, 9}, "byte 3", "not 9");
        refused(new byte[] {0, 0, 8, 3, 0, 0}, "byte 4", "ends inside its header");
        refused(SampleFiles.idx(new byte[12], 3, 0, 2), "byte 8", "not 0");
        refused(SampleFiles.idx(new byte[12], 3, -1, 2), "byte 8", "not 4294967295");
        refused(SampleFiles.idx(new byte[12], 4, 2, 2), "byte 4", "ask for 16 bytes after the header, there are 12");
        refused(SampleFiles.idx(new byte[12], 2, 2, 2), "byte 4", "ask for 8 bytes");
        refused(SampleFiles.idx(new byte[12], 1 << 30, 1 << 30, 1 << 30), "byte 4", "2^32 or more");
        refused(SampleFiles.idx(new byte[12], 3, 2, 1, 2), "byte 16", "not 2");
        refused(SampleFiles.idx(new byte[12], 12), "byte 3", "images have rank 3 or 4, not 1");
    }

    private static void refused(byte[] content, String place, String rule) {
        FormatException e = assertThrows(FormatException.class, () -> IdxImages.parse("f", content, "f", List.of()));
        assertEquals(place, e.place());
        assertTrue(e.rule().contains(rule), e.rule());
    }

    @Test
    void labelsMustMatchTheImages() throws Exception {
        Path file = Files.write(folder.resolve("a-images-idx3-ubyte"), SampleFiles.idx(new byte[12], 3, 2, 2));
        Path labels = Files.write(folder.resolve("a-labels-idx1-ubyte"), SampleFiles.idx(new byte[2], 2));
        FormatException e = assertThrows(FormatException.class, () -> ImageSets.open(file, Split.TEST));
        assertEquals(labels.toString(), e.file());
        assertTrue(e.rule().contains("each of the 3 images, not 2"), e.rule());
    }

    @Test
    void truncatedAndDamagedGzipIsNamed() throws Exception {
        byte[] good = SampleFiles.gzip(SampleFiles.idx(SampleFiles.random(4000, 3), 10, 20, 20));
        Path cut = Files.write(folder.resolve("cut.gz"), Arrays.copyOf(good, good.length - 100));
        assertTrue(assertThrows(FormatException.class, () -> ImageSets.open(cut, Split.TEST))
                .rule()
                .contains("cut off"));
        byte[] bad = good.clone();
        bad[good.length - 6] ^= 1;
        Path damaged = Files.write(folder.resolve("bad.gz"), bad);
        assertTrue(assertThrows(FormatException.class, () -> ImageSets.open(damaged, Split.TEST))
                .rule()
                .contains("damaged"));
    }

    @Test
    void aGzipBombIsStopped() throws Exception {
        byte[] bomb = SampleFiles.gzip(new byte[(int) FileBytes.FREE_BYTES + 1]);
        Path file = Files.write(folder.resolve("bomb-images-idx3-ubyte.gz"), bomb);
        FormatException e = assertThrows(FormatException.class, () -> FileBytes.read(file));
        assertTrue(e.rule().contains("unpacks to more than"), e.rule());
    }

    @Test
    void officialMnist() throws Exception {
        ImageSet test =
                ImageSets.open(TestData.file("mnist/t10k-images-idx3-ubyte.gz").getParent(), Split.TEST);
        assertEquals(10_000, test.size());
        assertEquals(7, test.label(0));
        assertEquals(28, test.image(9_999).height());
        assertEquals(
                60_000,
                ImageSets.open(TestData.file("mnist/train-images-idx3-ubyte.gz"), Split.TRAIN)
                        .size());
    }

    @Test
    void omniglotFindsItsAlphabetLabels() throws Exception {
        Path file = TestData.file("omniglot/evaluation-28x28-images-idx3-ubyte.gz");
        ImageSet set = ImageSets.open(file, Split.TEST);
        assertEquals(13_180, set.size());
        boolean[] seen = new boolean[20];
        for (int i = 0; i < set.size(); i++) {
            seen[set.label(i)] = true;
        }
        for (boolean s : seen) {
            assertTrue(s);
        }
    }
}
