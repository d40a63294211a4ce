package org.reverie.data;

import java.util.Objects;

/**
 * One 8-bit RGB image.
 *
 * @param height rows, at least 1
 * @param width columns, at least 1
 * @param rgb samples 0 to 255 as unsigned bytes, layout [height, width, 3]; the record does not copy, so treat it as
 *     read-only
 */
public record Image(int height, int width, byte[] rgb) {
    public Image {
        Objects.requireNonNull(rgb, "rgb");
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("an image has at least one pixel, not " + height + "x" + width);
        }
        if (rgb.length != 3L * height * width) {
            throw new IllegalArgumentException("an RGB image of " + height + "x" + width + " has " + 3L * height * width
                    + " bytes, not " + rgb.length);
        }
    }

    /** The sample of one channel (0 = red, 1 = green, 2 = blue) at one pixel, 0 to 255. */
    public int sample(int row, int column, int channel) {
        return rgb[
                        (Objects.checkIndex(row, height) * width + Objects.checkIndex(column, width)) * 3
                                + Objects.checkIndex(channel, 3)]
                & 0xff;
    }

    /** The samples of the first channels as a network takes them, {@code [height, width, channels]}: 0 … 255 becomes [−1, 1]. */
    public float[] signed(int channels) {
        Objects.checkIndex(channels - 1, 3);
        float[] values = new float[height * width * channels];
        for (int p = 0, o = 0; p < rgb.length; p += 3) {
            for (int c = 0; c < channels; c++) {
                values[o++] = (rgb[p + c] & 0xff) / 127.5f - 1;
            }
        }
        return values;
    }

    /**
     * The way back, rounded; what lies outside is cut off.
     *
     * @param channels 3, or 1 for grey, which becomes three equal channels
     * @param from where the {@code height·width·channels} values begin
     */
    public static Image ofSigned(int height, int width, int channels, float[] values, int from) {
        byte[] rgb = new byte[3 * height * width];
        for (int i = 0; i < rgb.length; i++) {
            float value = values[from + (channels == 1 ? i / 3 : i)];
            rgb[i] = (byte) Math.clamp(Math.round((value + 1) * 127.5f), 0, 255);
        }
        return new Image(height, width, rgb);
    }

    /**
     * An RGB image whose three channels all are {@code count = height * width} grey samples starting at {@code offset}.
     */
    static Image ofGrey(int height, int width, byte[] grey, int offset) {
        byte[] rgb = new byte[3 * height * width];
        for (int i = 0, o = 0; o < rgb.length; i++, o += 3) {
            byte v = grey[offset + i];
            rgb[o] = v;
            rgb[o + 1] = v;
            rgb[o + 2] = v;
        }
        return new Image(height, width, rgb);
    }
}
