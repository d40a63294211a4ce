package org.reverie.device.cpu;

/** The part of attention after the products of queries and keys, by rule 4 of the bit contract. */
public interface AttentionKernels {
    /** Floats that a row of values is padded to a multiple of. */
    int PADDING = 16;

    /**
     * Which keys a query may look at.
     *
     * @param address bytes that are 0 for dropped keys, or 0: none is dropped
     * @param batch bytes from batch to batch
     * @param query bytes from query to query
     * @param causal whether query i may look at keys 0 … i only
     */
    record Mask(long address, long batch, long query, boolean causal) {}

    /**
     * {@code y[h][i] = Σ softmax(scale · scores[h][i]) · values[h]} over blocks of keys, for a run of queries of some heads.
     *
     * @param heads heads {@code firstHead …} of all heads; {@code headsPerBatch} of them share a batch of the mask
     * @param queries queries {@code firstQuery …} of {@code allQueries}
     * @param scores [heads, queries, keys]
     * @param values [heads, keys, padded width], +0 in the padding
     * @param y [heads, allQueries, width], at the first head
     */
    void finish(
            int firstHead,
            int heads,
            int headsPerBatch,
            int firstQuery,
            int queries,
            int allQueries,
            int keys,
            int width,
            float scale,
            Mask mask,
            long scores,
            long values,
            long y);
}
