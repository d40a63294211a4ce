package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PngGridTest {
    @TempDir
    Path folder;

    @Test
    void whatIsWrittenReadsBack() throws Exception {
        for (int side : new int[] {1, 7, 64}) {
            Image image = SampleFiles.randomImage(side, side + 2, side);
            Path file = folder.resolve("x.png");
            PngGrid.writeImage(file, image, Map.of());
            assertArrayEquals(
                    image.rgb(),
                    ImageDecoder.decode(Files.readAllBytes(file), "x", null).rgb());
        }
    }

    @Test
    void gridPlacesImagesRowByRow() {
        Image a = SampleFiles.randomImage(3, 4, 1);
        Image b = SampleFiles.randomImage(3, 4, 2);
        Image c = SampleFiles.randomImage(2, 2, 3);
        Image grid = PngGrid.grid(List.of(a, b, c), 2);
        assertEquals(8, grid.height());
        assertEquals(10, grid.width());
        assertEquals(a.sample(2, 3, 0), grid.sample(2, 3, 0));
        assertEquals(b.sample(0, 0, 1), grid.sample(0, 6, 1));
        assertEquals(c.sample(1, 1, 2), grid.sample(6, 1, 2));
        assertEquals(255, grid.sample(0, 4, 0));
        assertEquals(255, grid.sample(7, 9, 0));
        assertThrows(IllegalArgumentException.class, () -> PngGrid.grid(List.of(), 2));
    }

    @Test
    void textIsInTheFileAndKeywordsAreChecked() throws Exception {
        Path file = folder.resolve("x.png");
        Image image = SampleFiles.randomImage(4, 4, 1);
        PngGrid.write(file, List.of(image, image), 2, Map.of("seed", "17", "Author", "Ü"));
        String content = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        assertTrue(content.contains("iTXtseed\0\0\0\0\0" + "17"));
        assertTrue(content.contains("Author\0\0\0\0\0Ü"));
        assertEquals(10, ImageIO.read(file.toFile()).getWidth());
        assertThrows(IllegalArgumentException.class, () -> PngGrid.writeImage(file, image, Map.of("", "x")));
        assertThrows(IllegalArgumentException.class, () -> PngGrid.writeImage(file, image, Map.of("a\nb", "x")));
    }
}
