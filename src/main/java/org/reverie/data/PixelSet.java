package org.reverie.data;

import java.util.Arrays;
import java.util.List;

/**
 * Labelled images as a network takes them, all in memory: for the small sets of the reduced Dream-OOD setting.
 *
 * @param name as shown to the user
 * @param side height and width in pixels
 * @param channels 1 or 3
 * @param pixels NHWC, {@code [size, side, side, channels]} in [−1, 1]; not copied
 * @param labels class of each image, or −1 where there is none; not copied
 * @param classNames by label; empty when they are not known
 */
public record PixelSet(String name, int side, int channels, float[] pixels, int[] labels, List<String> classNames) {
    public PixelSet {
        if (side < 1 || channels != 1 && channels != 3) {
            throw new IllegalArgumentException(
                    name + ": side " + side + " and " + channels + " channels make no image");
        }
        if (labels.length == 0) {
            throw new IllegalArgumentException(name + ": there are no images");
        }
        if ((long) labels.length * side * side * channels != pixels.length) {
            throw new IllegalArgumentException(name + ": " + labels.length + " images of " + side + "x" + side + "x"
                    + channels + " do not have " + pixels.length + " numbers");
        }
        classNames = List.copyOf(classNames);
    }

    public int size() {
        return labels.length;
    }

    /** Numbers of one image. */
    public int floatsPerImage() {
        return side * side * channels;
    }

    /** Number of classes, by the largest label. */
    public int classes() {
        return Arrays.stream(labels).max().orElseThrow() + 1;
    }

    /** Copies of the images at these indices, in that order. */
    public PixelSet select(String newName, int... indices) {
        int[] own = new int[indices.length];
        for (int i = 0; i < indices.length; i++) {
            own[i] = labels[indices[i]];
        }
        return new PixelSet(newName, side, channels, batch(indices), own, classNames);
    }

    /** The numbers of the images at these indices, {@code [indices.length, side, side, channels]}. */
    public float[] batch(int... indices) {
        int each = floatsPerImage();
        float[] some = new float[Math.multiplyExact(indices.length, each)];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(pixels, indices[i] * each, some, i * each, each);
        }
        return some;
    }

    /** The same images with other pixels, such as their reconstructions. */
    public PixelSet withPixels(float[] others) {
        return new PixelSet(name, side, channels, others, labels, classNames);
    }

    /** The same images without classes. */
    PixelSet unlabelled(String newName) {
        int[] none = new int[labels.length];
        Arrays.fill(none, -1);
        return new PixelSet(newName, side, channels, pixels, none, List.of());
    }

    /** One image with 8 bits a sample, rounded; grey ones get three equal channels. */
    public Image image(int index) {
        return Image.ofSigned(side, side, channels, pixels, index * floatsPerImage());
    }
}
