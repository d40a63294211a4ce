package org.reverie.data;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.reverie.io.FormatException;

/**
 * PNG and JPEG to 8-bit RGB, the way image pipelines usually convert: grey is replicated, palettes are looked up, of
 * 16-bit samples the high byte is kept, alpha is dropped, CMYK becomes (255 − c)(255 − k)/255. Colour profiles are not
 * applied.
 */
final class ImageDecoder {
    /** Images larger than this are refused. */
    static final int MAX_PIXELS = 1 << 26;

    /** The largest compressed image. */
    static final int MAX_FILE_BYTES = 64 << 20;

    private static final long MAX_DECODED_BYTES = 512L << 20;
    private static final long MAX_PIXEL_PASSES = 1L << 30;

    /** Deflate shrinks a byte run at most this much. */
    private static final long DEFLATE_RATIO = 1032;

    /** A JPEG scan spends at least one bit on a block of 64 pixels. */
    private static final long JPEG_PIXELS_PER_BYTE = 512;

    private ImageDecoder() {}

    /**
     * Decodes one image.
     *
     * @param file the file to name in errors
     * @param entry the entry of an archive to name in errors, or null
     */
    static Image decode(byte[] bytes, String file, String entry) throws IOException {
        String prefix = entry == null ? "" : "entry " + entry + ", ";
        ImageHeader header;
        try {
            header = ImageHeader.parse(bytes);
            requirePlausible(header, bytes.length);
        } catch (ImageHeader.BadHeader e) {
            throw new FormatException(file, prefix + e.place, e.getMessage());
        }
        try {
            return read(bytes, header);
        } catch (ImageHeader.BadHeader e) {
            throw new FormatException(file, prefix + e.place, e.getMessage());
        } catch (IOException | RuntimeException e) {
            // ImageIO reports damage by any exception; all of them mean that these bytes are no such image.
            throw new FormatException(
                    file, prefix + "image data", "it does not decode as " + header.format() + ": " + oneLine(e));
        }
    }

    private static String oneLine(Exception e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        return message.replaceAll("\\s+", " ");
    }

    private static void requirePlausible(ImageHeader header, int fileBytes) throws ImageHeader.BadHeader {
        String size = header.height() + "x" + header.width();
        if (header.height() < 1 || header.width() < 1) {
            throw new ImageHeader.BadHeader("header", "an image has at least one pixel, not " + size);
        }
        long pixels = (long) header.height() * header.width();
        if (pixels > MAX_PIXELS || pixels * header.bitsPerPixel() / 8 > MAX_DECODED_BYTES) {
            throw new ImageHeader.BadHeader(
                    "header", "an image of " + size + " is larger than the " + MAX_PIXELS + " pixels allowed");
        }
        boolean png = header.format().equals("png");
        long room = png ? fileBytes * DEFLATE_RATIO * 8 / header.bitsPerPixel() : fileBytes * JPEG_PIXELS_PER_BYTE;
        if (pixels > room) {
            throw new ImageHeader.BadHeader(
                    "header", "a file of " + fileBytes + " bytes cannot hold the " + size + " pixels it declares");
        }
        if (pixels * header.passes() > MAX_PIXEL_PASSES) {
            throw new ImageHeader.BadHeader(
                    "header", header.passes() + " scans over " + size + " pixels are more work than an image needs");
        }
    }

    private static Image read(byte[] bytes, ImageHeader header) throws IOException, ImageHeader.BadHeader {
        ImageReader reader =
                ImageIO.getImageReadersByFormatName(header.format()).next();
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in, true, true);
            Image image;
            if (header.format().equals("jpeg") && header.bitsPerPixel() == 32) {
                image = fromCmyk(reader.readRaster(0, null), header.adobeTransform());
            } else {
                image = fromBuffered(reader.read(0));
            }
            if (image.height() != header.height() || image.width() != header.width()) {
                throw new ImageHeader.BadHeader("header", "the decoded size differs from the declared one");
            }
            return image;
        } finally {
            reader.dispose();
        }
    }

    private static Image fromBuffered(BufferedImage source) throws ImageHeader.BadHeader {
        Raster raster = source.getRaster();
        int bands = raster.getNumBands();
        int bits = raster.getSampleModel().getSampleSize(0);
        if (source.getColorModel() instanceof IndexColorModel palette) {
            return fromPalette(raster, palette);
        }
        if (bits != 8 && bits != 16 || bands > 4) {
            throw new ImageHeader.BadHeader(
                    "header", "an image has 1 to 4 channels of 8 or 16 bits, not " + bands + " of " + bits);
        }
        // Samples are read from the raster: BufferedImage.getRGB would bend grey by a colour profile.
        boolean grey = bands <= 2;
        int shift = bits - 8;
        int width = raster.getWidth();
        int height = raster.getHeight();
        byte[] rgb = new byte[3 * height * width];
        int[] row = new int[bands * width];
        for (int y = 0, o = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0, i = 0; x < width; x++, i += bands, o += 3) {
                rgb[o] = (byte) (row[i] >> shift);
                rgb[o + 1] = (byte) (row[grey ? i : i + 1] >> shift);
                rgb[o + 2] = (byte) (row[grey ? i : i + 2] >> shift);
            }
        }
        return new Image(height, width, rgb);
    }

    private static Image fromPalette(Raster raster, IndexColorModel palette) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        int[] colours = new int[palette.getMapSize()];
        palette.getRGBs(colours);
        byte[] rgb = new byte[3 * height * width];
        int[] row = new int[width];
        for (int y = 0, o = 0; y < height; y++) {
            raster.getSamples(0, y, width, 1, 0, row);
            for (int x = 0; x < width; x++, o += 3) {
                int c = colours[row[x]];
                rgb[o] = (byte) (c >> 16);
                rgb[o + 1] = (byte) (c >> 8);
                rgb[o + 2] = (byte) c;
            }
        }
        return new Image(height, width, rgb);
    }

    /** Four-channel JPEGs: Adobe programs store the inks inverted, and transform 2 codes the first three as YCbCr. */
    private static Image fromCmyk(Raster raster, int adobeTransform) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        byte[] rgb = new byte[3 * height * width];
        int[] row = new int[4 * width];
        for (int y = 0, o = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int i = 0; i < row.length; i += 4, o += 3) {
                int c = row[i];
                int m = row[i + 1];
                int ye = row[i + 2];
                int k = row[i + 3];
                if (adobeTransform == 2) {
                    float luma = c;
                    float cb = m - 128f;
                    float cr = ye - 128f;
                    // The decoded R, G, B are 255 minus the stored inks.
                    c = 255 - clamp(luma + 1.402f * cr);
                    m = 255 - clamp(luma - 0.344136f * cb - 0.714136f * cr);
                    ye = 255 - clamp(luma + 1.772f * cb);
                }
                if (adobeTransform >= 0) {
                    c = 255 - c;
                    m = 255 - m;
                    ye = 255 - ye;
                    k = 255 - k;
                }
                rgb[o] = ink(c, k);
                rgb[o + 1] = ink(m, k);
                rgb[o + 2] = ink(ye, k);
            }
        }
        return new Image(height, width, rgb);
    }

    private static int clamp(float v) {
        return Math.clamp(Math.round(v), 0, 255);
    }

    /** (255 − ink) (255 − black) / 255, rounded. */
    private static byte ink(int ink, int black) {
        return (byte) (((255 - ink) * (255 - black) + 127) / 255);
    }
}
