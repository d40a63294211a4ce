package org.reverie.ood.dream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.data.ImageSets;
import org.reverie.data.PixelSet;
import org.reverie.data.PngGrid;
import org.reverie.data.Split;

/**
 * Generated images as PNG, in a folder for each class. Folders and files are named by numbers of one length, so their order
 * as text is that of the classes.
 */
public final class ImagineFolder {
    private ImagineFolder() {}

    /** The folder of a class: {@code 007} of up to a thousand classes. */
    public static Path folder(Path root, int number, int classes) {
        int digits = Math.max(2, Integer.toString(Math.max(0, classes - 1)).length());
        return root.resolve(String.format(Locale.ROOT, "%0" + digits + "d", number));
    }

    /** The file of an image. */
    public static Path file(Path root, int number, int classes, int image) {
        return folder(root, number, classes).resolve(String.format(Locale.ROOT, "%05d.png", image));
    }

    /** How many images, counted from 0, are there without a gap: where to go on. */
    public static int done(Path root, int number, int classes, int wanted) {
        return IntStream.range(0, wanted)
                .filter(i -> !Files.exists(file(root, number, classes, i)))
                .findFirst()
                .orElse(wanted);
    }

    /**
     * Writes one image with what is worth knowing about it. A file has its name only once it is whole; unlike others it is not
     * forced to the disk, for there are thousands, and what a crash takes is drawn again.
     */
    public static void write(Path root, int number, int classes, int image, Image pixels, Map<String, String> text)
            throws IOException {
        Path file = file(root, number, classes, image);
        Files.createDirectories(file.getParent());
        Path begun = file.resolveSibling("." + file.getFileName() + ".tmp");
        Files.write(begun, PngGrid.bytes(pixels, text));
        Files.move(begun, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Reads all images of such folders.
     *
     * @param channels 1 takes the red channel of grey images
     * @return labels are the folders' numbers
     * @throws IllegalArgumentException if there is no image, an image is no square of {@code side} pixels, or a folder is not
     *     named by a number
     */
    public static PixelSet read(Path root, String name, int side, int channels) throws IOException {
        if (!Files.isDirectory(root) || isEmpty(root)) {
            throw new IllegalArgumentException(root + ": there is no image in this folder");
        }
        try (ImageSet set = ImageSets.open(root, Split.TRAIN)) {
            int[] labels = new int[set.size()];
            float[] pixels = new float[Math.multiplyExact(set.size(), side * side * channels)];
            for (int i = 0; i < set.size(); i++) {
                labels[i] = label(root, set.imageName(i));
                Image image = set.image(i);
                if (image.width() != side || image.height() != side) {
                    throw new IllegalArgumentException(root + ": " + set.imageName(i) + " has " + image.width() + "x"
                            + image.height() + " pixels, but " + side + "x" + side + " are needed");
                }
                int each = side * side * channels;
                System.arraycopy(image.signed(channels), 0, pixels, i * each, each);
            }
            return new PixelSet(name, side, channels, pixels, labels, List.of());
        }
    }

    private static boolean isEmpty(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.noneMatch(p -> p.getFileName().toString().endsWith(".png"));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static int label(Path root, String file) {
        int slash = file.indexOf('/');
        String folder = slash < 0 ? "" : file.substring(0, slash);
        if (!folder.matches("\\d{1,9}")) {
            throw new IllegalArgumentException(
                    root + ": " + file + " does not lie in a folder named by its class's number");
        }
        return Integer.parseInt(folder);
    }

    /** Several pools as one, in that order. */
    public static PixelSet join(String name, List<PixelSet> pools) {
        PixelSet first = pools.getFirst();
        List<Integer> labels = new ArrayList<>();
        int floats = pools.stream().mapToInt(p -> p.pixels().length).sum();
        float[] pixels = new float[floats];
        int at = 0;
        for (PixelSet pool : pools) {
            System.arraycopy(pool.pixels(), 0, pixels, at, pool.pixels().length);
            at += pool.pixels().length;
            IntStream.of(pool.labels()).forEach(labels::add);
        }
        int[] all = labels.stream().mapToInt(Integer::intValue).toArray();
        return new PixelSet(name, first.side(), first.channels(), pixels, all, List.of());
    }
}
