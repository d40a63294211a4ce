package org.reverie.data;

import java.io.IOException;
import java.util.List;

/**
 * How the reduced Dream-OOD setting sees images of any source: brought to 32×32, then, for a side of 16, the mean of each
 * 2×2 pixels. Numbers are worked out from the bytes in one order, so they have the same bits everywhere.
 */
public enum PixelFormat {
    /** 16×16 grey for strokes: brightness times 1.4, cut off at white. */
    STROKES_16(16, 1, 1.4),
    /** 16×16 grey. */
    GREY_16(16, 1, 1),
    /** 16×16 colour. */
    COLOUR_16(16, 3, 1),
    /** 32×32 colour. */
    COLOUR_32(32, 3, 1);

    private static final int CANVAS = 32;
    private static final int MNIST = 28;

    /** Side of a drawn character on the canvas. */
    private static final int GLYPH = 24;

    private final int side;
    private final int channels;
    private final double contrast;

    PixelFormat(int side, int channels, double contrast) {
        this.side = side;
        this.channels = channels;
        this.contrast = contrast;
    }

    /**
     * All images of a set. Images of 32×32 are taken as they are, of 28×28 with a black border of two pixels; others are
     * shrunk, and the middle is taken.
     */
    public PixelSet of(ImageSet set, String name) throws IOException {
        return all(set, name, false);
    }

    /**
     * All images of a set of drawn characters, as Omniglot: bright grounds are inverted, the character is shrunk to 24×24 by
     * the mean over areas, its brightest pixel becomes white, and it stands in the middle of black.
     */
    public PixelSet ofDrawings(ImageSet set, String name) throws IOException {
        return all(set, name, true);
    }

    private PixelSet all(ImageSet set, String name, boolean drawn) throws IOException {
        int each = side * side * channels;
        float[] pixels = new float[Math.multiplyExact(set.size(), each)];
        int[] labels = new int[set.size()];
        for (int i = 0; i < labels.length; i++) {
            Image image = set.image(i);
            write(drawn ? drawing(image) : canvas(image), pixels, i * each);
            labels[i] = set.label(i);
        }
        return new PixelSet(name, side, channels, pixels, labels, List.copyOf(set.classNames()));
    }

    private static Image canvas(Image image) {
        if (image.height() == MNIST && image.width() == MNIST) {
            return centred(image);
        }
        if (image.height() == CANVAS && image.width() == CANVAS) {
            return image;
        }
        return Resize.centreCrop(Resize.shortSide(image, CANVAS, Resize.Filter.BILINEAR), CANVAS, CANVAS);
    }

    private static Image drawing(Image image) {
        Image small = Resize.resize(image, GLYPH, GLYPH, Resize.Filter.BOX);
        byte[] rgb = small.rgb().clone();
        boolean inverted = brightBorder(small);
        int brightest = 1;
        for (int i = 0; i < rgb.length; i++) {
            int v = rgb[i] & 0xff;
            v = inverted ? 255 - v : v;
            rgb[i] = (byte) v;
            brightest = Math.max(brightest, v);
        }
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (((rgb[i] & 0xff) * 255 + brightest / 2) / brightest);
        }
        return centred(new Image(GLYPH, GLYPH, rgb));
    }

    private static boolean brightBorder(Image image) {
        int last = image.height() - 1;
        int sum = 0;
        for (int i = 0; i < last; i++) {
            sum += image.sample(0, i, 0) + image.sample(i, last, 0);
            sum += image.sample(last, last - i, 0) + image.sample(last - i, 0, 0);
        }
        return sum > 4 * last * 127;
    }

    /** A smaller square image in the middle of black. */
    private static Image centred(Image image) {
        int side = image.width();
        int margin = (CANVAS - side) / 2;
        byte[] rgb = new byte[3 * CANVAS * CANVAS];
        for (int y = 0; y < side; y++) {
            System.arraycopy(image.rgb(), 3 * y * side, rgb, 3 * ((y + margin) * CANVAS + margin), 3 * side);
        }
        return new Image(CANVAS, CANVAS, rgb);
    }

    private void write(Image canvas, float[] out, int offset) {
        int factor = CANVAS / side;
        int o = offset;
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                for (int c = 0; c < channels; c++) {
                    double level = contrast * level(canvas, y * factor, x * factor, factor, c);
                    out[o++] = (float) (2 * Math.min(1, level) - 1);
                }
            }
        }
    }

    /** The mean over a square of pixels, 0 to 1; of all three channels where the format is grey. */
    private double level(Image image, int top, int left, int size, int channel) {
        int sum = 0;
        for (int y = top; y < top + size; y++) {
            for (int x = left; x < left + size; x++) {
                sum += channels == 3
                        ? 3 * image.sample(y, x, channel)
                        : image.sample(y, x, 0) + image.sample(y, x, 1) + image.sample(y, x, 2);
            }
        }
        return sum / (3.0 * 255 * size * size);
    }
}
