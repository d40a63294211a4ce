package org.reverie.device.cpu;

/** Draws from the streams of {@link org.reverie.random.Philox} into contiguous memory, with its bits. */
public interface RandomKernels {
    /** y[i] = uniform number first + i. */
    void uniform(long seed, long stream, long first, long n, long y);

    /** y[i] = normal number first + i. */
    void normal(long seed, long stream, long first, long n, long y);

    /** y [rows.length, each]: row i holds the normal numbers {@code first + rows[i] * each} and following. */
    void normalRows(long seed, long stream, long first, long[] rows, int each, long y);

    /** y[i] = x[i] · scale where uniform number first + i is at least p, +0 elsewhere; y may be x. */
    void dropout(long seed, long stream, long first, float p, float scale, long n, long x, long y);
}
