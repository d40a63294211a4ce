package org.reverie.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reverie.TestData;
import org.reverie.io.FormatException;

/** Folders and zip archives of images. */
class ImageFilesTest {
    @TempDir
    Path folder;

    @Test
    void folderIsSortedAndItsFoldersAreClasses() throws Exception {
        Image a = SampleFiles.randomImage(3, 4, 1);
        Image b = SampleFiles.randomImage(2, 2, 2);
        write("images/zebra/1.png", SampleFiles.png(b));
        write("images/ape/10.PNG", SampleFiles.png(a));
        write("images/ape/2.png", SampleFiles.png(b));
        write("images/ape/.hidden.png", new byte[0]);
        write("images/ape/empty.png", new byte[0]);
        write("images/readme.txt", new byte[] {1});

        ImageSet set = ImageSets.open(folder, Split.TEST);

        assertEquals(List.of("ape", "zebra"), set.classNames());
        assertEquals(
                List.of("images/ape/10.PNG", "images/ape/2.png", "images/zebra/1.png"),
                IntStream.range(0, 3).mapToObj(set::imageName).toList());
        assertEquals(1, set.label(2));
        assertArrayEquals(a.rgb(), set.image(0).rgb());
        assertArrayEquals(b.rgb(), set.image(1).rgb());
    }

    @Test
    void foldersForTheSplit() throws Exception {
        write("train/x/1.png", SampleFiles.png(SampleFiles.randomImage(2, 2, 1)));
        write("val/x/1.png", SampleFiles.png(SampleFiles.randomImage(2, 2, 1)));
        write("val/y/1.png", SampleFiles.png(SampleFiles.randomImage(2, 2, 1)));
        assertEquals(1, ImageSets.open(folder, Split.TRAIN).size());
        assertEquals(2, ImageSets.open(folder, Split.TEST).size());
    }

    @Test
    void aBrokenImageIsNamed() throws Exception {
        write("x/broken.jpg", "no image".getBytes(StandardCharsets.UTF_8));
        ImageSet set = ImageSets.open(folder, Split.TEST);
        FormatException e = assertThrows(FormatException.class, () -> set.image(0));
        assertTrue(e.file().endsWith("broken.jpg"), e.file());
    }

    @Test
    void zipEqualsFolder() throws Exception {
        Image a = SampleFiles.randomImage(3, 4, 1);
        Image b = SampleFiles.randomImage(2, 2, 2);
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("set/b/1.png", SampleFiles.png(b));
        entries.put("set/a/1.png", SampleFiles.png(a));
        entries.put("__MACOSX/set/a/1.png", new byte[4]);
        entries.put("set/readme.txt", new byte[4]);
        Path zip = Files.write(folder.resolve("set.zip"), SampleFiles.zip(entries));
        try (ImageSet set = ImageSets.open(zip, Split.TEST)) {
            assertEquals(2, set.size());
            assertEquals(List.of("a", "b"), set.classNames());
            assertEquals("set/a/1.png", set.imageName(0));
            assertArrayEquals(a.rgb(), set.image(0).rgb());
            assertArrayEquals(b.rgb(), set.image(1).rgb());
        }
    }

    @Test
    void zipTricksAreRefused() throws Exception {
        byte[] png = SampleFiles.png(SampleFiles.randomImage(2, 2, 1));
        for (String name : List.of("../evil.png", "/abs.png", "a/../../b.png", "C:\\x.png", "a\\..\\b.png")) {
            Path zip = Files.write(folder.resolve("t.zip"), SampleFiles.zip(Map.of(name, png)));
            FormatException e = assertThrows(FormatException.class, () -> ImageSets.open(zip, Split.TEST), name);
            assertTrue(e.rule().contains("path"), e.rule());
        }
        Path twice = Files.write(
                folder.resolve("t.zip"),
                replaced(SampleFiles.zip(new LinkedHashMap<>(Map.of("a.png", png, "b.png", png)))));
        assertTrue(assertThrows(FormatException.class, () -> ImageSets.open(twice, Split.TEST))
                .rule()
                .contains("occurs once"));
        Path none = Files.write(folder.resolve("t.zip"), SampleFiles.zip(Map.of("a.txt", png)));
        assertThrows(FormatException.class, () -> ImageSets.open(none, Split.TEST));
    }

    /** Renames b.png to a.png inside a zip, which gives a duplicate entry. */
    private static byte[] replaced(byte[] zip) {
        String text = new String(zip, StandardCharsets.ISO_8859_1);
        return text.replace("b.png", "a.png").getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void aBombInAZipIsStopped() throws Exception {
        Path zip = Files.write(
                folder.resolve("t.zip"), SampleFiles.zip(Map.of("a.png", new byte[ImageDecoder.MAX_FILE_BYTES + 1])));
        try (ImageSet set = ImageSets.open(zip, Split.TEST)) {
            FormatException e = assertThrows(FormatException.class, () -> set.image(0));
            assertEquals("entry a.png", e.place());
        }
    }

    @Test
    void unknownFormatsAndMissingFiles() throws Exception {
        Path text = Files.writeString(folder.resolve("notes.txt"), "hello there");
        assertTrue(assertThrows(FormatException.class, () -> ImageSets.open(text, Split.TEST))
                .rule()
                .contains("not recognised"));
        assertThrows(FormatException.class, () -> ImageSets.open(folder, Split.TEST));
        Path tar = Files.write(folder.resolve("set.tar.gz"), SampleFiles.gzip(ArchivesTest.sampleTar()));
        assertTrue(assertThrows(FormatException.class, () -> ImageSets.open(tar, Split.TEST))
                .rule()
                .contains("unpacked first"));
        IOException e = assertThrows(IOException.class, () -> ImageSets.open(folder.resolve("nothing"), Split.TEST));
        assertTrue(e.getMessage().contains("no such file"), e.getMessage());
    }

    @Test
    void viewsSelectImages() throws Exception {
        for (int i = 0; i < 4; i++) {
            write("p" + i + ".png", SampleFiles.png(SampleFiles.randomImage(2, 2, i)));
        }
        ImageSet set = ImageSets.open(folder, Split.TEST);
        assertEquals(2, set.limit(2).size());
        assertEquals("p3.png", set.select(3, 0).imageName(0));
        assertArrayEquals(set.image(0).rgb(), set.select(3, 0).image(1).rgb());
        assertEquals(-1, set.select(1).label(0));
    }

    @Test
    void realPhotographsDecode() throws Exception {
        try (ImageSet set = ImageSets.open(TestData.file("imagenet-samples/samples-30.zip"), Split.TEST)) {
            assertEquals(30, set.size());
            for (int i = 0; i < set.size(); i++) {
                Image image = set.image(i);
                assertTrue(image.height() > 50 && image.width() > 50, set.imageName(i));
            }
        }
        try (ImageSet set = ImageSets.open(TestData.file("omniglot/images_background_small1.zip"), Split.TRAIN)) {
            assertEquals(105, set.image(0).height());
            assertEquals(136, set.classNames().size());
        }
    }

    private void write(String name, byte[] bytes) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
    }
}
