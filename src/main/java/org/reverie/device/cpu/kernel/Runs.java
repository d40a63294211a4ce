package org.reverie.device.cpu.kernel;

import org.reverie.numerics.Contract;

/**
 * The terms of a convolution, (kernel row, kernel column, channel) ascending, as stretches of neighbouring floats of a
 * {@link Window}; no stretch crosses the border of a chunk.
 *
 * @param first for each chunk its first stretch, and behind them the number of all stretches
 * @param offsets floats from a pixel's first tap to the stretch
 * @param lengths floats of the stretch
 */
record Runs(int[] first, int[] offsets, int[] lengths) {
    private static final int CHUNK = Contract.CHUNK;

    /** @param count stretches of {@code length} floats before they are cut, {@code starts[i]} behind the first tap */
    static Runs of(int[] starts, int length) {
        int terms = starts.length * length;
        int chunks = Math.ceilDiv(terms, CHUNK);
        int[] first = new int[chunks + 1];
        int[] offsets = new int[starts.length + chunks];
        int[] lengths = new int[starts.length + chunks];
        int run = 0;
        for (int term = 0; term < terms; run++) {
            int within = term % length;
            if (term % CHUNK == 0) {
                first[term / CHUNK] = run;
            }
            offsets[run] = starts[term / length] + within;
            lengths[run] = Math.min(length - within, CHUNK - term % CHUNK);
            term += lengths[run];
        }
        first[chunks] = run;
        return new Runs(first, offsets, lengths);
    }

    int chunks() {
        return first.length - 1;
    }
}
