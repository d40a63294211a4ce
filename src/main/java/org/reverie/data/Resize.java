package org.reverie.data;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Resizing of 8-bit images with the very bytes that Pillow gives (its {@code Resample.c} and {@code Geometry.c} state
 * the arithmetic).
 *
 * <p>A filter lies over half-pixel centres and widens with the scale when an image shrinks (antialias). Weights are
 * computed in double, normalised, and rounded to 22 fractional bits; a horizontal pass, then a vertical one, each
 * accumulate in 32-bit integers and round to 8 bits. A pass that changes no extent is left out.
 */
public final class Resize {
    /** 32 bits less 8 for a sample and 2 for the overshoot of filters with negative lobes. */
    private static final int PRECISION = 32 - 8 - 2;

    private static final int HALF = 1 << (PRECISION - 1);

    /** Photographs come in few sizes; a stream of many sizes must not fill the memory. */
    private static final int MOST_TAPS = 512;

    private static final Map<AxisKey, Taps> TAPS = new ConcurrentHashMap<>();

    private Resize() {}

    /** Interpolation filters, under Pillow's names. */
    public enum Filter {
        /** The sample whose cell holds the new sample's centre. */
        NEAREST(0),
        /** The mean over the cell. */
        BOX(0.5) {
            @Override
            double weight(double x) {
                return x > -0.5 && x <= 0.5 ? 1 : 0;
            }
        },
        /** A triangle. */
        BILINEAR(1) {
            @Override
            double weight(double x) {
                double d = Math.abs(x);
                return d < 1 ? 1 - d : 0;
            }
        },
        /** Keys' cubic with a = −1/2. */
        BICUBIC(2) {
            @Override
            double weight(double x) {
                double a = -0.5;
                double d = Math.abs(x);
                if (d < 1) {
                    return ((a + 2) * d - (a + 3)) * d * d + 1;
                }
                return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
            }
        },
        /** A windowed sinc with three lobes. */
        LANCZOS(3) {
            @Override
            double weight(double x) {
                return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
            }
        };

        private final double support;

        Filter(double support) {
            this.support = support;
        }

        double weight(double x) {
            throw new IllegalStateException(this + " has no weights");
        }

        private static double sinc(double x) {
            return x == 0 ? 1 : StrictMath.sin(x * Math.PI) / (x * Math.PI);
        }
    }

    /** The image at a new size, its aspect ratio ignored. */
    public static Image resize(Image image, int height, int width, Filter filter) {
        if (height < 1 || width < 1 || (long) height * width > ImageDecoder.MAX_PIXELS) {
            throw new IllegalArgumentException("an image cannot be resized to " + height + "x" + width + ": 1 to "
                    + ImageDecoder.MAX_PIXELS + " pixels are allowed");
        }
        if (filter == Filter.NEAREST) {
            return nearest(image, height, width);
        }
        Image wide = width == image.width() ? image : horizontal(image, taps(image.width(), width, filter));
        return height == image.height() ? wide : vertical(wide, taps(image.height(), height, filter));
    }

    /**
     * The image with its short side at {@code side} and the long one in proportion, rounded down (torchvision's rule).
     */
    public static Image shortSide(Image image, int side, Filter filter) {
        int h = image.height();
        int w = image.width();
        return resize(image, extent(h, w, side), extent(w, h, side), filter);
    }

    /** What an extent becomes where the smaller of it and the other becomes {@code side}. */
    static int extent(int own, int other, int side) {
        return own <= other ? side : Math.toIntExact((long) side * own / other);
    }

    /** The middle of the image; an odd margin is split by rounding half to even (torchvision's rule). */
    public static Image centreCrop(Image image, int height, int width) {
        if (height < 1 || width < 1 || height > image.height() || width > image.width()) {
            throw new IllegalArgumentException(
                    "no crop of " + height + "x" + width + " fits into " + image.height() + "x" + image.width());
        }
        int top = margin(image.height(), height);
        int left = margin(image.width(), width);
        byte[] out = new byte[3 * height * width];
        for (int y = 0; y < height; y++) {
            System.arraycopy(image.rgb(), 3 * ((top + y) * image.width() + left), out, 3 * y * width, 3 * width);
        }
        return new Image(height, width, out);
    }

    /** Where the middle begins. */
    static int margin(int whole, int middle) {
        return (int) Math.rint((whole - middle) / 2.0);
    }

    private static Image nearest(Image image, int height, int width) {
        int[] columns = nearestSources(image.width(), width);
        int[] rows = nearestSources(image.height(), height);
        byte[] in = image.rgb();
        byte[] out = new byte[3 * height * width];
        for (int y = 0, o = 0; y < height; y++) {
            int row = rows[y] * image.width();
            for (int x = 0; x < width; x++, o += 3) {
                int i = 3 * (row + columns[x]);
                out[o] = in[i];
                out[o + 1] = in[i + 1];
                out[o + 2] = in[i + 2];
            }
        }
        return new Image(height, width, out);
    }

    private static int[] nearestSources(int in, int out) {
        int[] sources = new int[out];
        double step = (double) in / out;
        double at = step * 0.5; // added up, not multiplied: rounding decides ties as Pillow does
        for (int i = 0; i < out; i++, at += step) {
            sources[i] = Math.min((int) at, in - 1);
        }
        return sources;
    }

    private static Image horizontal(Image image, Taps taps) {
        int inWidth = 3 * image.width();
        int width = taps.start.length;
        byte[] in = image.rgb();
        byte[] out = new byte[3 * image.height() * width];
        int o = 0;
        for (int y = 0; y < image.height(); y++) {
            int row = y * inWidth;
            for (int x = 0; x < width; x++, o += 3) {
                int[] weights = taps.weight[x];
                int i = row + 3 * taps.start[x];
                int r = HALF;
                int g = HALF;
                int b = HALF;
                for (int weight : weights) {
                    r += weight * (in[i] & 0xff);
                    g += weight * (in[i + 1] & 0xff);
                    b += weight * (in[i + 2] & 0xff);
                    i += 3;
                }
                out[o] = clip(r);
                out[o + 1] = clip(g);
                out[o + 2] = clip(b);
            }
        }
        return new Image(image.height(), width, out);
    }

    private static Image vertical(Image image, Taps taps) {
        int row = 3 * image.width();
        int height = taps.start.length;
        byte[] in = image.rgb();
        byte[] out = new byte[height * row];
        int[] sums = new int[row];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, HALF);
            int[] weights = taps.weight[y];
            for (int k = 0; k < weights.length; k++) {
                addRow(sums, in, (taps.start[y] + k) * row, weights[k]);
            }
            int o = y * row;
            for (int x = 0; x < row; x++) {
                out[o + x] = clip(sums[x]);
            }
        }
        return new Image(height, image.width(), out);
    }

    private static void addRow(int[] sums, byte[] in, int from, int weight) {
        for (int x = 0; x < sums.length; x++) {
            sums[x] += weight * (in[from + x] & 0xff);
        }
    }

    private static byte clip(int sum) {
        return (byte) Math.clamp(sum >> PRECISION, 0, 255);
    }

    /** How an axis is resized by a filter that has weights, which NEAREST has not. */
    public static Taps taps(int in, int out, Filter filter) {
        if (TAPS.size() > MOST_TAPS) {
            TAPS.clear();
        }
        return TAPS.computeIfAbsent(new AxisKey(in, out, filter), Taps::of);
    }

    private record AxisKey(int in, int out, Filter filter) {}

    /**
     * How one axis is resized: new sample i is made of the old ones from {@code start[i]} on, with these weights times 2^22. Not to be
     * written to.
     */
    public record Taps(int[] start, int[][] weight) {
        /** Those of the new samples from one on. */
        Taps part(int from, int count) {
            return new Taps(
                    Arrays.copyOfRange(start, from, from + count), Arrays.copyOfRange(weight, from, from + count));
        }

        private static Taps of(AxisKey key) {
            double scale = (double) key.in / key.out;
            double widening = Math.max(scale, 1);
            double support = key.filter.support * widening;
            double inverse = 1 / widening;
            int[] first = new int[key.out];
            int[][] weights = new int[key.out][];
            for (int i = 0; i < key.out; i++) {
                double centre = (i + 0.5) * scale;
                int from = Math.max((int) (centre - support + 0.5), 0);
                int to = Math.min((int) (centre + support + 0.5), key.in);
                double[] w = new double[to - from];
                double sum = 0;
                for (int k = 0; k < w.length; k++) {
                    w[k] = key.filter.weight((k + from - centre + 0.5) * inverse);
                    sum += w[k];
                }
                first[i] = from;
                weights[i] = new int[w.length];
                for (int k = 0; k < w.length; k++) {
                    double normal = sum == 0 ? w[k] : w[k] / sum;
                    weights[i][k] = (int) ((normal < 0 ? -0.5 : 0.5) + normal * (1 << PRECISION));
                }
            }
            return new Taps(first, weights);
        }
    }
}
