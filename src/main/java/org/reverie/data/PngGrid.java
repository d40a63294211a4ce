package org.reverie.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.reverie.io.AtomicFile;

/**
 * Writes images as PNG, one or many in a grid, with text entries (seed, model, settings). The same input gives the same
 * bytes.
 */
public final class PngGrid {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int GAP = 2;
    private static final byte GAP_LEVEL = (byte) 255;

    private PngGrid() {}

    /**
     * Writes a grid, row by row from the top left, with white lines of two pixels between cells.
     *
     * @param images at least one; smaller ones than the largest sit at the top left of their cell
     * @param columns images in a row
     * @param text entries for the file's {@code iTXt} chunks: keywords of 1 to 79 Latin-1 characters, values in any
     *     language
     */
    public static void write(Path file, List<Image> images, int columns, Map<String, String> text) throws IOException {
        writeImage(file, grid(images, columns), text);
    }

    /** Writes one image. */
    public static void writeImage(Path file, Image image, Map<String, String> text) throws IOException {
        text.keySet().forEach(PngGrid::requireKeyword);
        AtomicFile.writeStream(file, out -> encode(image, text, out));
    }

    /** One image as the content of a file. */
    public static byte[] bytes(Image image, Map<String, String> text) {
        text.keySet().forEach(PngGrid::requireKeyword);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            encode(image, text, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail to take a write
        }
        return out.toByteArray();
    }

    /** The images side by side as one. */
    public static Image grid(List<Image> images, int columns) {
        if (images.isEmpty() || columns < 1) {
            throw new IllegalArgumentException(
                    "a grid needs an image and a column, not " + images.size() + " and " + columns);
        }
        int across = Math.min(columns, images.size());
        int down = Math.ceilDiv(images.size(), across);
        int cellHeight = images.stream().mapToInt(Image::height).max().orElseThrow();
        int cellWidth = images.stream().mapToInt(Image::width).max().orElseThrow();
        int height = down * cellHeight + (down - 1) * GAP;
        int width = across * cellWidth + (across - 1) * GAP;
        byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(height, width))];
        Arrays.fill(rgb, GAP_LEVEL);
        for (int i = 0; i < images.size(); i++) {
            Image image = images.get(i);
            int top = i / across * (cellHeight + GAP);
            int left = i % across * (cellWidth + GAP);
            for (int y = 0; y < image.height(); y++) {
                System.arraycopy(
                        image.rgb(), 3 * y * image.width(), rgb, 3 * ((top + y) * width + left), 3 * image.width());
            }
        }
        return new Image(height, width, rgb);
    }

    private static void encode(Image image, Map<String, String> text, OutputStream out) throws IOException {
        out.write(SIGNATURE);
        ByteBuffer header = ByteBuffer.allocate(13);
        header.putInt(image.width()).putInt(image.height()).put((byte) 8).put((byte) 2);
        chunk(out, "IHDR", header.array());
        for (Map.Entry<String, String> entry : text.entrySet()) {
            chunk(out, "iTXt", textChunk(entry.getKey(), entry.getValue()));
        }
        chunk(out, "IDAT", deflate(scanlines(image)));
        chunk(out, "IEND", new byte[0]);
    }

    /** Each row with filter type 2 before it: the difference to the row above, which suits pictures. */
    private static byte[] scanlines(Image image) {
        int row = 3 * image.width();
        byte[] rgb = image.rgb();
        byte[] lines = new byte[(row + 1) * image.height()];
        for (int y = 0; y < image.height(); y++) {
            int o = y * (row + 1);
            lines[o] = 2;
            for (int x = 0; x < row; x++) {
                byte above = y == 0 ? 0 : rgb[(y - 1) * row + x];
                lines[o + 1 + x] = (byte) (rgb[y * row + x] - above);
            }
        }
        return lines;
    }

    private static byte[] deflate(byte[] data) {
        try (Deflater deflater = new Deflater(6)) {
            deflater.setInput(data);
            deflater.finish();
            byte[] out = new byte[data.length / 2 + 64];
            int length = 0;
            while (!deflater.finished()) {
                if (length == out.length) {
                    out = Arrays.copyOf(out, 2 * length);
                }
                length += deflater.deflate(out, length, out.length - length);
            }
            return Arrays.copyOf(out, length);
        }
    }

    private static void requireKeyword(String keyword) {
        boolean latin = keyword.chars().allMatch(c -> c >= 0x20 && c < 0x7f || c >= 0xa1 && c <= 0xff);
        if (keyword.isEmpty() || keyword.length() > 79 || !latin || !keyword.equals(keyword.strip())) {
            throw new IllegalArgumentException(
                    "a PNG keyword has 1 to 79 printable Latin-1 characters, not \"" + keyword + "\"");
        }
    }

    private static byte[] textChunk(String keyword, String value) {
        byte[] key = keyword.getBytes(StandardCharsets.ISO_8859_1);
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        // keyword 0, not compressed, method 0, no language 0, no translated keyword 0, text
        return ByteBuffer.allocate(key.length + 5 + utf8.length)
                .put(key)
                .put(new byte[5])
                .put(utf8)
                .array();
    }

    private static void chunk(OutputStream out, String type, byte[] data) throws IOException {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(name);
        out.write(data);
        out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }
}
