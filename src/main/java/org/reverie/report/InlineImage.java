package org.reverie.report;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Turns RGB pixels into the {@code data:} address of a PNG. */
final class InlineImage {
    /** Larger images are reduced to this side: the page shows thumbnails, and stays small. */
    static final int LARGEST_SIDE = 160;

    private InlineImage() {}

    static String png(byte[] rgb, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        int[] pixels = new int[width * height];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (rgb[3 * i] & 255) << 16 | (rgb[3 * i + 1] & 255) << 8 | rgb[3 * i + 2] & 255;
        }
        image.setRGB(0, 0, width, height, pixels, 0, width);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageIO.write(reduced(image), "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail to take a write
        }
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }

    /** Halves while that leaves enough pixels, so that bilinear sampling skips none, then takes the last step. */
    private static BufferedImage reduced(BufferedImage image) {
        int side = Math.max(image.getWidth(), image.getHeight());
        if (side <= LARGEST_SIDE) {
            return image;
        }
        double factor = Math.max(0.5, (double) LARGEST_SIDE / side);
        int width = Math.max(1, (int) Math.round(image.getWidth() * factor));
        int height = Math.max(1, (int) Math.round(image.getHeight() * factor));
        BufferedImage smaller = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = smaller.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        g.drawImage(image, 0, 0, width, height, null);
        g.dispose();
        return reduced(smaller);
    }
}
