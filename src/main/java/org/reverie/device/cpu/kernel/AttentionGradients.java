package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Contraction.roundUp;
import static org.reverie.device.cpu.kernel.Tiles.MR;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import java.util.Arrays;
import org.reverie.device.cpu.AttentionKernels.Extents;
import org.reverie.device.cpu.AttentionKernels.Mask;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * The gradient of attention without a matrix of probabilities in memory. A task takes a chunk of a head's queries (a chunk of
 * the contract: terms of the sums that are dk and dv) through all keys, some queries at a time ({@link QuerySlopes}); what
 * it adds to dk and dv stays with the task as one chunk's sums, which are added by the contract's tree when all are there.
 *
 * <p>dk and dv are computed transposed, [depth, keys]: then the slopes are the right operand, as the chain of row operations
 * writes them, and nothing of the size of the matrix is ever transposed.
 */
final class AttentionGradients {
    /** Floats of packed heads and chunk sums that are held at once. */
    private static final int SLAB = 1 << 23;

    /** Multiply-adds of one of the products below which waking another thread costs more than it brings. */
    private static final long ALONE = 1 << 17;

    private final Workers workers;
    private final Spare spare = new Spare();

    AttentionGradients(Workers workers) {
        this.workers = workers;
    }

    /** Addresses of contiguous tensors: q, dq [heads, queries, depth], k, dk [heads, keys, depth], v, dv [heads, keys, width], g [heads, queries, width]. */
    record Operands(Extents e, float scale, Mask mask, long q, long k, long v, long g, long dq, long dk, long dv) {
        /** Keys, filled up to whole panels. */
        int across() {
            return roundUp(e.keys(), NR);
        }

        int chunks() {
            return Math.ceilDiv(e.queries(), Contract.CHUNK);
        }

        /** Floats of a head's packed operands. */
        int packed() {
            int terms = Math.multiplyExact(across(), e.depth() + e.width());
            return Math.addExact(terms, Math.multiplyExact(e.keys(), roundUp(e.depth(), NR)));
        }

        /** Floats of a chunk's sums: dk and dv transposed, in panels of keys. */
        int sums() {
            return Math.multiplyExact(across(), roundUp(e.depth(), MR) + roundUp(e.width(), MR));
        }
    }

    /**
     * A packed head: keys as columns (the right operand of q·kᵀ), values as columns (of g·vᵀ), keys as rows (of ds·k).
     */
    record Head(Panels.Packed keys, Panels.Packed values, Panels.Packed rows) {
        static Head at(Operands o, float[] floats, int at) {
            int keys = o.e().keys();
            int values = at + o.across() * o.e().depth();
            int rows = values + o.across() * o.e().width();
            return new Head(
                    new Panels.Packed(floats, keys, at),
                    new Panels.Packed(floats, keys, values),
                    new Panels.Packed(floats, o.e().depth(), rows));
        }

        void pack(Operands o, int head) {
            Extents e = o.e();
            long key = 4L * e.depth();
            long value = 4L * e.width();
            long k = o.k() + head * e.keys() * key;
            pack(k, 4, key, e.depth(), e.keys(), keys);
            pack(o.v() + head * e.keys() * value, 4, value, e.width(), e.keys(), values);
            pack(k, key, 4, e.keys(), e.depth(), rows);
        }

        private static void pack(long from, long row, long col, int terms, int cols, Panels.Packed to) {
            for (int p = 0; p < terms; p += Contract.CHUNK) {
                int n = Math.min(Contract.CHUNK, terms - p);
                Packing.right(from + p * row, row, col, n, cols, to.ready(), to.at(p, n, 0));
            }
        }
    }

    void run(Operands o) {
        Extents e = o.e();
        int chunks = o.chunks();
        int floats = Math.addExact(o.packed(), Math.multiplyExact(chunks, o.sums()));
        int some = Math.clamp(SLAB / Math.max(1, floats), 1, e.heads());
        float[] memory = spare.take(Math.multiplyExact(some, floats));
        boolean alone = (long) e.heads() * e.queries() * e.keys() * e.depth() < ALONE;
        for (int h = 0; h < e.heads(); h += some) {
            int first = h;
            int heads = Math.min(some, e.heads() - h);
            if (chunks > 1) {
                each(alone, heads, (t, worker) -> Head.at(o, memory, t * floats).pack(o, first + t));
            }
            each(alone, heads * chunks, (t, worker) -> {
                int at = t / chunks * floats;
                Head head = Head.at(o, memory, at);
                if (chunks == 1) {
                    head.pack(o, first + t);
                }
                int chunk = t % chunks;
                int sums = at + o.packed() + chunk * o.sums();
                Arrays.fill(memory, sums, sums + o.sums(), 0f);
                QuerySlopes slopes = new QuerySlopes(o, first + t / chunks, head, memory, sums, workers, worker);
                int end = Math.min(e.queries(), (chunk + 1) * Contract.CHUNK);
                slopes.run(chunk * Contract.CHUNK, end);
                if (chunks == 1) {
                    finish(o, first + t, memory, sums, worker);
                }
            });
            if (chunks > 1) {
                each(alone, heads, (t, worker) -> finish(o, first + t, memory, t * floats + o.packed(), worker));
            }
        }
        spare.give(memory);
    }

    private void each(boolean alone, int tasks, Workers.Body body) {
        if (alone) {
            workers.alone(tasks, body);
        } else {
            workers.parallelFor(tasks, body);
        }
    }

    /** Adds the chunks' sums and stores them as the head's rows of dk and dv. */
    private void finish(Operands o, int head, float[] memory, int at, int worker) {
        Extents e = o.e();
        add(memory, at, o.sums(), o.chunks());
        int values = at + o.across() * roundUp(e.depth(), MR);
        store(memory, at, e.keys(), e.depth(), o.dk() + 4L * head * e.keys() * e.depth(), worker);
        store(memory, values, e.keys(), e.width(), o.dv() + 4L * head * e.keys() * e.width(), worker);
    }

    /** The tree of rule 2 over {@code chunks} vectors of {@code n} floats; the first one becomes the sum. */
    private static void add(float[] x, int at, int n, int chunks) {
        for (int apart = 1; apart < chunks; apart *= 2) {
            for (int c = 0; c + 2 * apart <= chunks; c += 2 * apart) {
                AttentionLoops.add(x, at + c * n, at + (c + apart) * n, n);
            }
        }
        // What is left are sums of as many chunks as the binary digits of their number say, the smallest last.
        int right = chunks & chunks - 1;
        for (int rest = right; rest != 0; rest &= rest - 1) {
            int left = rest & rest - 1;
            AttentionLoops.add(x, at + left * n, at + rest * n, n);
        }
    }

    /** Stores {@code x[at + (j / NR * padded + d) * NR + j % NR]} as element (j, d) of a contiguous matrix. */
    private void store(float[] x, int at, int keys, int depth, long to, int worker) {
        int padded = roundUp(depth, MR);
        int step = roundUp(padded, NR);
        long panel = workers.memory(worker, 1, 4L * padded * NR);
        float[] turned = workers.floats(worker, 5, NR * step);
        for (int j = 0; j < keys; j += NR) {
            AttentionLoops.copy(x, at + j * padded, padded * NR, panel);
            int cols = Math.min(NR, keys - j);
            Transpose.scatter(panel, 4L * NR, padded, cols, turned, 0, step);
            AttentionLoops.store(turned, step, cols, depth, to + 4L * j * depth);
        }
    }
}
