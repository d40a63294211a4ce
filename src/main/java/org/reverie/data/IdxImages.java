package org.reverie.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.reverie.io.FormatException;

/**
 * Images in the IDX format of MNIST and its kin, plain or gzip: a big-endian header (two zero bytes, type 8 = unsigned
 * byte, rank, one 32-bit extent per axis), then the samples. Rank 3 is [n, height, width] grey, rank 4 [n, height,
 * width, 1 or 3]. Labels come from the file that lies beside it, found by name ({@code images-idx3} becomes {@code
 * labels-idx1}).
 */
final class IdxImages implements ImageSet {
    private static final int UNSIGNED_BYTE = 8;

    private final String name;
    private final byte[] content;
    private final Header header;
    private final int offset;
    private final int count;
    private final int height;
    private final int width;
    private final int channels;
    private final byte[] labels;
    private final List<String> classNames;

    private IdxImages(String name, byte[] content, Header header, byte[] labels, List<String> classNames) {
        this.name = name;
        this.content = content;
        this.header = header;
        this.offset = header.bytes();
        this.count = header.extents[0];
        this.height = header.extents[1];
        this.width = header.extents[2];
        this.channels = header.extents.length == 4 ? header.extents[3] : 1;
        this.labels = labels;
        this.classNames = classNames;
    }

    /** Whether content begins as IDX of unsigned bytes with a rank that images have. */
    static boolean isImages(byte[] head) {
        return head.length >= 4
                && head[0] == 0
                && head[1] == 0
                && head[2] == UNSIGNED_BYTE
                && (head[3] == 3 || head[3] == 4);
    }

    /** Reads images and, where a file of labels lies beside them, those too. */
    static IdxImages read(Path file, String name, List<String> classNames) throws IOException {
        IdxImages images = parse(file.toString(), FileBytes.read(file), name, classNames);
        Path labelFile = labelFile(file);
        return labelFile == null
                ? images
                : images.withLabels(parseLabels(labelFile.toString(), FileBytes.read(labelFile), images.count));
    }

    /** Images without labels from the content of a file. */
    static IdxImages parse(String file, byte[] content, String name, List<String> classNames) throws FormatException {
        Header header = Header.parse(file, content);
        header.requireImages(file);
        return new IdxImages(name, content, header, null, classNames);
    }

    private IdxImages withLabels(byte[] labels) {
        return new IdxImages(name, content, header, labels, classNames);
    }

    /** One label for each of {@code images} images from the content of a file. */
    static byte[] parseLabels(String file, byte[] content, int images) throws FormatException {
        Header header = Header.parse(file, content);
        if (header.extents.length != 1) {
            throw new FormatException(file, "byte 3", "labels have rank 1, not " + header.extents.length);
        }
        if (header.extents[0] != images) {
            throw new FormatException(
                    file,
                    "byte 4",
                    "there must be one label for each of the " + images + " images, not " + header.extents[0]);
        }
        byte[] labels = new byte[images];
        System.arraycopy(content, header.bytes(), labels, 0, images);
        return labels;
    }

    /** The labels that belong to a file of images by its name, or null. */
    static Path labelFile(Path images) throws IOException {
        String file = images.getFileName().toString();
        int at = file.indexOf("images");
        if (at < 0) {
            return null;
        }
        String plain = withoutGz(file);
        String exact = plain.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1");
        for (String candidate : List.of(exact, exact + ".gz")) {
            Path p = images.resolveSibling(candidate);
            if (Files.isRegularFile(p)) {
                return p;
            }
        }
        List<Path> similar = new ArrayList<>();
        Path folder = Objects.requireNonNullElse(images.getParent(), Path.of(""));
        try (Stream<Path> files = Files.list(folder.toString().isEmpty() ? Path.of(".") : folder)) {
            files.filter(p -> {
                        String n = p.getFileName().toString();
                        return n.startsWith(file.substring(0, at)) && n.contains("labels") && n.contains("idx1");
                    })
                    .sorted()
                    .forEach(similar::add);
        }
        return similar.size() == 1 ? similar.getFirst() : null;
    }

    private static String withoutGz(String file) {
        return file.endsWith(".gz") ? file.substring(0, file.length() - 3) : file;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return count;
    }

    @Override
    public Image image(int index) {
        int from = offset + Objects.checkIndex(index, count) * height * width * channels;
        if (channels == 1) {
            return Image.ofGrey(height, width, content, from);
        }
        byte[] rgb = new byte[height * width * 3];
        System.arraycopy(content, from, rgb, 0, rgb.length);
        return new Image(height, width, rgb);
    }

    @Override
    public int label(int index) {
        Objects.checkIndex(index, count);
        return labels == null ? -1 : labels[index] & 0xff;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    /** A header that has been checked against the length of the content. */
    private record Header(int[] extents) {
        int bytes() {
            return 4 + 4 * extents.length;
        }

        static Header parse(String file, byte[] content) throws FormatException {
            if (content.length < 4) {
                throw new FormatException(
                        file,
                        "byte 0",
                        "an IDX file has a header of at least 4 bytes, this file ends after " + content.length);
            }
            if (content[0] != 0 || content[1] != 0) {
                throw new FormatException(file, "byte 0", "an IDX file starts with two zero bytes");
            }
            if (content[2] != UNSIGNED_BYTE) {
                throw new FormatException(
                        file, "byte 2", "only IDX type 8 (unsigned byte) is read, not " + (content[2] & 0xff));
            }
            int rank = content[3] & 0xff;
            if (rank < 1 || rank > 4) {
                throw new FormatException(
                        file, "byte 3", "the rank is 1 for labels and 3 or 4 for images, not " + rank);
            }
            if (content.length < 4 + 4 * rank) {
                throw new FormatException(
                        file, "byte 4", "the file ends inside its header of " + (4 + 4 * rank) + " bytes");
            }
            int[] extents = new int[rank];
            long samples = 1;
            for (int i = 0; i < rank; i++) {
                int at = 4 + 4 * i;
                int extent = (content[at] & 0xff) << 24
                        | (content[at + 1] & 0xff) << 16
                        | (content[at + 2] & 0xff) << 8
                        | (content[at + 3] & 0xff);
                if (extent < 1) {
                    throw new FormatException(
                            file, "byte " + at, "an extent is 1 to 2147483647, not " + (extent & 0xffffffffL));
                }
                extents[i] = extent;
                samples = Math.min(samples * extent, 1L << 32);
            }
            Header header = new Header(extents);
            if (samples != content.length - header.bytes()) {
                throw new FormatException(
                        file,
                        "byte 4",
                        "the extents " + Arrays.toString(extents) + " ask for "
                                + (samples == 1L << 32 ? "2^32 or more" : samples)
                                + " bytes after the header, there are "
                                + (content.length - header.bytes()));
            }
            return header;
        }

        void requireImages(String file) throws FormatException {
            if (extents.length < 3) {
                throw new FormatException(file, "byte 3", "images have rank 3 or 4, not " + extents.length);
            }
            if (extents.length == 4 && extents[3] != 1 && extents[3] != 3) {
                throw new FormatException(file, "byte 16", "images have 1 or 3 channels, not " + extents[3]);
            }
            if ((long) extents[1] * extents[2] > ImageDecoder.MAX_PIXELS) {
                throw new FormatException(
                        file,
                        "byte 8",
                        "an image has at most " + ImageDecoder.MAX_PIXELS + " pixels, not " + extents[1] + "x"
                                + extents[2]);
            }
        }
    }
}
