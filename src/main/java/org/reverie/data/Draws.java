package org.reverie.data;

/**
 * Random numbers for drawn images: the SplitMix64 sequence (Steele, Lea, Flood 2014) from a hash of a few integers.
 * Only integer arithmetic and IEEE operations that are exactly rounded, so that a picture has the same bytes on every
 * machine.
 */
final class Draws {
    private static final long STEP = 0x9e3779b97f4a7c15L;

    private long state;

    /** A sequence of its own for every key. */
    Draws(long... key) {
        for (long k : key) {
            state = mix(state + STEP + k);
        }
    }

    static long mix(long z) {
        long a = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ a >>> 27) * 0x94d049bb133111ebL;
        return b ^ b >>> 31;
    }

    long next() {
        state += STEP;
        return mix(state);
    }

    /** 0 to bound − 1. */
    int below(int bound) {
        return (int) ((next() >>> 33) * bound >>> 31);
    }

    /** Uniform in [0, 1). */
    double uniform() {
        return (next() >>> 11) * 0x1p-53;
    }

    /** Uniform in [low, high). */
    double uniform(double low, double high) {
        return low + (high - low) * uniform();
    }

    boolean chance(double probability) {
        return uniform() < probability;
    }

    /** Standard normal, by the polar method. */
    double normal() {
        while (true) {
            double u = uniform(-1, 1);
            double v = uniform(-1, 1);
            double s = u * u + v * v;
            if (s > 0 && s < 1) {
                return u * Math.sqrt(-2 * StrictMath.log(s) / s);
            }
        }
    }

    /** A colour as three numbers in [low, high). */
    double[] colour(double low, double high) {
        return new double[] {uniform(low, high), uniform(low, high), uniform(low, high)};
    }
}
