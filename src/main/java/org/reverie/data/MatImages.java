package org.reverie.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.reverie.io.FormatException;

/**
 * The cropped digits of SVHN: a MATLAB level 5 MAT-file, little-endian, with a matrix {@code X} of unsigned bytes
 * [height, width, 3, n] (first index fastest) and a matrix {@code y} of n labels, of which 10 means the digit 0.
 * Matrices may be compressed; others are skipped. Layout as in "MAT-File Format" by The MathWorks.
 */
final class MatImages implements ImageSet {
    private static final int HEADER = 128;
    private static final int INT8 = 1;
    private static final int UINT8 = 2;
    private static final int INT32 = 5;
    private static final int UINT32 = 6;
    private static final int DOUBLE = 9;
    private static final int MATRIX = 14;
    private static final int COMPRESSED = 15;
    private static final int CLASS_UINT8 = 9;

    private final String name;
    private final Matrix images;
    private final int[] labels;
    private final List<String> classNames;

    private MatImages(String name, Matrix images, int[] labels, List<String> classNames) {
        this.name = name;
        this.images = images;
        this.labels = labels;
        this.classNames = classNames;
    }

    static boolean isMat(byte[] head) {
        byte[] start = "MATLAB 5.0 MAT".getBytes(StandardCharsets.US_ASCII);
        return head.length >= start.length && Arrays.equals(head, 0, start.length, start, 0, start.length);
    }

    static MatImages read(Path file, String name, List<String> classNames) throws IOException {
        return parse(file.toString(), FileBytes.read(file), name, classNames);
    }

    /** A set from the content of a file. */
    static MatImages parse(String file, byte[] content, String name, List<String> classNames) throws FormatException {
        if (content.length < HEADER || content[126] != 'I' || content[127] != 'M') {
            throw new FormatException(
                    file, "byte 126", "a MAT-file has a header of 128 bytes that ends with the little-endian mark IM");
        }
        Matrix images = null;
        Matrix labels = null;
        int at = HEADER;
        while (at < content.length) {
            Element element = Element.at(file, content, at);
            Matrix matrix = Matrix.of(file, at, element);
            if (matrix != null && matrix.name.equals("X")) {
                images = matrix;
            } else if (matrix != null && matrix.name.equals("y")) {
                labels = matrix;
            }
            at = element.next;
        }
        if (images == null) {
            throw new FormatException(file, "", "a file of SVHN has a matrix X of images");
        }
        images.requireImages(file);
        return new MatImages(name, images, labels(file, labels, images.extents[3]), classNames);
    }

    private static int[] labels(String file, Matrix matrix, int count) throws FormatException {
        if (matrix == null) {
            return null;
        }
        if (matrix.count() != count) {
            throw new FormatException(
                    file,
                    "matrix y",
                    "there must be one label for each of the " + count + " images, not " + matrix.count());
        }
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            double label = matrix.type == UINT8
                    ? matrix.content[matrix.offset + i] & 0xff
                    : little(matrix.content).getDouble(matrix.offset + 8 * i);
            if (label < 0 || label > 10 || label != Math.rint(label)) {
                throw new FormatException(file, "matrix y", "a label is 1 to 10, not " + label);
            }
            labels[i] = (int) label % 10;
        }
        return labels;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int size() {
        return images.extents[3];
    }

    @Override
    public Image image(int index) {
        int height = images.extents[0];
        int width = images.extents[1];
        int from = images.offset + Objects.checkIndex(index, size()) * 3 * height * width;
        byte[] rgb = new byte[3 * height * width];
        for (int c = 0; c < 3; c++) {
            for (int x = 0; x < width; x++) {
                for (int y = 0; y < height; y++) {
                    rgb[3 * (y * width + x) + c] = images.content[from++];
                }
            }
        }
        return new Image(height, width, rgb);
    }

    @Override
    public int label(int index) {
        Objects.checkIndex(index, size());
        return labels == null ? -1 : labels[index];
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    /** A tagged piece of a file: type, where its data lie, and where the next one starts. */
    private record Element(byte[] content, int type, int offset, int length, int next) {
        static Element at(String file, byte[] content, int at) throws FormatException {
            if (at > content.length - 8) {
                throw new FormatException(file, "byte " + at, "the file ends inside the 8-byte tag of an element");
            }
            int first = little(content).getInt(at);
            if (first >>> 16 != 0) {
                int small = first >>> 16;
                if (small > 4) {
                    throw new FormatException(file, "byte " + at, "a small element has 1 to 4 bytes, not " + small);
                }
                return new Element(content, first & 0xffff, at + 4, small, at + 8);
            }
            int length = little(content).getInt(at + 4);
            if (length < 0 || length > content.length - at - 8) {
                throw new FormatException(
                        file,
                        "byte " + at,
                        "an element of " + (length & 0xffffffffL) + " bytes reaches past the end, "
                                + (content.length - at - 8) + " are left");
            }
            int padded = first == COMPRESSED ? length : (int) Math.min(length + 7L & ~7L, content.length - at - 8L);
            return new Element(content, first, at + 8, length, at + 8 + padded);
        }

        /** The element that this compressed one holds, kept in memory within the bounds for packed files. */
        Element inflate(String file, int at) throws FormatException {
            Inflater inflater = new Inflater();
            try {
                inflater.setInput(content, offset, length);
                long limit = Math.min(
                        FileBytes.MAX_BYTES, Math.max(FileBytes.FREE_BYTES, (long) FileBytes.MAX_RATIO * length));
                byte[] out = new byte[(int) Math.min(limit, Math.max(64, 4L * length))];
                int n = 0;
                while (!inflater.finished()) {
                    if (n == out.length) {
                        if (n >= limit) {
                            throw new FormatException(
                                    file,
                                    "byte " + at,
                                    "a compressed element unpacks to more than " + limit + " bytes");
                        }
                        out = Arrays.copyOf(out, (int) Math.min(limit, 2L * n));
                    }
                    int got = inflater.inflate(out, n, out.length - n);
                    if (got == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                        throw new FormatException(file, "byte " + at, "a compressed element is cut off");
                    }
                    n += got;
                }
                return Element.at(file, n == out.length ? out : Arrays.copyOf(out, n), 0);
            } catch (DataFormatException e) {
                throw new FormatException(file, "byte " + at, "a compressed element is damaged: " + e.getMessage(), e);
            } finally {
                inflater.end();
            }
        }
    }

    /** A matrix whose parts have been checked against its extents. */
    private record Matrix(String name, int classId, int[] extents, int type, byte[] content, int offset, int length) {
        /** Null for an element that is no matrix of a name that counts. */
        static Matrix of(String file, int at, Element outer) throws FormatException {
            Element element = outer.type == COMPRESSED ? outer.inflate(file, at) : outer;
            if (element.type != MATRIX) {
                return null;
            }
            byte[] content = element.content;
            Element flags = Element.at(file, content, element.offset);
            Element extents = Element.at(file, content, flags.next);
            Element name = Element.at(file, content, extents.next);
            if (flags.type != UINT32 || flags.length != 8 || extents.type != INT32 || name.type != INT8) {
                throw new FormatException(file, "byte " + at, "a matrix starts with its flags, extents and name");
            }
            String text = new String(content, name.offset, name.length, StandardCharsets.ISO_8859_1);
            if (!text.equals("X") && !text.equals("y")) {
                return null;
            }
            int[] dims = new int[extents.length / 4];
            for (int i = 0; i < dims.length; i++) {
                dims[i] = little(content).getInt(extents.offset + 4 * i);
            }
            Element data = Element.at(file, content, name.next);
            Matrix matrix =
                    new Matrix(text, content[flags.offset] & 0xff, dims, data.type, content, data.offset, data.length);
            matrix.requireWhole(file);
            return matrix;
        }

        long count() {
            long n = 1;
            for (int e : extents) {
                n = e < 0 ? Long.MAX_VALUE : Math.min(n * e, 1L << 40);
            }
            return n;
        }

        private void requireWhole(String file) throws FormatException {
            if (type != UINT8 && type != DOUBLE) {
                throw new FormatException(
                        file, "matrix " + name, "its values are unsigned bytes or doubles, not of type " + type);
            }
            if (count() != length / (type == DOUBLE ? 8 : 1) || extents.length < 2) {
                throw new FormatException(
                        file,
                        "matrix " + name,
                        "extents " + Arrays.toString(extents) + " do not fit its " + length + " bytes");
            }
        }

        void requireImages(String file) throws FormatException {
            boolean shape = extents.length == 4
                    && extents[2] == 3
                    && Arrays.stream(extents).allMatch(e -> e > 0);
            if (!shape || classId != CLASS_UINT8 || type != UINT8) {
                throw new FormatException(
                        file,
                        "matrix X",
                        "images are unsigned bytes [height, width, 3, n], not " + Arrays.toString(extents));
            }
            if ((long) extents[0] * extents[1] > ImageDecoder.MAX_PIXELS) {
                throw new FormatException(
                        file, "matrix X", "an image has at most " + ImageDecoder.MAX_PIXELS + " pixels");
            }
        }
    }
}
