package org.reverie.device.spec;

import java.util.Arrays;
import org.reverie.device.spec.ResizeSpec.Mode;

/**
 * Resizing along one axis as a sparse matrix: output i is the sum over t of {@code weight[i][t] · x[start[i] + t]}. Weights
 * are worked out in binary64 and rounded once to f32, so that all backends have the same; taps of weight 0 at either end
 * are left out.
 */
public record ResizeTaps(int[] start, float[][] weight) {
    /** The taps from an axis of {@code in} pixels to one of {@code out}; both at least 1. */
    public static ResizeTaps of(Mode mode, int in, int out) {
        int[] start = new int[out];
        float[][] weight = new float[out][];
        for (int i = 0; i < out; i++) {
            switch (mode) {
                case NEAREST -> set(start, weight, i, (int) ((long) i * in / out), 1);
                case ALIGN_CORNERS -> between(start, weight, i, (long) i * (in - 1), Math.max(1, out - 1), in);
                case HALF_PIXEL -> between(start, weight, i, Math.max(0, (2L * i + 1) * in - out), 2L * out, in);
                case ANTIALIAS -> triangle(start, weight, i, in, out);
            }
        }
        return new ResizeTaps(start, weight);
    }

    /** Linear between the pixels around position numerator / denominator ≥ 0. */
    private static void between(int[] start, float[][] weight, int i, long numerator, long denominator, int in) {
        int first = (int) (numerator / denominator);
        double fraction = (double) (numerator % denominator) / denominator;
        if (first >= in - 1 || fraction == 0) {
            set(start, weight, i, Math.min(first, in - 1), 1);
        } else {
            set(start, weight, i, first, 1 - fraction, fraction);
        }
    }

    /** The triangle around the centre of pixel i, cut to the image and normalised, as in Pillow's precompute_coeffs. */
    private static void triangle(int[] start, float[][] weight, int i, int in, int out) {
        double scale = (double) in / out;
        double support = Math.max(scale, 1);
        double centre = (i + 0.5) * scale;
        int first = Math.max(0, (int) (centre - support + 0.5));
        int end = Math.min(in, (int) (centre + support + 0.5));
        double[] w = new double[end - first];
        double sum = 0;
        for (int t = 0; t < w.length; t++) {
            w[t] = Math.max(0, 1 - Math.abs((first + t - centre + 0.5) / support));
            sum += w[t];
        }
        for (int t = 0; t < w.length; t++) {
            w[t] /= sum;
        }
        set(start, weight, i, first, w);
    }

    private static void set(int[] start, float[][] weight, int i, int first, double... w) {
        int from = 0;
        int to = w.length;
        while (to > from + 1 && (float) w[to - 1] == 0) {
            to--;
        }
        while (from < to - 1 && (float) w[from] == 0) {
            from++;
        }
        start[i] = first + from;
        weight[i] = new float[to - from];
        for (int t = from; t < to; t++) {
            weight[i][t - from] = (float) w[t];
        }
    }

    /** The taps of the transposed matrix, for an axis of {@code in} pixels: by which outputs each pixel is read. */
    public ResizeTaps transposed(int in) {
        int[] first = new int[in];
        float[][] columns = new float[in][0];
        for (int o = 0; o < start.length; o++) {
            for (int t = 0; t < weight[o].length; t++) {
                int x = start[o] + t;
                if (columns[x].length == 0) {
                    first[x] = o;
                }
                // the outputs that read a pixel follow each other, because starts and ends of the taps ascend
                columns[x] = Arrays.copyOf(columns[x], o - first[x] + 1);
                columns[x][o - first[x]] = weight[o][t];
            }
        }
        return new ResizeTaps(first, columns);
    }
}
