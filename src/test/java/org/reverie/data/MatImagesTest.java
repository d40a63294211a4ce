package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.reverie.io.FormatException;

class MatImagesTest {
    @TempDir
    Path folder;

    private static MatImages parse(byte[] content) throws FormatException {
        return MatImages.parse("f", content, "f", List.of());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void firstIndexIsFastestAndTenMeansZero(boolean compressed) throws Exception {
        byte[] x = SampleFiles.random(4 * 5 * 3 * 2, 1);
        Path home = Files.createDirectories(folder.resolve("svhn"));
        Files.write(
                home.resolve("test_32x32.mat"),
                SampleFiles.mat(x, new int[] {4, 5, 3, 2}, new byte[] {10, 7}, compressed));
        ImageSet set = DataCatalogue.resolve("svhn", folder, Split.TEST);
        assertEquals(2, set.size());
        assertEquals(0, set.label(0));
        assertEquals(7, set.label(1));
        for (int n = 0; n < 2; n++) {
            Image image = set.image(n);
            for (int c = 0; c < 3; c++) {
                for (int col = 0; col < 5; col++) {
                    for (int row = 0; row < 4; row++) {
                        assertEquals(x[row + 4 * (col + 5 * (c + 3 * n))] & 0xff, image.sample(row, col, c));
                    }
                }
            }
        }
    }

    @Test
    void liesAreNamed() throws Exception {
        byte[] x = SampleFiles.random(48, 1);
        byte[] good = SampleFiles.mat(x, new int[] {4, 4, 3, 1}, new byte[] {3}, false);
        refused(Arrays.copyOf(good, 100), "header of 128 bytes");
        refused(Arrays.copyOf(good, good.length - 30), "reaches past the end");
        refused(Arrays.copyOf(good, 128), "a matrix X");
        refused(SampleFiles.mat(x, new int[] {4, 4, 3, 2}, new byte[] {3}, false), "do not fit its 48 bytes");
        refused(SampleFiles.mat(x, new int[] {4, 4, 1, 3}, new byte[] {3, 3, 3}, true), "[height, width, 3, n]");
        refused(SampleFiles.mat(x, new int[] {1 << 30, 1 << 30, 3, 16}, new byte[] {3}, true), "do not fit");
        refused(SampleFiles.mat(x, new int[] {4, 4, 3, 1}, new byte[] {3, 4}, true), "each of the 1 images, not 2");
        refused(SampleFiles.mat(x, new int[] {4, 4, 3, 1}, new byte[] {11}, true), "a label is 1 to 10, not 11");
        byte[] packed = SampleFiles.mat(x, new int[] {4, 4, 3, 1}, new byte[] {3}, true);
        packed[140] ^= 0x55;
        refused(packed, "compressed element");
    }

    @Test
    void aBombIsStopped() throws Exception {
        byte[] zeros = new byte[3 * 5000 * 5000];
        refused(SampleFiles.mat(zeros, new int[] {5000, 5000, 3, 1}, new byte[] {3}, true), "unpacks to more than");
    }

    private static void refused(byte[] content, String rule) {
        FormatException e = assertThrows(FormatException.class, () -> parse(content));
        assertTrue(e.rule().contains(rule), e.rule());
    }
}
