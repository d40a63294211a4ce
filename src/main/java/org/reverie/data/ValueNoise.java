package org.reverie.data;

/**
 * Smooth random fields: hashed values at the points of a lattice, joined by cubic steps, and sums of them over octaves.
 */
final class ValueNoise {
    private final long key;

    ValueNoise(long key) {
        this.key = key;
    }

    private double at(int x, int y) {
        return (Draws.mix(key ^ Draws.mix((long) x << 32 ^ y & 0xffffffffL)) >>> 11) * 0x1p-53;
    }

    /** One octave with cells of size 1: values in [0, 1]. */
    double smooth(double x, double y) {
        double fx = Math.floor(x);
        double fy = Math.floor(y);
        int ix = (int) fx;
        int iy = (int) fy;
        double u = step(x - fx);
        double v = step(y - fy);
        double top = at(ix, iy) + u * (at(ix + 1, iy) - at(ix, iy));
        double bottom = at(ix, iy + 1) + u * (at(ix + 1, iy + 1) - at(ix, iy + 1));
        return top + v * (bottom - top);
    }

    private static double step(double t) {
        return t * t * (3 - 2 * t);
    }

    /** Octaves of halved size and {@code roughness} times the height each; values in [0, 1], about 0.5 in the mean. */
    double fractal(double x, double y, int octaves, double roughness) {
        double sum = 0;
        double total = 0;
        double height = 1;
        double size = 1;
        for (int i = 0; i < octaves; i++) {
            sum += height * smooth(x * size + 17.3 * i, y * size + 5.1 * i);
            total += height;
            height *= roughness;
            size *= 2;
        }
        return sum / total;
    }
}
