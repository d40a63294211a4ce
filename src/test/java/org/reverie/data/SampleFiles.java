package org.reverie.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Small valid files of every format, made from a seed. */
final class SampleFiles {
    private SampleFiles() {}

    static byte[] random(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static byte[] idx(byte[] samples, int... extents) {
        ByteBuffer out = ByteBuffer.allocate(4 + 4 * extents.length + samples.length);
        out.putInt(0x0800 | extents.length);
        for (int e : extents) {
            out.putInt(e);
        }
        return out.put(samples).array();
    }

    /** CIFAR records; {@code labels[i]} holds the label bytes of record i. */
    static byte[] cifar(byte[][] labels, long seed) {
        ByteBuffer out = ByteBuffer.allocate(labels.length * (labels[0].length + 3072));
        for (int i = 0; i < labels.length; i++) {
            out.put(labels[i]).put(random(3072, seed + i));
        }
        return out.array();
    }

    static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gz = new GZIPOutputStream(out)) {
            gz.write(content);
        }
        return out.toByteArray();
    }

    static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(e.getKey()));
                zip.write(e.getValue());
                zip.closeEntry();
            }
        }
        return out.toByteArray();
    }

    static byte[] encoded(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (!ImageIO.write(image, format, out)) {
            throw new IOException("no writer for " + format);
        }
        return out.toByteArray();
    }

    /** A progressive JPEG. */
    static byte[] progressive(BufferedImage image) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam settings = writer.getDefaultWriteParam();
        settings.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), settings);
        }
        writer.dispose();
        return out.toByteArray();
    }

    static BufferedImage buffered(Image image) {
        BufferedImage out = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                out.setRGB(x, y, image.sample(y, x, 0) << 16 | image.sample(y, x, 1) << 8 | image.sample(y, x, 2));
            }
        }
        return out;
    }

    static Image randomImage(int height, int width, long seed) {
        return new Image(height, width, random(3 * height * width, seed));
    }

    static byte[] png(Image image) throws IOException {
        return encoded(buffered(image), "png");
    }

    /** A PNG with any header: {@code scanlines} is the unfiltered data with a zero filter byte before each row. */
    static byte[] png(int width, int height, int depth, int colourType, byte[] palette, byte[] scanlines)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) depth)
                .put((byte) colourType)
                .array();
        chunk(out, "IHDR", header);
        if (palette != null) {
            chunk(out, "PLTE", palette);
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflate = new DeflaterOutputStream(packed)) {
            deflate.write(scanlines);
        }
        chunk(out, "IDAT", packed.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) throws IOException {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(name);
        out.write(data);
        out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    /** A MAT-file with the matrices X and y of SVHN. */
    static byte[] mat(byte[] x, int[] extents, byte[] y, boolean compressed) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] header = Arrays.copyOf("MATLAB 5.0 MAT-file, made for a test".getBytes(StandardCharsets.US_ASCII), 128);
        Arrays.fill(header, 36, 124, (byte) ' ');
        header[124] = 0;
        header[125] = 1;
        header[126] = 'I';
        header[127] = 'M';
        out.write(header);
        out.write(matrix("X", extents, x, compressed));
        out.write(matrix("y", new int[] {y.length, 1}, y, compressed));
        return out.toByteArray();
    }

    private static byte[] matrix(String name, int[] extents, byte[] data, boolean compressed) throws IOException {
        ByteBuffer dims = ByteBuffer.allocate(4 * extents.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int e : extents) {
            dims.putInt(e);
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.write(element(6, new byte[] {9, 0, 0, 0, 0, 0, 0, 0}));
        body.write(element(5, dims.array()));
        body.write(new byte[] {1, 0, 1, 0, (byte) name.charAt(0), 0, 0, 0}); // a small element
        body.write(element(2, data));
        byte[] whole = element(14, body.toByteArray());
        if (!compressed) {
            return whole;
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflate = new DeflaterOutputStream(packed)) {
            deflate.write(whole);
        }
        return Arrays.copyOf(element(15, packed.toByteArray()), packed.size() + 8);
    }

    private static byte[] element(int type, byte[] data) {
        return ByteBuffer.allocate(8 + (data.length + 7) / 8 * 8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type)
                .putInt(data.length)
                .put(data)
                .array();
    }
}
