package org.reverie.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.reverie.data.Image;
import org.reverie.data.ImageBatches;
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

    /** The paths of all words; a word without a match is an error. */
    static List<Path> expand(List<String> words) throws IOException {
        List<Path> paths = new ArrayList<>();
        for (String word : words) {
            paths.addAll(expand(word));
        }
        return paths;
    }

    /** What to call an image: the file named by the user, or its place within what the user named. */
    private static String name(Path named, ImageSet set, int index) {
        String within = set.imageName(index);
        return set.size() == 1 && Path.of(within).getFileName().equals(named.getFileName())
                ? named.toString()
                : named + ": " + within;
    }

    /**
     * All pictures of some paths, in order. A path is opened when its turn comes and closed after its last picture; one that
     * can't be opened is a picture that can't be read. Asked for by one thread at a time.
     */
    static final class Pictures implements Iterator<ImageBatches.Picture>, AutoCloseable {
        private final Iterator<Path> paths;
        private final Set<ImageSet> open = ConcurrentHashMap.newKeySet();
        private Path path;
        private ImageSet set;
        private int index;
        private volatile long known;

        Pictures(List<Path> paths) {
            this.paths = paths.iterator();
            this.known = paths.size();
        }

        /** The number of pictures in all, as far as paths have been opened; others count one. */
        long known() {
            return known;
        }

        @Override
        public boolean hasNext() {
            return set != null || paths.hasNext();
        }

        @Override
        public ImageBatches.Picture next() {
            if (set == null) {
                path = paths.next();
                try {
                    set = ImageSets.open(path, Split.TEST);
                } catch (IOException e) {
                    return new Unreadable(path.toString(), e);
                }
                open.add(set);
                index = 0;
                known += set.size() - 1;
            }
            Member picture = new Member(name(path, set, index), set, index, open);
            if (++index == set.size()) {
                set = null;
            }
            return picture;
        }

        /** Closes what is still open: pictures that were handed out can't be read any more. */
        @Override
        public void close() throws IOException {
            for (ImageSet s : open) {
                s.close();
            }
        }
    }

    private record Member(String name, ImageSet set, int index, Set<ImageSet> open) implements ImageBatches.Picture {
        @Override
        public Image image() throws IOException {
            return set.image(index);
        }

        /** A set is in memory or holds a file open, so it goes with its last picture. */
        @Override
        public void done() throws IOException {
            if (index == set.size() - 1 && open.remove(set)) {
                set.close();
            }
        }
    }

    private record Unreadable(String name, IOException reason) implements ImageBatches.Picture {
        @Override
        public Image image() throws IOException {
            throw reason;
        }
    }
}
