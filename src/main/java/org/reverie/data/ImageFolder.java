package org.reverie.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.reverie.io.FormatException;

/**
 * PNG and JPEG files below a folder (or one such file), sorted by relative path; the class of an image is the folder it
 * lies in.
 */
final class ImageFolder implements ImageSet {
    private static final int MAX_DEPTH = 32;

    private final String name;
    private final Path root;
    private final List<String> files;
    private final FileNames.Classes classes;

    private ImageFolder(String name, Path root, List<String> files) {
        this.name = name;
        this.root = root;
        this.files = files;
        this.classes = FileNames.Classes.of(files);
    }

    /** The images below {@code root}; null when there are none. */
    static ImageFolder open(Path root, String name) throws IOException {
        try (Stream<Path> walk = Files.walk(root, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
            List<String> files = walk.filter(ImageFolder::hasContent)
                    .map(p -> String.join("/", names(root.relativize(p))))
                    .filter(FileNames::isImage)
                    .sorted(FileNames.ORDER)
                    .toList();
            return files.isEmpty() ? null : new ImageFolder(name, root, files);
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof FileSystemLoopException loop) {
                throw new FormatException(root.toString(), loop.getFile(), "a link leads back to a folder above it", e);
            }
            throw e.getCause();
        }
    }

    /**
     * Published sets contain image files without a single byte (notMNIST has two); they are no images and are left out.
     */
    private static boolean hasContent(Path file) {
        try {
            return Files.isRegularFile(file) && Files.size(file) > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One image file as a set of one. */
    static ImageFolder single(Path file, String name) {
        Path folder = file.toAbsolutePath().getParent();
        return new ImageFolder(name, folder, List.of(file.getFileName().toString()));
    }

    private static List<String> names(Path relative) {
        return Stream.iterate(0, i -> i < relative.getNameCount(), i -> i + 1)
                .map(i -> relative.getName(i).toString())
                .toList();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public Image image(int index) throws IOException {
        Path file = root.resolve(files.get(index));
        long size = Files.size(file);
        if (size > ImageDecoder.MAX_FILE_BYTES) {
            throw new FormatException(
                    file.toString(),
                    "file size",
                    "an image file has at most " + ImageDecoder.MAX_FILE_BYTES + " bytes, not " + size);
        }
        return ImageDecoder.decode(Files.readAllBytes(file), file.toString(), null);
    }

    @Override
    public int label(int index) {
        return classes.labels()[index];
    }

    @Override
    public List<String> classNames() {
        return classes.names();
    }

    @Override
    public String imageName(int index) {
        return files.get(index);
    }
}
