package org.reverie.data;

/**
 * A square picture in the making: three colour channels between 0 and 1, figures laid over it with soft edges one pixel
 * wide.
 */
final class Canvas {
    /** A colour at a place; the array is reused by the caller and must be filled. */
    @FunctionalInterface
    interface Paint {
        void at(double x, double y, double[] rgb);
    }

    final int side;
    private final double[] samples;

    Canvas(int side) {
        this.side = side;
        this.samples = new double[3 * side * side];
    }

    static Paint plain(double... rgb) {
        return (x, y, out) -> System.arraycopy(rgb, 0, out, 0, 3);
    }

    /** A colour made lighter and darker by noise. */
    static Paint mottled(double[] rgb, ValueNoise noise, double cell, double contrast) {
        return (x, y, out) -> {
            double f = 1 + contrast * (2 * noise.fractal(x / cell, y / cell, 3, 0.6) - 1);
            for (int c = 0; c < 3; c++) {
                out[c] = rgb[c] * f;
            }
        };
    }

    /** From one colour at {@code top} to another at {@code bottom}. */
    static Paint vertical(double[] upper, double[] lower, double top, double bottom) {
        return (x, y, out) -> {
            double t = Math.clamp((y - top) / (bottom - top), 0.0, 1.0);
            for (int c = 0; c < 3; c++) {
                out[c] = upper[c] + t * (lower[c] - upper[c]);
            }
        };
    }

    void fill(Paint paint) {
        double[] rgb = new double[3];
        for (int y = 0, i = 0; y < side; y++) {
            for (int x = 0; x < side; x++, i += 3) {
                paint.at(x + 0.5, y + 0.5, rgb);
                System.arraycopy(rgb, 0, samples, i, 3);
            }
        }
    }

    /** Lays a figure over the picture. */
    void draw(Form form, Paint paint) {
        draw(form, paint, 1);
    }

    /** Lays a figure over the picture, {@code opacity} 0 to 1. */
    void draw(Form form, Paint paint, double opacity) {
        double[] rgb = new double[3];
        for (int y = 0, i = 0; y < side; y++) {
            for (int x = 0; x < side; x++, i += 3) {
                double cover = opacity * Math.clamp(0.5 - form.distance(x + 0.5, y + 0.5), 0.0, 1.0);
                if (cover > 0) {
                    paint.at(x + 0.5, y + 0.5, rgb);
                    for (int c = 0; c < 3; c++) {
                        samples[i + c] += cover * (rgb[c] - samples[i + c]);
                    }
                }
            }
        }
    }

    /** Multiplies by {@code gain}, adds {@code offset} and normal noise of deviation {@code grain} to each sample. */
    void expose(Draws draws, double gain, double offset, double grain) {
        for (int i = 0; i < samples.length; i++) {
            samples[i] = samples[i] * gain + offset + (grain > 0 ? grain * draws.normal() : 0);
        }
    }

    /** The picture in bytes, values outside 0 to 1 clamped, the rest rounded. */
    Image toImage() {
        byte[] rgb = new byte[samples.length];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) (int) (Math.clamp(samples[i], 0.0, 1.0) * 255 + 0.5);
        }
        return new Image(side, side, rgb);
    }
}
