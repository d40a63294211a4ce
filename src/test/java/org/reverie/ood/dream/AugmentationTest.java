package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    private static float[] image(int side, int channels) {
        float[] image = new float[side * side * channels];
        for (int i = 0; i < image.length; i++) {
            image[i] = i;
        }
        return image;
    }

    /** Of 400 draws every change occurs, and each is one of the nine shifts, mirrored or not. */
    @Test
    void imagesAreShiftedAndMirrored() {
        int side = 4;
        int channels = 3;
        float[] image = image(side, channels);
        Set<String> seen = new HashSet<>();
        for (int n = 0; n < 400; n++) {
            float[] out = new float[image.length];
            new Augmentation(1, true).apply(image, 0, side, channels, out, 0, 1, 2, n);
            seen.add(change(image, out, side, channels));
        }
        assertEquals(18, seen.size(), seen.toString());
        assertTrue(!seen.contains(""), seen.toString());
    }

    private static String change(float[] image, float[] out, int side, int channels) {
        for (int mirrored = 0; mirrored < 2; mirrored++) {
            for (int down = -1; down <= 1; down++) {
                for (int right = -1; right <= 1; right++) {
                    boolean same = true;
                    for (int i = 0; i < out.length; i++) {
                        int y = i / (side * channels) - down;
                        int x = i / channels % side - right;
                        x = mirrored == 1 && x >= 0 && x < side ? side - 1 - x : x;
                        boolean within = y >= 0 && y < side && x >= 0 && x < side;
                        float wanted = within ? image[(y * side + x) * channels + i % channels] : -1;
                        same &= out[i] == wanted;
                    }
                    if (same) {
                        return mirrored + " " + down + " " + right;
                    }
                }
            }
        }
        return "";
    }

    @Test
    void noneChangesNothing() {
        float[] image = image(3, 1);
        float[] out = new float[9];
        Augmentation.NONE.apply(image, 0, 3, 1, out, 0, 1, 2, 3);
        assertArrayEquals(image, out);
    }
}
