package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CorruptionsTest {
    private static final Image IMAGE = SampleFiles.randomImage(16, 20, 5);

    private static Image flat(int level) {
        byte[] rgb = new byte[3 * 64 * 64];
        Arrays.fill(rgb, (byte) level);
        return new Image(64, 64, rgb);
    }

    private static double mean(Image image) {
        long sum = 0;
        for (byte b : image.rgb()) {
            sum += b & 0xff;
        }
        return (double) sum / image.rgb().length;
    }

    private static double deviation(Image image) {
        double mean = mean(image);
        double sum = 0;
        for (byte b : image.rgb()) {
            sum += ((b & 0xff) - mean) * ((b & 0xff) - mean);
        }
        return Math.sqrt(sum / image.rgb().length);
    }

    @Test
    void noiseHasItsDeviationAndItsSeed() {
        Image noisy = Corruptions.gaussianNoise(flat(128), 20, 1);
        assertEquals(128, mean(noisy), 0.6);
        assertEquals(20, deviation(noisy), 0.5);
        assertArrayEquals(
                noisy.rgb(), Corruptions.gaussianNoise(flat(128), 20, 1).rgb());
        assertFalse(Arrays.equals(
                noisy.rgb(), Corruptions.gaussianNoise(flat(128), 20, 2).rgb()));
        int changed = 0;
        for (byte b : Corruptions.impulseNoise(flat(7), 0.25, 3).rgb()) {
            changed += b == 7 ? 0 : 1;
        }
        assertEquals(0.25, changed / (3.0 * 64 * 64), 0.02);
    }

    @Test
    void blurKeepsTheMeanAndLowersTheContrast() {
        Image blurred = Corruptions.blur(IMAGE, 1.2);
        assertEquals(mean(IMAGE), mean(blurred), 3);
        assertTrue(deviation(blurred) < 0.4 * deviation(IMAGE));
        assertArrayEquals(flat(200).rgb(), Corruptions.blur(flat(200), 2).rgb());
        assertArrayEquals(IMAGE.rgb(), Corruptions.blur(IMAGE, 0).rgb());
    }

    @Test
    void levelsFollowTheirFormulas() {
        assertArrayEquals(
                IMAGE.rgb(), Corruptions.invert(Corruptions.invert(IMAGE)).rgb());
        assertEquals(255 - IMAGE.sample(3, 4, 1), Corruptions.invert(IMAGE).sample(3, 4, 1));
        assertArrayEquals(IMAGE.rgb(), Corruptions.contrast(IMAGE, 1).rgb());
        assertEquals(0.5 * deviation(IMAGE), deviation(Corruptions.contrast(IMAGE, 0.5)), 0.5);
        assertArrayEquals(flat(180).rgb(), Corruptions.brightness(flat(100), 80).rgb());
        assertArrayEquals(flat(255).rgb(), Corruptions.brightness(flat(250), 80).rgb());
    }

    @Test
    void patchesAreMovedWhole() {
        Image shuffled = Corruptions.shufflePatches(IMAGE, 4, 8);
        byte[] before = IMAGE.rgb().clone();
        byte[] after = shuffled.rgb().clone();
        assertFalse(Arrays.equals(before, after));
        Arrays.sort(before);
        Arrays.sort(after);
        assertArrayEquals(before, after);
    }

    @Test
    void pixelatedBlocksAreFlat() {
        Image blocks = Corruptions.pixelate(IMAGE, 4);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 20; x++) {
                assertEquals(blocks.sample(y / 4 * 4, x / 4 * 4, 2), blocks.sample(y, x, 2));
            }
        }
    }

    @Test
    void mixedSetsDamageEveryImage() throws Exception {
        ImageSet clean = DrawnSets.of("drawn-scenes", 16, 1);
        ImageSet damaged = Corruptions.mixed(clean, 5);
        for (int i = 0; i < 16; i++) {
            assertFalse(Arrays.equals(clean.image(i).rgb(), damaged.image(i).rgb()), "image " + i);
            assertArrayEquals(
                    damaged.image(i).rgb(), Corruptions.mixed(clean, 5).image(i).rgb());
            assertEquals(clean.label(i), damaged.label(i));
        }
        assertThrows(IllegalArgumentException.class, () -> Corruptions.gaussianNoise(IMAGE, -1, 0));
    }
}
