package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;

class DreamSetsTest {
    @TempDir
    Path folder;

    @Test
    void digitsAgainstDigitsAndCharacters() throws IOException {
        TestData.file("mnist/t10k-images-idx3-ubyte.gz");
        TestData.file("omniglot/evaluation-28x28-images-idx3-ubyte.gz");
        DreamSplits s = DreamSets.open("mnist", TestData.folder(), false);
        assertEquals(3000, s.train().size());
        assertEquals(540, s.validation().size());
        assertEquals(1800, s.test().size());
        assertEquals(6, s.train().classes());
        assertEquals(
                List.of(1200, 1800), s.outliers().stream().map(PixelSet::size).toList());
        for (int i = 0; i < s.train().size(); i++) {
            assertEquals(i / 500, s.train().labels()[i], "class by class");
        }
        Set<Integer> seen = new HashSet<>();
        for (PixelSet part : List.of(s.train(), s.validation(), s.test())) {
            assertEquals(16, part.side());
            for (int i = 0; i < part.size(); i++) {
                float[] pixels = part.batch(i);
                assertTrue(seen.add(Arrays.hashCode(pixels)), "image " + i + " of " + part.name() + " is there twice");
                for (float v : pixels) {
                    assertTrue(v >= -1 && v <= 1, "pixel " + v);
                }
            }
        }
        // Strokes on black everywhere: a foreign ground would be told apart without looking at the shapes.
        for (PixelSet set : s.outliers()) {
            assertEquals(-1, set.pixels()[0], set.name());
            assertTrue(Arrays.stream(set.labels()).allMatch(l -> l == -1));
        }
        DreamSplits quick = DreamSets.open("mnist", TestData.folder(), true);
        assertEquals(300, quick.train().size());
        assertEquals(180, quick.test().size());
    }

    @Test
    void developmentHasNoImageOfTheTest() throws IOException {
        TestData.file("mnist/t10k-images-idx3-ubyte.gz");
        TestData.file("omniglot/evaluation-28x28-images-idx3-ubyte.gz");
        TestData.file("kmnist/t10k-images-idx3-ubyte.gz");
        DreamSplits s = DreamSets.open("mnist", TestData.folder(), true);
        DreamSplits d = DevelopmentSets.of("mnist", s, TestData.folder());
        assertEquals(s.validation(), d.test());
        assertEquals(
                List.of("halves", "mirrored", "kmnist"),
                d.outliers().stream().map(PixelSet::name).toList());
        Set<Integer> tested = new HashSet<>();
        s.outliers()
                .forEach(set -> IntStream.range(0, set.size()).forEach(i -> tested.add(Arrays.hashCode(set.batch(i)))));
        IntStream.range(0, s.test().size())
                .forEach(i -> tested.add(Arrays.hashCode(s.test().batch(i))));
        for (PixelSet set : d.outliers()) {
            for (int i = 0; i < set.size(); i++) {
                assertFalse(tested.contains(Arrays.hashCode(set.batch(i))), set.name() + " " + i);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> DevelopmentSets.of("letters", s, TestData.folder()));
    }

    @Test
    void halvesAndMirroredImagesAreOfTheirParts() {
        float[] pixels = {0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f};
        PixelSet two = new PixelSet("two", 2, 1, pixels, new int[] {0, 1}, List.of());
        PixelSet joined = DevelopmentSets.halves(two);
        assertEquals(2, joined.size());
        for (int i = 0; i < 2; i++) {
            float[] image = joined.batch(i);
            // The upper half of one above the lower half of the other.
            assertArrayEquals(
                    image[0] == 0 ? new float[] {0, 0.1f, 0.6f, 0.7f} : new float[] {0.4f, 0.5f, 0.2f, 0.3f}, image);
        }
        PixelSet mirrored = DevelopmentSets.mirrored(two, 1);
        assertArrayEquals(new float[] {0.5f, 0.4f, 0.7f, 0.6f}, mirrored.pixels());
        assertEquals(-1, mirrored.labels()[0]);
    }

    @Test
    void photographsAgainstWhatIsThere() throws IOException {
        TestData.file("cifar10/data_batch_1.bin.gz");
        TestData.file("dtd/banbrabumcobcro-600-32x32.bin.gz");
        DreamSplits s = DreamSets.open("cifar10", TestData.folder(), true);
        assertEquals(7 * 80, s.train().size());
        assertEquals(3, s.train().channels());
        assertEquals(
                List.of("airplane", "automobile", "bird", "dog", "frog", "horse", "ship"),
                s.train().classNames());
        assertTrue(s.outliers().stream().anyMatch(o -> o.name().equals("dtd")));
    }

    @Test
    void whatIsMissingIsSaid() {
        String message = assertThrows(FileNotFoundException.class, () -> DreamSets.open("mnist", folder, false))
                .getMessage();
        assertTrue(message.contains("mnist"), message);
        assertThrows(IllegalArgumentException.class, () -> DreamSets.open("letters", folder, false));
    }
}
