package org.reverie.data;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * Damage to 8-bit images that keeps their size. Random kinds take a seed and give the same bytes for it on every
 * machine. A set of known images against its corrupted self shows, without any outlier data, which way a score points.
 */
public final class Corruptions {
    private Corruptions() {}

    /** Adds normal noise of a standard deviation in levels (0 to 255) to each sample. */
    public static Image gaussianNoise(Image image, double deviation, long seed) {
        requireNonNegative(deviation, "a deviation");
        Draws draws = new Draws(seed);
        byte[] out = new byte[image.rgb().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = level((image.rgb()[i] & 0xff) + deviation * draws.normal());
        }
        return new Image(image.height(), image.width(), out);
    }

    /** Replaces each sample by a uniform random one with a probability. */
    public static Image impulseNoise(Image image, double probability, long seed) {
        requireNonNegative(probability, "a probability");
        Draws draws = new Draws(seed);
        byte[] out = image.rgb().clone();
        for (int i = 0; i < out.length; i++) {
            if (draws.chance(probability)) {
                out[i] = (byte) draws.below(256);
            }
        }
        return new Image(image.height(), image.width(), out);
    }

    /** Blurs by a normal kernel of a deviation in pixels, cut at three deviations; the edge pixels are repeated. */
    public static Image blur(Image image, double deviation) {
        requireNonNegative(deviation, "a deviation");
        int radius = (int) Math.ceil(3 * deviation);
        if (radius == 0) {
            return image;
        }
        double[] kernel = new double[2 * radius + 1];
        double sum = 0;
        for (int i = -radius; i <= radius; i++) {
            kernel[radius + i] = StrictMath.exp(-0.5 * i * i / (deviation * deviation));
            sum += kernel[radius + i];
        }
        for (int i = 0; i < kernel.length; i++) {
            kernel[i] /= sum;
        }
        double[] samples = new double[image.rgb().length];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = image.rgb()[i] & 0xff;
        }
        double[] wide = along(samples, image.height(), image.width(), 3, kernel);
        double[] both = along(wide, 1, image.height(), 3 * image.width(), kernel);
        byte[] out = new byte[both.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = level(both[i]);
        }
        return new Image(image.height(), image.width(), out);
    }

    /** Convolves each of {@code lines} lines of {@code length} groups of {@code group} samples along the groups. */
    private static double[] along(double[] in, int lines, int length, int group, double[] kernel) {
        double[] out = new double[in.length];
        int radius = kernel.length / 2;
        for (int line = 0; line < lines; line++) {
            int from = line * length * group;
            for (int p = 0; p < length; p++) {
                for (int k = -radius; k <= radius; k++) {
                    int source = from + Math.clamp(p + k, 0, length - 1) * group;
                    double weight = kernel[radius + k];
                    for (int c = 0; c < group; c++) {
                        out[from + p * group + c] += weight * in[source + c];
                    }
                }
            }
        }
        return out;
    }

    /** Multiplies the distance of each sample from the image's mean by a factor: below 1 flatter, above 1 harsher. */
    public static Image contrast(Image image, double factor) {
        requireNonNegative(factor, "a factor");
        long sum = 0;
        for (byte b : image.rgb()) {
            sum += b & 0xff;
        }
        double mean = (double) sum / image.rgb().length;
        byte[] out = new byte[image.rgb().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = level(mean + factor * ((image.rgb()[i] & 0xff) - mean));
        }
        return new Image(image.height(), image.width(), out);
    }

    /** Adds a number of levels, which may be negative, to each sample. */
    public static Image brightness(Image image, double levels) {
        byte[] out = new byte[image.rgb().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = level((image.rgb()[i] & 0xff) + levels);
        }
        return new Image(image.height(), image.width(), out);
    }

    /** The negative: each sample s becomes 255 − s. */
    public static Image invert(Image image) {
        byte[] out = new byte[image.rgb().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) ~image.rgb()[i];
        }
        return new Image(image.height(), image.width(), out);
    }

    /** The image as blocks of {@code cell} pixels: shrunk by averaging and enlarged without smoothing. */
    public static Image pixelate(Image image, int cell) {
        int height = Math.max(1, image.height() / cell);
        int width = Math.max(1, image.width() / cell);
        Image small = Resize.resize(image, height, width, Resize.Filter.BOX);
        return Resize.resize(small, image.height(), image.width(), Resize.Filter.NEAREST);
    }

    /** Puts the square patches of {@code cell} pixels into random order; a margin that does not fill a patch stays. */
    public static Image shufflePatches(Image image, int cell, long seed) {
        return shufflePatches(image, cell, new Draws(seed));
    }

    static Image shufflePatches(Image image, int cell, Draws draws) {
        int across = image.width() / cell;
        int[] order = new int[across * (image.height() / cell)];
        for (int i = 0; i < order.length; i++) {
            int j = draws.below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        byte[] out = image.rgb().clone();
        int row = 3 * image.width();
        for (int i = 0; i < order.length; i++) {
            int to = i / across * cell * row + i % across * cell * 3;
            int from = order[i] / across * cell * row + order[i] % across * cell * 3;
            for (int y = 0; y < cell; y++) {
                System.arraycopy(image.rgb(), from + y * row, out, to + y * row, 3 * cell);
            }
        }
        return new Image(image.height(), image.width(), out);
    }

    /**
     * A set with a different damage for each image, in turn and seeded by the image's index: noise of 25 levels, blur
     * of 1.5 pixels, contrast 0.3, impulse noise 0.1, the negative, blocks of 4 pixels, 8x8 patches shuffled, 80 levels
     * brighter.
     */
    public static ImageSet mixed(ImageSet set, long seed) {
        return new Corrupted(Objects.requireNonNull(set), seed);
    }

    private record Corrupted(ImageSet set, long seed) implements ImageSet {
        @Override
        public String name() {
            return set.name() + "-corrupted";
        }

        @Override
        public int size() {
            return set.size();
        }

        @Override
        public Image image(int index) throws IOException {
            Image image = set.image(index);
            long own = Draws.mix(seed + Draws.mix(index));
            return switch (index % 8) {
                case 0 -> gaussianNoise(image, 25, own);
                case 1 -> blur(image, 1.5);
                case 2 -> contrast(image, 0.3);
                case 3 -> impulseNoise(image, 0.1, own);
                case 4 -> invert(image);
                case 5 -> pixelate(image, 4);
                case 6 -> shufflePatches(image, 8, own);
                default -> brightness(image, 80);
            };
        }

        @Override
        public int label(int index) {
            return set.label(index);
        }

        @Override
        public List<String> classNames() {
            return set.classNames();
        }

        @Override
        public void close() throws IOException {
            set.close();
        }
    }

    private static byte level(double value) {
        return (byte) (int) (Math.clamp(value, 0.0, 255.0) + 0.5);
    }

    private static void requireNonNegative(double value, String what) {
        if (!(value >= 0)) {
            throw new IllegalArgumentException(what + " is not negative: " + value);
        }
    }
}
