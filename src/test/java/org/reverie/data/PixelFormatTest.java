package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PixelFormatTest {
    @Test
    void greyImagesGetABorderAndContrast() throws IOException {
        byte[] rgb = new byte[3 * 28 * 28];
        set(rgb, 28, 0, 0, 100);
        set(rgb, 28, 0, 1, 100);
        set(rgb, 28, 1, 0, 100);
        set(rgb, 28, 1, 1, 51);
        PixelSet s = PixelFormat.STROKES_16.of(one(new Image(28, 28, rgb)), "x");
        // Two pixels of border make one of the smaller image; the mean is 351/4 of 255.
        assertEquals(16 * 16, s.pixels().length);
        assertEquals((float) (2 * 1.4 * (351 / (4.0 * 255)) - 1), s.pixels()[16 + 1]);
        assertEquals(-1, s.pixels()[0]);
        assertEquals((float) (2 * (351 / (4.0 * 255)) - 1), grey(rgb)[16 + 1]);
    }

    private static float[] grey(byte[] rgb) throws IOException {
        return PixelFormat.GREY_16.of(one(new Image(28, 28, rgb)), "x").pixels();
    }

    @Test
    void drawingsAreTurnedToWhiteOnBlack() throws IOException {
        byte[] rgb = new byte[3 * 105 * 105];
        java.util.Arrays.fill(rgb, (byte) 255);
        for (int y = 40; y < 60; y++) {
            for (int x = 40; x < 60; x++) {
                set(rgb, 105, y, x, 155);
            }
        }
        PixelSet s = PixelFormat.STROKES_16.ofDrawings(one(new Image(105, 105, rgb)), "x");
        assertEquals(-1, s.pixels()[0]);
        assertEquals(-1, s.pixels()[3 * 16 + 3]);
        assertEquals(1, s.pixels()[7 * 16 + 7]);
    }

    @Test
    void colourStaysAndGreyIsTripled() throws IOException {
        byte[] rgb = new byte[3 * 32 * 32];
        rgb[0] = (byte) 255;
        rgb[4] = (byte) 255;
        PixelSet s = PixelFormat.COLOUR_32.of(one(new Image(32, 32, rgb)), "x");
        assertEquals(1, s.pixels()[0]);
        assertEquals(-1, s.pixels()[1]);
        assertEquals(1, s.pixels()[4]);
        PixelSet half = PixelFormat.COLOUR_16.of(one(new Image(32, 32, rgb)), "x");
        assertEquals(-0.5f, half.pixels()[0]);
        assertEquals(-0.5f, half.pixels()[1]);
        assertEquals(-1, half.pixels()[2]);
        assertThrows(
                IllegalArgumentException.class, () -> new PixelSet("x", 4, 1, new float[15], new int[] {0}, List.of()));
    }

    private static void set(byte[] rgb, int width, int row, int column, int level) {
        for (int c = 0; c < 3; c++) {
            rgb[3 * (row * width + column) + c] = (byte) level;
        }
    }

    private static ImageSet one(Image image) {
        return new ImageSet() {
            @Override
            public String name() {
                return "one";
            }

            @Override
            public int size() {
                return 1;
            }

            @Override
            public Image image(int index) {
                return image;
            }

            @Override
            public int label(int index) {
                return 0;
            }

            @Override
            public List<String> classNames() {
                return List.of("a");
            }
        };
    }
}
