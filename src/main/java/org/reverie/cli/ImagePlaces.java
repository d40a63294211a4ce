package org.reverie.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.reverie.data.Image;
import org.reverie.data.ImageSet;
import org.reverie.data.ImageSets;
import org.reverie.data.Split;

/** Images that a user names one by one: files, folders, archives, patterns. */
final class ImagePlaces {
    private ImagePlaces() {}

    /** The paths that a word means: itself, or what its last part matches as a pattern, in order of their names. */
    static List<Path> expand(String word) throws IOException {
        Path path = Path.of(word);
        Path last = path.getFileName();
        if (Files.exists(path) || last == null || !last.toString().matches(".*[*?\\[{].*")) {
            return List.of(path);
        }
        Path folder = path.getParent() == null ? Path.of("") : path.getParent();
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> matches = Files.newDirectoryStream(folder, last.toString())) {
            matches.forEach(found::add);
        }
        if (found.isEmpty()) {
            throw new NoSuchFileException(word);
        }
        found.sort(null);
        return found;
    }

    static ImageSet open(Path path) throws IOException {
        return ImageSets.open(path, Split.TEST);
    }

    /** What to call an image: the file named by the user, or its place within what the user named. */
    static String name(Path named, ImageSet set, int index) {
        String within = set.imageName(index);
        return set.size() == 1 && Path.of(within).getFileName().equals(named.getFileName())
                ? named.toString()
                : named + ": " + within;
    }

    /** Decoded images as a set. */
    record InMemory(List<Image> images, List<String> names) implements ImageSet {
        @Override
        public String name() {
            return "images";
        }

        @Override
        public int size() {
            return images.size();
        }

        @Override
        public Image image(int index) {
            return images.get(index);
        }

        @Override
        public int label(int index) {
            return -1;
        }

        @Override
        public List<String> classNames() {
            return List.of();
        }

        @Override
        public String imageName(int index) {
            return names.get(index);
        }
    }
}
