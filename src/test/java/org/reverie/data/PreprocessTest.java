package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreprocessTest {
    private static final Image PIXEL = new Image(1, 1, new byte[] {(byte) 255, 128 - 256, 0});

    private static float[] first(Preprocess preprocess) {
        float[] out = new float[preprocess.floatsPerImage()];
        preprocess.fill(PIXEL, out, 0);
        return Arrays.copyOf(out, 3);
    }

    @Test
    void presetsGiveTheirFormulas() {
        assertArrayEquals(
                new float[] {(1f - 0.485f) / 0.229f, (128 / 255f - 0.456f) / 0.224f, (0f - 0.406f) / 0.225f},
                first(Preprocess.imagenet(4)));
        assertArrayEquals(new float[] {1f, 128 / 127.5f - 1f, -1f}, first(Preprocess.mobilenet(4)));
        assertArrayEquals(new float[] {-104f, 11f, 132f}, first(Preprocess.squeezenet(4)));
        assertArrayEquals(new float[] {2f, (128 / 255f - 0.5f) / 0.25f, -2f}, first(Preprocess.procedural()));
        assertEquals(32, Preprocess.of("cifar-resnet").side());
        assertThrows(IllegalArgumentException.class, () -> Preprocess.of("vgg"));
    }

    @Test
    void batchesHoldImagesOneAfterTheOther() throws Exception {
        byte[] content = SampleFiles.cifar(new byte[][] {{1}, {2}, {3}}, 4);
        ImageSet set = CifarImages.parse(List.of("f"), new byte[][] {content}, "f", List.of());
        Preprocess preprocess = Preprocess.imagenet(40);
        float[] batch = new float[2 * preprocess.floatsPerImage() + 5];
        preprocess.fill(set, 1, 2, batch);
        float[] one = new float[preprocess.floatsPerImage()];
        for (int i = 0; i < 2; i++) {
            preprocess.fill(set.image(1 + i), one, 0);
            assertArrayEquals(one, Arrays.copyOfRange(batch, i * one.length, (i + 1) * one.length));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> preprocess.fill(set, 0, 3, batch));
    }

    @Test
    void cropTakesTheMiddleOfThePhotograph() {
        byte[] rgb = new byte[3 * 8 * 16];
        for (int y = 0; y < 8; y++) {
            Arrays.fill(rgb, 3 * (16 * y + 4), 3 * (16 * y + 12), (byte) 255);
        }
        Image image = new Image(8, 16, rgb);
        for (byte b : Preprocess.mobilenet(8).cropped(8).fit(image).rgb()) {
            assertEquals((byte) 255, b);
        }
        assertThrows(
                IllegalArgumentException.class, () -> Preprocess.mobilenet(8).cropped(7));
    }
}
