package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.io.FormatException;

class CifarImagesTest {
    @TempDir
    Path folder;

    @Test
    void planesBecomePixelsAndBatchesOneSet() throws Exception {
        byte[] first = SampleFiles.cifar(new byte[][] {{3}, {9}}, 1);
        byte[] second = SampleFiles.cifar(new byte[][] {{5}, {(byte) 199}, {0}}, 11);
        Files.write(folder.resolve("data_batch_1.bin"), first);
        Files.write(folder.resolve("data_batch_2.bin.gz"), SampleFiles.gzip(second));
        Files.write(folder.resolve("test_batch.bin"), SampleFiles.cifar(new byte[][] {{1}}, 99));
        Files.writeString(folder.resolve("batches.meta.txt"), "airplane\nautomobile\n\n");

        ImageSet train = ImageSets.open(folder, Split.TRAIN);

        assertEquals(5, train.size());
        assertEquals(
                List.of(3, 9, 5, 199, 0),
                List.of(train.label(0), train.label(1), train.label(2), train.label(3), train.label(4)));
        assertEquals(List.of("airplane", "automobile"), train.classNames());
        Image image = train.image(3);
        byte[] planes = SampleFiles.random(3072, 12);
        for (int c = 0; c < 3; c++) {
            assertEquals(planes[c * 1024 + 5 * 32 + 17] & 0xff, image.sample(5, 17, c));
        }
        assertEquals(1, ImageSets.open(folder, Split.TEST).size());
    }

    @Test
    void cifar100HasTheFineLabel() throws Exception {
        byte[] content = SampleFiles.cifar(new byte[][] {{19, 99}, {0, 42}}, 5);
        Files.write(folder.resolve("test.bin"), content);
        ImageSet set = ImageSets.open(folder.resolve("test.bin"), Split.TEST);
        assertEquals(2, set.size());
        assertEquals(99, set.label(0));
        assertEquals(42, set.label(1));
        assertEquals(
                SampleFiles.random(3072, 6)[2 * 1024 + 1023] & 0xff,
                set.image(1).sample(31, 31, 2));
        content[3074] = 20;
        Files.write(folder.resolve("test.bin"), content);
        FormatException e = assertThrows(FormatException.class, () -> ImageSets.open(folder, Split.TEST));
        assertEquals("byte 3074", e.place());
    }

    @Test
    void lengthsThatFitNothingAreNamed() throws Exception {
        byte[] content = SampleFiles.cifar(new byte[][] {{3}, {9}}, 1);
        Path file = Files.write(folder.resolve("data_batch_1.bin"), Arrays.copyOf(content, content.length - 1));
        FormatException e = assertThrows(FormatException.class, () -> ImageSets.open(folder, Split.TRAIN));
        assertEquals(file.toString(), e.file());
        assertTrue(e.rule().contains("6145 bytes are no multiple"), e.rule());
    }

    @Test
    void batchesOfTwoKindsDoNotMix() throws Exception {
        Files.write(folder.resolve("data_batch_1.bin"), SampleFiles.cifar(new byte[][] {{3}}, 1));
        Files.write(folder.resolve("data_batch_2.bin"), SampleFiles.cifar(new byte[][] {{3, 4}}, 1));
        assertThrows(FormatException.class, () -> ImageSets.open(folder, Split.TRAIN));
    }

    @Test
    void officialCifar10() throws Exception {
        Path folder = TestData.file("cifar10/test_batch_first1000.bin.gz").getParent();
        ImageSet test = ImageSets.open(folder, Split.TEST);
        assertEquals(1000, test.size());
        assertEquals(3, test.label(0));
        assertEquals(10_000, ImageSets.open(folder, Split.TRAIN).size());
    }

    @Test
    void textureClassesAreNamed() throws Exception {
        ImageSet set = ImageSets.open(TestData.file("dtd/banbrabumcobcro-600-32x32.bin.gz"), Split.TEST);
        assertEquals(600, set.size());
        assertEquals("banded", set.classNames().get(set.label(0)));
        assertEquals("crosshatched", set.classNames().get(set.label(599)));
    }
}
