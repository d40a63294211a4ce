package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Contraction.roundUp;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.MR;
import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Tiles.ROW;

import java.lang.foreign.ValueLayout;
import org.reverie.device.cpu.AttentionKernels.Extents;
import org.reverie.device.cpu.AttentionKernels.Mask;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;
import org.reverie.numerics.Contract;

/**
 * The gradient of attention for some queries of a head: as many at a time as let all that is computed about them and every
 * key stay in the second-level cache. Scores and the slopes of the probabilities are two products; a chain of loops turns
 * each of their rows into probabilities and slopes of the scores, written as the operands of three more products.
 */
final class QuerySlopes {
    /** Bytes of what is known about some queries and all keys: scores, dp, p and ds as right operands, ds as a left one. */
    private static final int NEAR = 700 << 10;

    private static final int BYTES = 5 * Float.BYTES;

    private final AttentionGradients.Operands o;
    private final Extents e;
    private final int head;
    private final AttentionGradients.Head packed;

    /** Transposed sums of this chunk of queries for dk from {@link #dk} on, for dv from {@link #dv} on. */
    private final float[] sums;

    private final int dk;
    private final int dv;

    /** Queries at a time. */
    private final int most;

    /** Queries whose rows go through the chain of loops together. */
    private final int together;

    private final int panels;

    /** Bytes from row to row of scores and of dp. */
    private final long ld;

    private final long scores;
    private final long dp;
    private final long products;

    /** A number for each row that is worked on. */
    private final long numbers;

    /** A tile of sums, and behind it those that wait for others. */
    private final long tile;

    /** Packed rows of q or of g. */
    private final float[] rows;

    /** ds as the left operand of dq. */
    private final float[] slopes;

    /** p and ds as right operands: in panels of keys, a row for each query. */
    private final float[] ps;

    private final float[] dss;

    /** Eight columns of q or of g as rows. */
    private final float[] columns;

    /** @param at where the chunk's sums lie in {@code sums} */
    QuerySlopes(
            AttentionGradients.Operands o,
            int head,
            AttentionGradients.Head packed,
            float[] sums,
            int at,
            Workers workers,
            int worker) {
        this.o = o;
        this.head = head;
        this.packed = packed;
        this.sums = sums;
        e = o.e();
        dk = at;
        dv = at + o.across() * roundUp(e.depth(), MR);
        int fit = Math.clamp(NEAR / (BYTES * o.across()) / MR * MR, 2 * MR, Block.ROWS);
        most = Math.min(fit, roundUp(Math.min(e.queries(), Contract.CHUNK), MR));
        int terms = Math.max(e.keys(), Math.max(e.depth(), e.width()));
        int tree = 34 - Integer.numberOfLeadingZeros(Math.ceilDiv(terms, Contract.CHUNK));
        ld = 4L * o.across() + 64;
        together = SoftmaxRows.together(2 * ld);
        panels = o.across() / NR;
        scores = workers.memory(worker, 0, (2 * most + together) * ld + tree * Block.TILE + 4L * together);
        dp = scores + most * ld;
        products = dp + most * ld;
        tile = products + together * ld;
        numbers = tile + tree * Block.TILE;
        rows = workers.floats(worker, 0, Block.left(0, Math.ceilDiv(Math.max(e.depth(), e.width()), Contract.CHUNK)));
        slopes = workers.floats(worker, 1, Block.left(0, Math.ceilDiv(e.keys(), Contract.CHUNK)));
        ps = workers.floats(worker, 2, most * o.across());
        dss = workers.floats(worker, 3, most * o.across());
        columns = workers.floats(worker, 4, MR * ROW);
    }

    /** Queries {@code begin} to {@code end}, all of one chunk. */
    void run(int begin, int end) {
        for (int i = begin; i < end; i += most) {
            block(i, Math.min(most, end - i));
        }
    }

    private void block(int query, int n) {
        long row = (long) head * e.queries() + query;
        long q = o.q() + 4 * row * e.depth();
        long g = o.g() + 4 * row * e.width();
        product(q, n, e.depth(), packed.keys(), scores);
        product(g, n, e.width(), packed.values(), dp);
        for (int i = 0; i < n; i += together) {
            chain(query + i, i, Math.min(together, n - i));
        }
        dq(n, o.dq() + 4 * row * e.depth());
        extend(q, n, e.depth(), dss, dk);
        extend(g, n, e.width(), ps, dv);
    }

    /** Rows of a [{@code n}, {@code terms}] matrix times the packed matrix [terms, keys]. */
    private void product(long x, int n, int terms, Panels.Packed right, long to) {
        Packing.left(x, 4L * terms, 4, n, terms, rows);
        for (int j = 0; j < e.keys(); j += NR) {
            int vectors = e.keys() - j > N ? 2 : 1;
            for (int i = 0; i < n; i += MR) {
                int r = Math.min(MR, n - i);
                long at = to + i * ld + 4L * j;
                if (terms <= Contract.CHUNK) {
                    int b = right.at(0, terms, j);
                    Tiles.run(r, vectors, terms, rows, Block.left(i, 0), right.ready(), b, at, ld);
                } else {
                    Block.sums(r, vectors, terms, rows, Block.left(i, 0), right, 0, j, tile);
                    Strips.finish(tile, Block.LD, r, NR, at, ld, 0, 0, 0, Activation.NONE);
                }
            }
        }
    }

    /** From {@code n} rows of scores and of dp, the first one being row {@code i}, to those of p and of ds. */
    private void chain(int query, int i, int n) {
        int keys = e.keys();
        long s = scores + i * ld;
        long d = dp + i * ld;
        long bytes = 4L * roundUp(keys, N);
        Mask mask = o.mask();
        boolean dropping = mask.address() != 0 || mask.causal() && query < keys - 1;
        AttentionLoops.scale(s, n * ld, o.scale());
        if (dropping) {
            drop(query, n, s, Float.NEGATIVE_INFINITY);
        }
        SoftmaxRows.tops(s, ld, n, keys, numbers);
        SoftmaxRows.exponentials(s, ld, n, bytes, numbers, s, ld);
        SoftmaxRows.sums(s, ld, n, keys, numbers);
        AttentionLoops.probabilities(s, d, products, ld, n, bytes, numbers);
        if (dropping) {
            drop(query, n, s, 0f);
            AttentionLoops.multiply(s, d, products, n * ld);
        }
        SoftmaxRows.sums(products, ld, n, keys, numbers);
        for (int r = 0; r < n; r++) {
            float along = Lanes.get(numbers + 4L * r);
            AttentionLoops.slopes(
                    s + r * ld,
                    d + r * ld,
                    panels,
                    along,
                    o.scale(),
                    ps,
                    dss,
                    (i + r) * NR,
                    most,
                    slopes,
                    Block.left(i + r, 0));
        }
    }

    /** Writes a number to the dropped keys of {@code n} queries' rows. */
    private void drop(int query, int n, long x, float value) {
        for (int r = 0; r < n; r++) {
            for (int j = 0; j < e.keys(); j++) {
                if (!keeps(query + r, j)) {
                    Lanes.set(x + r * ld + 4L * j, value);
                }
            }
        }
    }

    private boolean keeps(int query, int key) {
        Mask mask = o.mask();
        if (mask.causal() && key > query) {
            return false;
        }
        long flag = mask.address() + head / e.headsPerBatch() * mask.batch() + query * mask.query() + key;
        return mask.address() == 0 || Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, flag) != 0;
    }

    private void dq(int n, long to) {
        for (int i = 0; i < n; i += MR) {
            int r = Math.min(MR, n - i);
            for (int d = 0; d < e.depth(); d += NR) {
                int width = Math.min(NR, e.depth() - d);
                Block.sums(r, width > N ? 2 : 1, e.keys(), slopes, Block.left(i, 0), packed.rows(), 0, d, tile);
                long at = to + 4L * (i * e.depth() + d);
                Strips.finish(tile, Block.LD, r, width, at, 4L * e.depth(), 0, 0, 0, Activation.NONE);
            }
        }
    }

    /** Goes on with the chains of the transposed sums of {@code xᵀ · right}, x being [{@code n}, {@code depth}]. */
    private void extend(long x, int n, int depth, float[] right, int to) {
        int padded = roundUp(depth, MR);
        for (int d = 0; d < depth; d += MR) {
            Transpose.scatter(x + 4L * d, 4L * depth, n, Math.min(MR, depth - d), columns, 0, ROW);
            for (int j = 0; j < e.keys(); j += NR) {
                int vectors = e.keys() - j > N ? 2 : 1;
                Tiles.extend(vectors, n, columns, right, j * most, sums, to + j * padded + d * NR, NR);
            }
        }
    }
}
