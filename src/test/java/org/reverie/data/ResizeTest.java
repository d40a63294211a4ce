package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResizeTest {
    /** The images that the expected values below were computed from, with Pillow 12.3. */
    private static Image image(int height, int width) {
        byte[] rgb = new byte[3 * height * width];
        int s = 1000 * height + width;
        for (int i = 0; i < rgb.length; i++) {
            s = s * 1664525 + 1013904223;
            rgb[i] = (byte) (s >>> 24);
        }
        return new Image(height, width, rgb);
    }

    /** Height and width before and after, filter, CRC-32 of Pillow's bytes. */
    @ParameterizedTest
    @CsvSource({
        "32,32,224,224,NEAREST,9bdb6f31",
        "32,32,224,224,BOX,9bdb6f31",
        "32,32,224,224,BILINEAR,99edbba0",
        "32,32,224,224,BICUBIC,94b114a6",
        "32,32,224,224,LANCZOS,1fa61a45",
        "28,28,32,32,NEAREST,4bd7d14f",
        "28,28,32,32,BOX,4bd7d14f",
        "28,28,32,32,BILINEAR,2e934269",
        "28,28,32,32,BICUBIC,0b1dd47a",
        "28,28,32,32,LANCZOS,951d5c90",
        "28,28,224,224,NEAREST,c47e8f87",
        "28,28,224,224,BOX,c47e8f87",
        "28,28,224,224,BILINEAR,89a53dc3",
        "28,28,224,224,BICUBIC,8160b840",
        "28,28,224,224,LANCZOS,c75bc5c1",
        "105,105,32,32,NEAREST,907a948e",
        "105,105,32,32,BOX,ed7a5be0",
        "105,105,32,32,BILINEAR,9b4bf300",
        "105,105,32,32,BICUBIC,4e7d579d",
        "105,105,32,32,LANCZOS,45216e61",
        "333,500,224,224,NEAREST,d33141c7",
        "333,500,224,224,BOX,cacf9fff",
        "333,500,224,224,BILINEAR,aa8d0795",
        "333,500,224,224,BICUBIC,0abca575",
        "333,500,224,224,LANCZOS,1be74c6e",
        "375,500,256,341,NEAREST,4889e941",
        "375,500,256,341,BOX,880516d3",
        "375,500,256,341,BILINEAR,67c8d540",
        "375,500,256,341,BICUBIC,623418da",
        "375,500,256,341,LANCZOS,358dd05f",
        "7,5,3,11,NEAREST,277e11ea",
        "7,5,3,11,BOX,4ee079f0",
        "7,5,3,11,BILINEAR,e01a8b69",
        "7,5,3,11,BICUBIC,d886a90d",
        "7,5,3,11,LANCZOS,351615a6",
        "1,1,4,4,NEAREST,76a632ca",
        "1,1,4,4,BOX,76a632ca",
        "1,1,4,4,BILINEAR,76a632ca",
        "1,1,4,4,BICUBIC,76a632ca",
        "1,1,4,4,LANCZOS,76a632ca",
        "64,64,32,32,NEAREST,78a1e21e",
        "64,64,32,32,BOX,f32065b6",
        "64,64,32,32,BILINEAR,cfc57ac8",
        "64,64,32,32,BICUBIC,d88f432a",
        "64,64,32,32,LANCZOS,99cce909",
        "9,4,9,13,NEAREST,b159ed6c",
        "9,4,9,13,BOX,b159ed6c",
        "9,4,9,13,BILINEAR,d0f913ae",
        "9,4,9,13,BICUBIC,735470b9",
        "9,4,9,13,LANCZOS,b7395531",
        "50,3,1,3,NEAREST,d1481441",
        "50,3,1,3,BOX,ef67e1d2",
        "50,3,1,3,BILINEAR,ac25e6bd",
        "50,3,1,3,BICUBIC,e651749f",
        "50,3,1,3,LANCZOS,2afb7401",
        "5,5,5,5,NEAREST,dafd6a96",
        "5,5,5,5,BOX,dafd6a96",
        "5,5,5,5,BILINEAR,dafd6a96",
        "5,5,5,5,BICUBIC,dafd6a96",
        "5,5,5,5,LANCZOS,dafd6a96",
        "300,200,7,2,NEAREST,725f4898",
        "300,200,7,2,BOX,6b21de26",
        "300,200,7,2,BILINEAR,ff139b4a",
        "300,200,7,2,BICUBIC,18e209ba",
        "300,200,7,2,LANCZOS,b4783253"
    })
    void bytesOfPillow(int h, int w, int height, int width, Resize.Filter filter, String crc) {
        CRC32 actual = new CRC32();
        actual.update(Resize.resize(image(h, w), height, width, filter).rgb());
        assertEquals(crc, String.format("%08x", actual.getValue()));
    }

    @Test
    void aSmallImageByNumbers() {
        byte[] in = new byte[36];
        for (int i = 0; i < in.length; i++) {
            in[i] = (byte) (7 * i);
        }
        byte[] out =
                Resize.resize(new Image(3, 4, in), 2, 3, Resize.Filter.BILINEAR).rgb();
        int[] pillow = {38, 45, 52, 64, 71, 78, 89, 96, 103, 143, 150, 157, 169, 176, 183, 194, 201, 208};
        for (int i = 0; i < pillow.length; i++) {
            assertEquals(pillow[i], out[i] & 0xff, "byte " + i);
        }
    }

    @Test
    void constantImagesStayConstant() {
        byte[] in = new byte[3 * 37 * 23];
        Arrays.fill(in, (byte) 255);
        for (Resize.Filter filter : Resize.Filter.values()) {
            for (byte b : Resize.resize(new Image(37, 23, in), 19, 64, filter).rgb()) {
                assertEquals((byte) 255, b);
            }
        }
    }

    @Test
    void shortSideKeepsTheRatio() {
        Image wide = Resize.shortSide(image(50, 75), 32, Resize.Filter.BILINEAR);
        assertEquals(32, wide.height());
        assertEquals(48, wide.width());
        Image tall = Resize.shortSide(image(75, 50), 32, Resize.Filter.BILINEAR);
        assertEquals(48, tall.height());
        assertEquals(32, tall.width());
    }

    @Test
    void centreCropRoundsHalfToEven() {
        Image image = image(7, 9);
        Image crop = Resize.centreCrop(image, 4, 4); // margins 3 and 5: top 1.5 gives 2, left 2.5 gives 2
        assertEquals(image.sample(2, 2, 0), crop.sample(0, 0, 0));
        assertEquals(image.sample(5, 5, 2), crop.sample(3, 3, 2));
        assertThrows(IllegalArgumentException.class, () -> Resize.centreCrop(image, 8, 2));
        assertArrayEquals(image.rgb(), Resize.centreCrop(image, 7, 9).rgb());
    }
}
