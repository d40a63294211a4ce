package org.reverie.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.reverie.io.FormatException;

/**
 * Images in the binary format of CIFAR: records of one label byte (CIFAR-10) or two (CIFAR-100: coarse, then fine; the
 * fine one is the label) and 3,072 bytes, the red, green and blue planes of 32x32 pixels. There is no header; the
 * record length is told by the file's length. Plain or gzip; several files make one set in the order given.
 */
final class CifarImages implements ImageSet {
    static final int SIDE = 32;
    private static final int PLANE = SIDE * SIDE;
    private static final int PIXELS = 3 * PLANE;
    private static final int COARSE_CLASSES = 20;
    private static final int FINE_CLASSES = 100;

    private final String name;
    private final byte[][] files;
    /** The index of the first image of each file, and after them the number of images. */
    private final int[] starts;

    private final int labelBytes;
    private final List<String> classNames;

    private CifarImages(String name, byte[][] files, int[] starts, int labelBytes, List<String> classNames) {
        this.name = name;
        this.files = files;
        this.starts = starts;
        this.labelBytes = labelBytes;
        this.classNames = classNames;
    }

    /** Whether a file of this length can be made of such records. */
    static boolean fits(long length) {
        return length > 0 && (length % (PIXELS + 1) == 0 || length % (PIXELS + 2) == 0);
    }

    static CifarImages read(List<Path> paths, String name, List<String> classNames) throws IOException {
        byte[][] files = new byte[paths.size()][];
        for (int i = 0; i < files.length; i++) {
            files[i] = FileBytes.read(paths.get(i));
        }
        return parse(paths.stream().map(Path::toString).toList(), files, name, classNames);
    }

    /** One set from the contents of several files. */
    static CifarImages parse(List<String> names, byte[][] files, String name, List<String> classNames)
            throws FormatException {
        int[] starts = new int[files.length + 1];
        int labelBytes = 0;
        for (int i = 0; i < files.length; i++) {
            int bytes = labelBytes(names.get(i), files[i]);
            if (i > 0 && bytes != labelBytes) {
                throw new FormatException(
                        names.get(i),
                        "file length",
                        "its records have " + bytes + " label bytes, those of the batches before it " + labelBytes);
            }
            labelBytes = bytes;
            starts[i + 1] = Math.addExact(starts[i], files[i].length / (bytes + PIXELS));
        }
        return new CifarImages(name, files, starts, labelBytes, classNames);
    }

    private static int labelBytes(String file, byte[] content) throws FormatException {
        boolean one = content.length % (PIXELS + 1) == 0;
        boolean two = content.length % (PIXELS + 2) == 0;
        if (content.length == 0 || !one && !two) {
            throw new FormatException(
                    file,
                    "file length",
                    "CIFAR records have 3073 or 3074 bytes, and the content's " + content.length
                            + " bytes are no multiple of either");
        }
        int wrong = two ? firstWrongLabel(content) : -1;
        if (two && wrong < 0) {
            return 2;
        }
        if (one) {
            return 1;
        }
        throw new FormatException(
                file,
                "byte " + wrong,
                "CIFAR-100 has coarse labels 0 to 19 and fine labels 0 to 99, not " + (content[wrong] & 0xff));
    }

    /** Where the first label lies that CIFAR-100 does not have, or −1. */
    private static int firstWrongLabel(byte[] content) {
        for (int at = 0; at < content.length; at += PIXELS + 2) {
            if ((content[at] & 0xff) >= COARSE_CLASSES) {
                return at;
            }
            if ((content[at + 1] & 0xff) >= FINE_CLASSES) {
                return at + 1;
            }
        }
        return -1;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return starts[files.length];
    }

    @Override
    public Image image(int index) {
        int file = fileOf(index);
        byte[] content = files[file];
        int from = (index - starts[file]) * (labelBytes + PIXELS) + labelBytes;
        byte[] rgb = new byte[PIXELS];
        for (int i = 0, o = 0; i < PLANE; i++, o += 3) {
            rgb[o] = content[from + i];
            rgb[o + 1] = content[from + PLANE + i];
            rgb[o + 2] = content[from + 2 * PLANE + i];
        }
        return new Image(SIDE, SIDE, rgb);
    }

    @Override
    public int label(int index) {
        int file = fileOf(index);
        return files[file][(index - starts[file]) * (labelBytes + PIXELS) + labelBytes - 1] & 0xff;
    }

    private int fileOf(int index) {
        Objects.checkIndex(index, size());
        int found = Arrays.binarySearch(starts, index);
        return found >= 0 ? found : -found - 2;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }
}
