package org.reverie.ood.dream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.data.Image;
import org.reverie.data.PixelSet;
import org.reverie.models.Progress;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

class ImaginingTest {
    private static final int SIDE = 4;

    @TempDir
    Path folder;

    /** Paints squares of the level that the embedding's first number says. */
    private static final class Squares implements Painter {
        private int painted;

        @Override
        public int atOnce() {
            return 3;
        }

        @Override
        public int width() {
            return 2;
        }

        @Override
        public List<Image> paint(int number, HostTensor embeddings, long first, Progress progress) {
            List<Image> images = new ArrayList<>();
            for (int i = 0; i < embeddings.shape().dim(0); i++) {
                byte[] rgb = new byte[3 * SIDE * SIDE];
                Arrays.fill(rgb, (byte) embeddings.get(2 * i));
                images.add(new Image(SIDE, SIDE, rgb));
                painted++;
            }
            return images;
        }
    }

    /** Embedding i of class c begins with 20·c + i. */
    private static HostTensor embeddings() {
        float[] values = new float[2 * 8 * 2];
        for (int i = 0; i < 16; i++) {
            values[2 * i] = 20 * (i / 8) + i % 8;
        }
        return HostTensor.of(Shape.of(2, 8, 2), values);
    }

    private static int[] levels(PixelSet set) {
        return IntStream.range(0, set.size())
                .map(i -> set.image(i).sample(0, 0, 0))
                .toArray();
    }

    @Test
    void everyEmbeddingIsDrawnOnceAndOfItsClass() throws IOException {
        new Imagining(new Squares(), embeddings(), 8, 1, Map.of()).run(folder, 1, Progress.NONE);
        PixelSet read = ImagineFolder.read(folder, "read", SIDE, 1);
        int[] levels = levels(read);
        assertEquals(16, levels.length);
        for (int c = 0; c < 2; c++) {
            int[] own = Arrays.copyOfRange(levels, 8 * c, 8 * c + 8);
            Arrays.sort(own);
            int base = 20 * c;
            assertArrayEquals(IntStream.range(base, base + 8).toArray(), own);
        }
        assertArrayEquals(new int[] {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}, read.labels());
        assertTrue(Files.exists(folder.resolve("01/00007.png")));
    }

    @Test
    void whatIsThereIsNotDrawnAgain() throws IOException {
        Squares squares = new Squares();
        Imagining job = new Imagining(squares, embeddings(), 8, 1, Map.of());
        Progress stop = new Progress() {
            private long at;

            @Override
            public void at(String task, long done, long total, String detail) {
                at = done;
            }

            @Override
            public boolean cancelled() {
                return at >= 5;
            }
        };
        assertThrows(CancellationException.class, () -> job.run(folder, 1, stop));
        assertEquals(6, squares.painted);
        Files.delete(folder.resolve("00/00004.png"));
        job.run(folder, 1, Progress.NONE);
        int[] levels = levels(ImagineFolder.read(folder, "read", SIDE, 1));
        Path whole = folder.resolve("whole");
        new Imagining(new Squares(), embeddings(), 8, 1, Map.of()).run(whole, 1, Progress.NONE);
        assertArrayEquals(levels(ImagineFolder.read(whole, "whole", SIDE, 1)), levels);
        assertEquals(6 + 4 + 8, squares.painted);
    }

    @Test
    void severalPicturesMayShareAnEmbedding() {
        int[] rows = new Imagining(new Squares(), embeddings(), 8, 4, Map.of()).choice(0, 3);
        assertEquals(2, IntStream.of(rows).distinct().count());
        assertEquals(rows[0], rows[3]);
        assertEquals(
                8,
                IntStream.of(new Imagining(new Squares(), embeddings(), 8, 1, Map.of()).choice(0, 3))
                        .distinct()
                        .count());
    }

    @Test
    void foldersAreNamedByNumbersOfOneLength() {
        assertEquals("07", ImagineFolder.folder(folder, 7, 10).getFileName().toString());
        assertEquals("07", ImagineFolder.folder(folder, 7, 100).getFileName().toString());
        assertEquals("007", ImagineFolder.folder(folder, 7, 1000).getFileName().toString());
    }

    @Test
    void refusals() throws IOException {
        Exception e = assertThrows(
                IllegalArgumentException.class,
                () -> new Imagining(new Squares(), HostTensor.of(Shape.of(1, 2, 3), new float[6]), 1, 1, Map.of()));
        assertEquals("embeddings [classes, n, 2] are needed, not [1, 2, 3]", e.getMessage());
        Path empty = Files.createDirectories(folder.resolve("empty/00"));
        e = assertThrows(IllegalArgumentException.class, () -> ImagineFolder.read(empty.getParent(), "x", SIDE, 1));
        assertTrue(e.getMessage().endsWith("empty: there is no image in this folder"), e.getMessage());
        new Imagining(new Squares(), embeddings(), 1, 1, Map.of()).run(folder.resolve("named"), 1, Progress.NONE);
        e = assertThrows(IllegalArgumentException.class, () -> ImagineFolder.read(folder.resolve("named"), "x", 5, 1));
        assertTrue(e.getMessage().contains("00/00000.png has 4x4 pixels, but 5x5 are needed"), e.getMessage());
        Files.move(folder.resolve("named/01"), folder.resolve("named/cat"));
        e = assertThrows(
                IllegalArgumentException.class, () -> ImagineFolder.read(folder.resolve("named"), "x", SIDE, 1));
        assertTrue(
                e.getMessage().contains("cat/00000.png does not lie in a folder named by its class"), e.getMessage());
    }
}
