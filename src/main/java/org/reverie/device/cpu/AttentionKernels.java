package org.reverie.device.cpu;

/** Attention by rule 4 of the bit contract, over raw memory. Shapes and bounds are the caller's to check. */
public interface AttentionKernels {
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
     * Extents of attention; the tensors are q [heads, queries, depth], k [heads, keys, depth], v [heads, keys, width] and the
     * result [heads, queries, width], all contiguous.
     *
     * @param heads heads of all batches
     * @param headsPerBatch this many of them share a batch of the mask
     */
    record Extents(int heads, int headsPerBatch, int queries, int keys, int depth, int width) {}

    /** {@code y[h][i] = Σ softmax(scale · q[h][i] · k[h]) · v[h]} over blocks of keys. */
    void attention(Extents extents, float scale, Mask mask, long q, long k, long v, long y);

    /**
     * The gradients of {@link #attention} with respect to q, k and v, given that of the result, g [heads, queries, width]: with
     * {@code p = softmax(scale · q·kᵀ)} over a whole row of keys, +0 at dropped keys, {@code dp = g·vᵀ} and
     * {@code ds = (p · (dp − Σ dp·p)) · scale}, dq is {@code ds·k}, dk is {@code dsᵀ·q} and dv is {@code pᵀ·g}.
     *
     * @param extents with at least one query and one key
     */
    void gradient(Extents extents, float scale, Mask mask, long q, long k, long v, long g, long dq, long dk, long dv);
}
