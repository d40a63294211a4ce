package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DrawnSetsTest {
    /** Any other machine must draw these very bytes. */
    @ParameterizedTest
    @CsvSource({
        "drawn-scenes, f1a9ccf6",
        "drawn-glyphs, f11602fc",
        "drawn-signs, bed5cbe1",
        "drawn-stripes, 6b94a5b2",
        "drawn-noise, c8783f66",
        "drawn-negatives, 29c1ee81",
        "drawn-shuffled, 8fe24f26",
    })
    void bytesAreFixed(String name, String crc) throws Exception {
        CRC32 actual = new CRC32();
        ImageSet set = DrawnSets.of(name, 50, 42);
        for (int i = 0; i < set.size(); i++) {
            actual.update(set.image(i).rgb());
        }
        assertEquals(crc, String.format("%08x", actual.getValue()));
    }

    @Test
    void imagesDependOnSeedAndIndexOnly() throws Exception {
        for (String name : DrawnSets.names()) {
            ImageSet set = DrawnSets.of(name, 5, 3);
            assertEquals(32, set.image(0).height());
            assertEquals(32, set.image(0).width());
            byte[] third = set.image(3).rgb();
            assertArrayEquals(third, DrawnSets.of(name, 500, 3).image(3).rgb(), name);
            assertFalse(Arrays.equals(third, set.image(2).rgb()), name);
            assertFalse(Arrays.equals(third, DrawnSets.of(name, 5, 4).image(3).rgb()), name);
        }
    }

    @Test
    void everyClassOccursAndTrainingIsNotTheTest() throws Exception {
        for (String name : DrawnSets.names()) {
            ImageSet test = DrawnSets.open(name, Split.TEST);
            int classes = test.classNames().size();
            long seen =
                    IntStream.range(0, test.size()).map(test::label).distinct().count();
            assertEquals(classes, seen, name);
            ImageSet train = DrawnSets.open(name, Split.TRAIN);
            assertEquals(4000, train.size());
            assertFalse(Arrays.equals(train.image(0).rgb(), test.image(0).rgb()), name);
            assertFalse(DrawnSets.about(name).isBlank());
        }
    }

    @Test
    void threadsSeeTheSameImages() throws Exception {
        ImageSet set = DrawnSets.of("drawn-scenes", 64, 1);
        Preprocess preprocess = Preprocess.procedural();
        float[] batch = new float[64 * preprocess.floatsPerImage()];
        preprocess.fill(set, 0, 64, batch);
        float[] one = new float[preprocess.floatsPerImage()];
        for (int i = 0; i < 64; i++) {
            preprocess.fill(set.image(i), one, 0);
            assertArrayEquals(one, Arrays.copyOfRange(batch, i * one.length, (i + 1) * one.length));
        }
    }

    /**
     * The reason for the choice of sets: the in-distribution one must hold more detail than the glyphs set against it.
     */
    @Test
    void scenesAreRicherThanGlyphs() throws Exception {
        assertTrue(packedBytes("drawn-scenes") > 4 * packedBytes("drawn-glyphs"));
    }

    private static long packedBytes(String name) throws Exception {
        ImageSet set = DrawnSets.of(name, 50, 9);
        long bytes = 0;
        for (int i = 0; i < set.size(); i++) {
            bytes += SampleFiles.png(set.image(i)).length;
        }
        return bytes;
    }

    @Test
    void unknownNamesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> DrawnSets.of("drawn-cats", 3, 1));
        assertThrows(IllegalArgumentException.class, () -> DrawnSets.of("drawn-noise", 0, 1));
        assertThrows(
                IndexOutOfBoundsException.class,
                () -> DrawnSets.of("drawn-noise", 3, 1).image(3));
        assertEquals(List.of("drawn-scenes"), DrawnSets.names().subList(0, 1));
    }
}
