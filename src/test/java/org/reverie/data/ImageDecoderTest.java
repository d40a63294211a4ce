package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.reverie.io.FormatException;

class ImageDecoderTest {
    /** An 8x8 CMYK JPEG as Adobe programs write it (inks inverted), written by Pillow. */
    private static final byte[] CMYK = Base64.getDecoder()
            .decode(
                    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK"
                        + "/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcI/8QAJBAAAQEECwAAAAAAAAAAAAAAAAgKGiU0QkVGUmaDhKTBw+H/2gAO"
                        + "BEMATQBZAEsAAD8AWGiOvczkWHiPHO59KsW2tubi96mXItqzOt6D/9k=");

    static byte[] cmyk() {
        return CMYK.clone();
    }

    private static Image decode(byte[] bytes) throws IOException {
        return ImageDecoder.decode(bytes, "f", null);
    }

    private static int[] pixel(Image image, int row, int column) {
        return new int[] {image.sample(row, column, 0), image.sample(row, column, 1), image.sample(row, column, 2)};
    }

    @Test
    void greyKeepsItsValues() throws Exception {
        byte[] rows = {0, 0, 100, (byte) 200, 0, 1, 2, (byte) 255};
        Image image = decode(SampleFiles.png(3, 2, 8, 0, null, rows));
        assertArrayEquals(
                new byte[] {0, 0, 0, 100, 100, 100, (byte) 200, (byte) 200, (byte) 200, 1, 1, 1, 2, 2, 2, -1, -1, -1},
                image.rgb());
    }

    @Test
    void sixteenBitsKeepTheHighByte() throws Exception {
        Image grey = decode(SampleFiles.png(2, 1, 16, 0, null, new byte[] {0, 18, 99, (byte) 200, 0}));
        assertArrayEquals(new byte[] {18, 18, 18, (byte) 200, (byte) 200, (byte) 200}, grey.rgb());
        Image rgb = decode(SampleFiles.png(1, 1, 16, 2, null, new byte[] {0, 1, 9, 2, 9, (byte) 250, 9}));
        assertArrayEquals(new byte[] {1, 2, (byte) 250}, rgb.rgb());
    }

    @Test
    void fewBitsAreSpreadToTheWholeRange() throws Exception {
        Image one = decode(SampleFiles.png(3, 1, 1, 0, null, new byte[] {0, (byte) 0b1010_0000}));
        assertArrayEquals(new int[] {255, 255, 255}, pixel(one, 0, 0));
        assertArrayEquals(new int[] {0, 0, 0}, pixel(one, 0, 1));
        Image two = decode(SampleFiles.png(4, 1, 2, 0, null, new byte[] {0, 0b00_01_10_11}));
        assertEquals(85, two.sample(0, 1, 0));
        assertEquals(170, two.sample(0, 2, 0));
    }

    @Test
    void alphaIsDropped() throws Exception {
        Image rgba = decode(SampleFiles.png(1, 1, 8, 6, null, new byte[] {0, 10, 20, 30, 0}));
        assertArrayEquals(new int[] {10, 20, 30}, pixel(rgba, 0, 0));
        Image greyAlpha = decode(SampleFiles.png(1, 1, 8, 4, null, new byte[] {0, 77, 3}));
        assertArrayEquals(new int[] {77, 77, 77}, pixel(greyAlpha, 0, 0));
    }

    @Test
    void paletteIsLookedUp() throws Exception {
        byte[] palette = {1, 2, 3, (byte) 200, 100, 50};
        Image image = decode(SampleFiles.png(2, 1, 8, 3, palette, new byte[] {0, 1, 0}));
        assertArrayEquals(new byte[] {(byte) 200, 100, 50, 1, 2, 3}, image.rgb());
    }

    @Test
    void cmykAsPillowConvertsIt() throws Exception {
        Image image = decode(CMYK);
        assertArrayEquals(new int[] {215, 215, 215}, pixel(image, 0, 0));
        assertArrayEquals(new int[] {27, 155, 104}, pixel(image, 0, 7));
        assertArrayEquals(new int[] {215, 38, 144}, pixel(image, 7, 0));
        assertArrayEquals(new int[] {27, 27, 53}, pixel(image, 7, 7));
        assertArrayEquals(new int[] {83, 100, 104}, pixel(image, 3, 4));
    }

    @Test
    void ycckAsPillowConvertsIt() throws Exception {
        byte[] ycck = CMYK.clone();
        ycck[17] = 2;
        Image image = decode(ycck);
        assertArrayEquals(new int[] {0, 113, 0}, pixel(image, 0, 0));
        assertArrayEquals(new int[] {91, 155, 0}, pixel(image, 0, 7));
        assertArrayEquals(new int[] {0, 2, 124}, pixel(image, 7, 0));
        assertArrayEquals(new int[] {155, 92, 155}, pixel(image, 7, 7));
        assertArrayEquals(new int[] {36, 98, 32}, pixel(image, 3, 4));
    }

    @Test
    void greyJpegIsReplicated() throws Exception {
        BufferedImage grey = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 64; i++) {
            grey.getRaster().setSample(i % 8, i / 8, 0, 90);
        }
        Image image = decode(SampleFiles.encoded(grey, "jpeg"));
        assertArrayEquals(new int[] {90, 90, 90}, pixel(image, 4, 4));
    }

    @Test
    void headersThatLieAreRefusedBeforeDecoding() throws Exception {
        refused(SampleFiles.png(20_000, 20_000, 8, 2, null, new byte[4]), "larger than");
        refused(SampleFiles.png(8000, 8000, 8, 2, null, new byte[4]), "cannot hold the 8000x8000 pixels");
        refused(SampleFiles.png(0, 5, 8, 2, null, new byte[4]), "at least one pixel");
        refused(SampleFiles.png(-1, 5, 8, 2, null, new byte[4]), "at least one pixel");
        byte[] jpeg = SampleFiles.encoded(SampleFiles.buffered(SampleFiles.randomImage(16, 16, 1)), "jpeg");
        int frame = indexOfMarker(jpeg, 0xc0);
        Arrays.fill(jpeg, frame + 5, frame + 7, (byte) 0x1f);
        Arrays.fill(jpeg, frame + 7, frame + 9, (byte) 0x1f);
        refused(jpeg, "cannot hold the 7967x7967 pixels");
    }

    @Test
    void cutAndDamagedImagesAreRefused() throws Exception {
        byte[] png = SampleFiles.png(SampleFiles.randomImage(16, 16, 1));
        refused(Arrays.copyOf(png, png.length / 2), "ends inside a chunk");
        byte[] flipped = png.clone();
        flipped[png.length / 2] ^= 1;
        refused(flipped, "checksum");
        refused(SampleFiles.png(2, 2, 8, 2, null, new byte[] {0, 1, 2, 3, 4, 5, 6, 0, 1}), "does not decode as png");
        byte[] jpeg = SampleFiles.encoded(SampleFiles.buffered(SampleFiles.randomImage(64, 64, 1)), "jpeg");
        refused(Arrays.copyOf(jpeg, jpeg.length * 2 / 3), "cut off");
        refused(new byte[] {1, 2, 3}, "a PNG or a JPEG");
    }

    private static int indexOfMarker(byte[] jpeg, int marker) {
        for (int i = 0; i < jpeg.length; i++) {
            if ((jpeg[i] & 0xff) == 0xff && (jpeg[i + 1] & 0xff) == marker) {
                return i;
            }
        }
        throw new AssertionError("no such marker");
    }

    private static void refused(byte[] bytes, String rule) {
        FormatException e = assertThrows(FormatException.class, () -> decode(bytes));
        assertTrue(e.rule().contains(rule), e.rule());
    }
}
