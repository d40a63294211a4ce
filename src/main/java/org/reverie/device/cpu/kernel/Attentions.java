package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Contraction.roundUp;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import org.reverie.device.cpu.AttentionKernels;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * Attention as two products for every block of keys, with the softmax between them in the first-level cache. Keys and values
 * of a head are packed once; then each task takes some queries of a head ({@link Queries}) through all blocks.
 */
final class Attentions implements AttentionKernels {
    /** Floats of packed keys and values that are held at once. */
    private static final int SLAB = 1 << 23;

    private final Workers workers;
    private final AttentionGradients gradients;
    private final Spare spare = new Spare();

    Attentions(Workers workers) {
        this.workers = workers;
        gradients = new AttentionGradients(workers);
    }

    /**
     * A packed head.
     *
     * @param packed the keys as the right operand of q · k, a block of keys being some of its panels; behind them the values,
     *     one right operand for each block of keys
     * @param keys where the keys begin
     * @param values where the values begin; a key takes {@link #paddedWidth} floats
     */
    record Head(float[] packed, int keys, int values) {}

    private static int keyFloats(Extents e) {
        return Math.multiplyExact(roundUp(e.keys(), NR), e.depth());
    }

    static int paddedWidth(Extents e) {
        return roundUp(e.width(), NR);
    }

    @Override
    public void attention(Extents e, float scale, Mask mask, long q, long k, long v, long y) {
        int floats = Math.addExact(keyFloats(e), Math.multiplyExact(e.keys(), paddedWidth(e)));
        int some = Math.max(1, Math.min(e.heads(), SLAB / Math.max(1, floats)));
        int blocks = Math.ceilDiv(e.queries(), Queries.MAX);
        float[] packed = spare.take(Math.multiplyExact(some, floats));
        for (int h = 0; h < e.heads(); h += some) {
            int first = h;
            int heads = Math.min(some, e.heads() - h);
            workers.parallelFor(heads, (task, worker) -> {
                int head = first + task;
                long keys = k + 4L * head * e.keys() * e.depth();
                long values = v + 4L * head * e.keys() * e.width();
                pack(e, keys, values, head(e, packed, task * floats));
            });
            workers.parallelFor(Math.multiplyExact(heads, blocks), (task, worker) -> {
                int head = first + task / blocks;
                int query = task % blocks * Queries.MAX;
                int count = Math.min(Queries.MAX, e.queries() - query);
                long row = (long) head * e.queries() + query;
                long kept = mask.address() == 0
                        ? 0
                        : mask.address() + head / e.headsPerBatch() * mask.batch() + query * mask.query();
                Queries queries = new Queries(e, scale, mask, query, count, kept, workers, worker);
                queries.run(q + 4 * row * e.depth(), head(e, packed, task / blocks * floats), y + 4 * row * e.width());
            });
        }
        spare.give(packed);
    }

    @Override
    public void gradient(Extents e, float scale, Mask mask, long q, long k, long v, long g, long dq, long dk, long dv) {
        gradients.run(new AttentionGradients.Operands(e, scale, mask, q, k, v, g, dq, dk, dv));
    }

    private static Head head(Extents e, float[] packed, int at) {
        return new Head(packed, at, at + keyFloats(e));
    }

    private static void pack(Extents e, long keys, long values, Head head) {
        int all = e.keys();
        long depth = 4L * e.depth();
        Panels.Packed layout = new Panels.Packed(head.packed(), all, head.keys());
        for (int p = 0; p < e.depth(); p += Contract.CHUNK) {
            int n = Math.min(Contract.CHUNK, e.depth() - p);
            Packing.right(keys + 4L * p, 4, depth, n, all, head.packed(), layout.at(p, n, 0));
        }
        long width = 4L * e.width();
        for (int j = 0; j < all; j += Contract.KEY_BLOCK) {
            int n = Math.min(Contract.KEY_BLOCK, all - j);
            int at = head.values() + j * paddedWidth(e);
            Packing.right(values + j * width, width, 4, n, e.width(), head.packed(), at);
        }
    }
}
