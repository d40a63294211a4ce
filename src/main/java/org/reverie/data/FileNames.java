package org.reverie.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * Image files named by relative paths with forward slashes: which count, in which order, and which classes their
 * folders mean.
 */
final class FileNames {
    /** By code units of the path, so the order is the same on every machine and in every locale. */
    static final Comparator<String> ORDER = Comparator.naturalOrder();

    private static final int LONGEST_PART = 200;

    private FileNames() {}

    /**
     * Whether a name ends as PNG and JPEG files do; hidden files and the resource forks that macOS adds are left out.
     */
    static boolean isImage(String path) {
        String lower = path.toLowerCase(Locale.ROOT);
        if (!lower.endsWith(".png") && !lower.endsWith(".jpg") && !lower.endsWith(".jpeg")) {
            return false;
        }
        return Arrays.stream(path.split("/")).noneMatch(part -> part.startsWith(".") || part.equals("__MACOSX"));
    }

    /** Why a path must not be followed out of its root, or null when it is harmless. */
    static String trick(String path) {
        if (path.startsWith("/") || path.startsWith("\\") || path.matches("[A-Za-z]:.*")) {
            return "an entry's path is relative";
        }
        if (path.indexOf('\0') >= 0) {
            return "an entry's path has no zero byte";
        }
        for (String part : path.split("[/\\\\]")) {
            if (part.equals("..")) {
                return "an entry's path has no \"..\"";
            }
            if (part.length() > LONGEST_PART) {
                return "a part of an entry's path has at most " + LONGEST_PART + " characters";
            }
        }
        return null;
    }

    /**
     * The class of each file: the folder it lies in, without the folders that all have in common.
     *
     * @param labels by file, or −1 throughout when all lie in one folder
     * @param names class names in order, empty when there are no classes
     */
    record Classes(int[] labels, List<String> names) {
        static Classes of(List<String> paths) {
            List<String[]> folders = new ArrayList<>();
            for (String path : paths) {
                String[] parts = path.split("/");
                folders.add(Arrays.copyOf(parts, parts.length - 1));
            }
            int common = folders.getFirst().length;
            for (String[] f : folders) {
                int same = Arrays.mismatch(f, folders.getFirst());
                common = same < 0 ? common : Math.min(common, same);
            }
            TreeSet<String> names = new TreeSet<>(ORDER);
            List<String> own = new ArrayList<>();
            for (String[] f : folders) {
                own.add(String.join("/", Arrays.asList(f).subList(common, f.length)));
                names.add(own.getLast());
            }
            int[] labels = new int[paths.size()];
            if (names.size() < 2) {
                Arrays.fill(labels, -1);
                return new Classes(labels, List.of());
            }
            List<String> sorted = List.copyOf(names);
            for (int i = 0; i < labels.length; i++) {
                labels[i] = Collections.binarySearch(sorted, own.get(i), ORDER);
            }
            return new Classes(labels, sorted);
        }
    }
}
