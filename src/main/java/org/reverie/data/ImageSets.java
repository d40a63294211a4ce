package org.reverie.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.reverie.io.FormatException;

/** Opens a set of images from a path; what kind of set it is, the content tells. */
public final class ImageSets {
    private static final List<String> TRAIN_FOLDERS = List.of("train", "training", "images_background");
    private static final List<String> TEST_FOLDERS =
            List.of("test", "testing", "val", "validation", "images_evaluation");

    private ImageSets() {}

    /**
     * Opens a path as a set of images.
     *
     * <ul>
     *   <li>A file: IDX or CIFAR binary (both plain or gzip), the .mat of SVHN, a zip archive of PNG and JPEG, or
     *       one PNG or JPEG.
     *   <li>A folder: one with IDX, {@code .bin} or {@code .mat} files, of which {@code split} picks by name ({@code
     *       train-images-idx3-ubyte}, {@code data_batch_1.bin} against {@code t10k-…}, {@code test_batch.bin}); else
     *       one with a folder for the split ({@code train}, {@code test}, {@code val}); else any folder with PNG and
     *       JPEG files below it, or one zip archive in it. A file whose name tells no split serves both.
     * </ul>
     *
     * @throws FormatException when the format is not recognised or broken
     * @throws NoSuchFileException when there is nothing at the path
     */
    public static ImageSet open(Path path, Split split) throws IOException {
        return open(path, split, simpleName(path));
    }

    /** As {@link #open(Path, Split)}, with the name that the set shall have in reports. */
    public static ImageSet open(Path path, Split split, String name) throws IOException {
        return open(path, split, name, List.of());
    }

    /** As {@link #open(Path, Split, String)}, with class names for files that have none beside them. */
    static ImageSet open(Path path, Split split, String name, List<String> classNames) throws IOException {
        if (Files.isDirectory(path)) {
            return openFolder(path, split, name, classNames);
        }
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString(), null, "there is no such file or folder");
        }
        return openFile(path, name, classNames);
    }

    private static String simpleName(Path path) {
        Path last = path.toAbsolutePath().normalize().getFileName();
        return last == null ? "images" : last.toString();
    }

    private static ImageSet openFile(Path file, String name, List<String> classNames) throws IOException {
        byte[] head = FileBytes.contentHead(file, 512);
        boolean packed = FileBytes.isGzip(FileBytes.head(file, 2));
        if (head.length == 0) {
            throw new FormatException(file.toString(), "", "it is empty");
        }
        if (IdxImages.isImages(head)) {
            return IdxImages.read(file, name, ClassNames.beside(file, classNames));
        }
        if (!packed && MatImages.isMat(head)) {
            return MatImages.read(file, name, classNames);
        }
        if (!packed && ImageZip.isZip(head)) {
            return ImageZip.open(file, name);
        }
        if (!packed && (ImageHeader.isPng(head) || ImageHeader.isJpeg(head))) {
            return ImageFolder.single(file, name);
        }
        if (TarReader.isTar(head)) {
            throw new FormatException(file.toString(), "", "a tar archive has to be unpacked first");
        }
        if (packed || CifarImages.fits(Files.size(file))) {
            return CifarImages.read(List.of(file), name, ClassNames.beside(file, classNames));
        }
        throw new FormatException(
                file.toString(),
                "",
                "its format is not recognised: not IDX or CIFAR binary (plain or gzip), SVHN .mat, zip, PNG or JPEG");
    }

    private static ImageSet openFolder(Path folder, Split split, String name, List<String> classNames)
            throws IOException {
        List<Path> idx = new ArrayList<>();
        List<Path> bins = new ArrayList<>();
        List<Path> mats = new ArrayList<>();
        List<Path> zips = new ArrayList<>();
        for (Path file : regularFiles(folder)) {
            String plain = plainName(file);
            if (plain.contains("images") && plain.contains("idx")) {
                idx.add(file);
            } else if (plain.endsWith(".bin")) {
                bins.add(file);
            } else if (plain.endsWith(".mat")) {
                mats.add(file);
            } else if (plain.endsWith(".zip")) {
                zips.add(file);
            }
        }
        for (List<Path> single : List.of(idx, mats)) {
            if (!single.isEmpty()) {
                return openFile(onlyOne(folder, ofSplit(folder, single, split)), name, classNames);
            }
        }
        if (!bins.isEmpty()) {
            List<Path> chosen = ofSplit(folder, bins, split);
            return CifarImages.read(chosen, name, ClassNames.beside(chosen.getFirst(), classNames));
        }
        Path part = splitFolder(folder, split);
        if (part != null) {
            return openFolder(part, split, name, classNames);
        }
        ImageFolder images = ImageFolder.open(folder, name);
        if (images == null && zips.size() == 1) {
            return ImageZip.open(zips.getFirst(), name);
        }
        if (images == null) {
            throw new FormatException(
                    folder.toString(), "", "there are no IDX, CIFAR binary, .mat, PNG or JPEG files in this folder");
        }
        return images;
    }

    private static Path onlyOne(Path folder, List<Path> files) throws FormatException {
        if (files.size() > 1) {
            throw new FormatException(
                    folder.toString(), "", "several files could be meant; name one of " + names(files));
        }
        return files.getFirst();
    }

    private static List<Path> regularFiles(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    /** The file's name in lower case, without {@code .gz}. */
    private static String plainName(Path file) {
        String lower = file.getFileName().toString().toLowerCase(Locale.ROOT);
        return lower.endsWith(".gz") ? lower.substring(0, lower.length() - 3) : lower;
    }

    private static String names(List<Path> files) {
        return String.join(
                ", ", files.stream().map(p -> p.getFileName().toString()).toList());
    }

    /** The files of one split; a file that lies there plain and packed counts once. */
    private static List<Path> ofSplit(Path folder, List<Path> files, Split split) throws FormatException {
        List<Path> own = new ArrayList<>();
        List<Path> neutral = new ArrayList<>();
        String last = "";
        for (Path file : files) {
            String plain = plainName(file);
            if (plain.equals(last)) {
                continue;
            }
            last = plain;
            Split told = toldBy(plain);
            if (told == split) {
                own.add(file);
            } else if (told == null) {
                neutral.add(file);
            }
        }
        if (!own.isEmpty()) {
            return own;
        }
        if (neutral.isEmpty()) {
            throw new FormatException(folder.toString(), "", "there are no " + split + " images, only " + names(files));
        }
        return neutral;
    }

    private static Split toldBy(String name) {
        if (name.contains("train") || name.contains("data_batch") || name.contains("background")) {
            return Split.TRAIN;
        }
        boolean test = name.contains("t10k") || name.contains("test") || name.contains("evaluation");
        return test ? Split.TEST : null;
    }

    /** The folder of the split asked for, or null when the folder is not divided so. */
    private static Path splitFolder(Path folder, Split split) throws IOException {
        List<String> wanted = split == Split.TRAIN ? TRAIN_FOLDERS : TEST_FOLDERS;
        List<String> other = split == Split.TRAIN ? TEST_FOLDERS : TRAIN_FOLDERS;
        Path found = null;
        boolean divided = false;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path p : files.filter(Files::isDirectory).sorted().toList()) {
                String lower = p.getFileName().toString().toLowerCase(Locale.ROOT);
                int rank = wanted.indexOf(lower);
                if (rank >= 0 && (found == null || rank < wanted.indexOf(plainName(found)))) {
                    found = p;
                }
                divided |= other.contains(lower);
            }
        }
        if (found == null && divided) {
            throw new FormatException(
                    folder.toString(), "", "it has no folder for " + split + " images, one of " + wanted);
        }
        return found;
    }
}
