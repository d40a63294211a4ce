package org.reverie.ood.dream;

import java.util.Arrays;
import org.reverie.random.Philox;

/**
 * Random changes of a training image: mirrored with probability one half, then shifted by up to some pixels in each
 * direction, what comes in being black (a random crop of the padded image).
 *
 * @param shift pixels at most
 * @param mirror whether to mirror left and right
 */
public record Augmentation(int shift, boolean mirror) {
    private static final float BLACK = -1;

    /** Images as they are. */
    public static final Augmentation NONE = new Augmentation(0, false);

    public Augmentation {
        if (shift < 0) {
            throw new IllegalArgumentException("a shift is at least 0, not " + shift);
        }
    }

    /**
     * Writes a changed image. The change depends on the seed, the stream and the number alone.
     *
     * @param from images {@code [.., side, side, channels]}, of which the one at offset {@code at} is read
     * @param number of the draw in the stream
     */
    void apply(
            float[] from, int at, int side, int channels, float[] to, int target, long seed, long stream, long number) {
        int row = side * channels;
        if (shift == 0 && !mirror) {
            System.arraycopy(from, at, to, target, side * row);
            return;
        }
        boolean mirrored = mirror && Philox.below(seed, stream, 3 * number, 2) == 1;
        int down = Philox.below(seed, stream, 3 * number + 1, 2 * shift + 1) - shift;
        int right = Philox.below(seed, stream, 3 * number + 2, 2 * shift + 1) - shift;
        Arrays.fill(to, target, target + side * row, BLACK);
        for (int y = Math.max(0, down); y < Math.min(side, side + down); y++) {
            for (int x = Math.max(0, right); x < Math.min(side, side + right); x++) {
                int source = x - right;
                int column = mirrored ? side - 1 - source : source;
                System.arraycopy(
                        from, at + (y - down) * row + column * channels, to, target + y * row + x * channels, channels);
            }
        }
    }
}
