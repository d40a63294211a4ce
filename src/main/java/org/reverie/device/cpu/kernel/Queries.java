package org.reverie.device.cpu.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;
import static org.reverie.device.cpu.kernel.Tiles.MR;
import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Tiles.ROW;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.reverie.device.cpu.AttentionKernels.Extents;
import org.reverie.device.cpu.AttentionKernels.Mask;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;
import org.reverie.numerics.Elementary;

/**
 * Attention of some queries of one head. Queries are taken eight at a time (a strip, one tile of rows) through a block of
 * keys: scores by tiles, then maxima, exponentials and sums of the eight rows side by side, then values by tiles that go on
 * from what there is. Rows that may not look at every key of the block are taken one by one.
 */
final class Queries {
    /** Queries of one task. */
    static final int MAX = 64;

    private static final int BLOCK = Contract.KEY_BLOCK;

    /** Panels of scores in a block of keys. */
    private static final int PANELS = BLOCK / NR;

    private static final long LD = Block.LD;
    private static final long TILE = Block.TILE;

    /** Floats from row to row of what is folded over 16 lanes, and so of the running maxima of a strip. */
    private static final int LANES = 16;

    private static final long STRIP = 4L * LANES;

    private static final long V = 4L * N;

    private final Extents e;
    private final float scale;
    private final Mask mask;
    private final int query;
    private final int count;
    private final long kept;
    private final int padded;

    /** Packed queries. */
    private final float[] a;

    /** Probabilities of a strip, as the left operand of the values. */
    private final float[] p;

    private final float[] fold;

    /** Unscaled scores of a strip, a tile for each panel; behind them a tree of sums. */
    private final long scores;

    private final long sums;
    private final long tops;
    private final long factors;
    private final long part;

    /** The running sums of values, a padded row for each query. */
    private final float[] acc;

    private final boolean[] looked;

    /** @param kept flags of the first query's keys, or 0 */
    Queries(Extents e, float scale, Mask mask, int query, int count, long kept, Workers workers, int worker) {
        this.e = e;
        this.scale = scale;
        this.mask = mask;
        this.query = query;
        this.count = count;
        this.kept = kept;
        padded = Attentions.paddedWidth(e);
        int chunks = Math.ceilDiv(e.depth(), Contract.CHUNK);
        int tree = 34 - Integer.numberOfLeadingZeros(chunks);
        a = workers.floats(worker, 0, Math.max(1, chunks) * Block.ROWS * ROW);
        p = workers.floats(worker, 1, MR * ROW);
        fold = workers.floats(worker, 2, LANES * LANES);
        scores = workers.memory(worker, 0, (PANELS + tree) * TILE + STRIP * (3 * MAX / MR + MR));
        sums = scores + (PANELS + tree) * TILE;
        tops = sums + STRIP * MAX / MR;
        factors = tops + STRIP * MAX / MR;
        part = factors + STRIP * MAX / MR;
        acc = workers.floats(worker, 3, MAX * padded);
        looked = new boolean[count];
    }

    void run(long q, Attentions.Head head, long y) {
        Packing.left(q, 4L * e.depth(), 4, count, e.depth(), a);
        fill(sums, LANES * MAX / MR, 0f);
        fill(tops, LANES * MAX / MR, Float.NEGATIVE_INFINITY);
        Arrays.fill(acc, 0, MAX * padded, 0f);
        Panels.Packed keys = new Panels.Packed(head.packed(), e.keys(), head.keys());
        for (int key = 0; key < e.keys(); key += BLOCK) {
            int n = Math.min(BLOCK, e.keys() - key);
            int values = head.values() + key * padded;
            for (int i = 0; i < count; i += MR) {
                int rows = Math.min(MR, count - i);
                for (int j = 0; j < n; j += NR) {
                    int vectors = n - j > N ? 2 : 1;
                    long tile = scores + j / NR * TILE;
                    Block.sums(rows, vectors, e.depth(), a, Block.left(i, 0), keys, 0, key + j, tile);
                }
                if (kept == 0 && (!mask.causal() || query + i >= key + n - 1)) {
                    together(i, rows, n);
                    for (int d = 0; d < e.width(); d += NR) {
                        int vectors = e.width() - d > N ? 2 : 1;
                        Tiles.extend(vectors, n, p, head.packed(), values + d * n, acc, i * padded + d, padded);
                    }
                } else {
                    scale(scores, PANELS * TILE, scale);
                    for (int r = 0; r < rows; r++) {
                        alone(i, r, key, n, head.packed(), values);
                    }
                }
            }
        }
        for (int i = 0; i < count; i++) {
            divide(i, y + 4L * i * e.width());
        }
    }

    /** Where the maximum (or sum, or factor) of query {@code i} is, from the first one. */
    private static long place(int i) {
        return i / MR * STRIP + 4 * (i % MR);
    }

    private static void fill(long to, int n, float value) {
        FloatVector v = FloatVector.broadcast(F, value);
        for (long at = to, end = to + 4L * n; at < end; at += 4L * N) {
            store(v, at);
        }
    }

    private static void scale(long x, long bytes, float factor) {
        for (long at = x, end = x + bytes; at < end; at += 4L * N) {
            store(load(at).mul(factor), at);
        }
    }

    private static void rescale(float[] x, int at, int n, float factor) {
        for (int q = at; q < at + n; q += N) {
            FloatVector.fromArray(F, x, q).mul(factor).intoArray(x, q);
        }
    }

    private long score(int r, int j) {
        return scores + j / NR * TILE + r * LD + 4L * (j % NR);
    }

    /** Probabilities of a strip whose queries look at the block's first {@code n} keys, all others being +0. */
    private void together(int i, int rows, int n) {
        float factor = scale;
        if (n < BLOCK) {
            scale(scores, PANELS * TILE, scale);
            factor = 1f;
            for (int r = 0; r < rows; r++) {
                for (int j = n; j < BLOCK; j++) {
                    Lanes.set(score(r, j), Float.NEGATIVE_INFINITY);
                }
            }
        }
        long strip = i / MR * STRIP;
        maxima(scores, factor, part);
        Transpose.scatter(part, STRIP, MR, LANES, fold, 0, LANES);
        foldMaxima(fold);
        raise(fold, tops + strip, factors + strip);
        exponentials(scores, factor, tops + strip, rows, p, 0);
        for (int r = 0; r < rows; r++) {
            if (n < BLOCK) {
                Arrays.fill(p, r * ROW + n, r * ROW + BLOCK, 0f);
            }
            looked[i + r] = true;
        }
        partSums(p, part);
        Transpose.scatter(part, STRIP, MR, LANES, fold, 0, LANES);
        foldSums(fold);
        extendSums(fold, sums + strip, factors + strip);
        for (int r = 0; r < rows; r++) {
            float lower = Lanes.get(factors + strip + 4L * r);
            if (lower != 1f) {
                rescale(acc, (i + r) * padded, padded, lower);
            }
        }
    }

    /**
     * The largest of each row's scaled scores whose places agree modulo 16, by comparing and choosing. A NaN may be passed over and
     * either zero be chosen: the NaN's exponential spoils sums and values, and zeros are only subtracted.
     */
    private static void maxima(long scores, float scale, long part) {
        FloatVector f = FloatVector.broadcast(F, scale);
        for (int r = 0; r < MR; r++) {
            for (int l = 0; l < LANES; l += N) {
                FloatVector a =
                        fromMemorySegment(F, MEMORY, at(scores, r, l), ORDER).mul(f);
                FloatVector b = fromMemorySegment(F, MEMORY, at(scores, r, l + LANES), ORDER)
                        .mul(f);
                FloatVector c = fromMemorySegment(F, MEMORY, at(scores, r, l + 2 * LANES), ORDER)
                        .mul(f);
                FloatVector d = fromMemorySegment(F, MEMORY, at(scores, r, l + 3 * LANES), ORDER)
                        .mul(f);
                a = a.blend(b, b.compare(GT, a));
                c = c.blend(d, d.compare(GT, c));
                a.blend(c, c.compare(GT, a)).intoMemorySegment(MEMORY, part + r * STRIP + 4L * l, ORDER);
            }
        }
    }

    private static long at(long scores, int r, int j) {
        return scores + j / NR * TILE + r * LD + 4L * (j % NR);
    }

    private static void foldMaxima(float[] x) {
        for (int h = LANES / 2; h > 0; h /= 2) {
            for (int q = 0; q < h * LANES; q += N) {
                FloatVector a = FloatVector.fromArray(F, x, q);
                FloatVector b = FloatVector.fromArray(F, x, q + h * LANES);
                a.blend(b, b.compare(GT, a)).intoArray(x, q);
            }
        }
    }

    /** Rule 3 over the 64 places of each row, as far as 16 lanes. No place holds −0. */
    private static void partSums(float[] p, long part) {
        for (int r = 0; r < MR; r++) {
            for (int l = 0; l < LANES; l += N) {
                int q = r * ROW + l;
                FloatVector even = FloatVector.fromArray(F, p, q).add(FloatVector.fromArray(F, p, q + 2 * LANES));
                FloatVector odd =
                        FloatVector.fromArray(F, p, q + LANES).add(FloatVector.fromArray(F, p, q + 3 * LANES));
                store(even.add(odd), part + r * STRIP + 4L * l);
            }
        }
    }

    private static void foldSums(float[] x) {
        for (int h = LANES / 2; h > 0; h /= 2) {
            for (int q = 0; q < h * LANES; q += N) {
                FloatVector.fromArray(F, x, q)
                        .add(FloatVector.fromArray(F, x, q + h * LANES))
                        .intoArray(x, q);
            }
        }
    }

    /** The new maxima, and the factors that bring what was computed with the old ones down to them. */
    private static void raise(float[] block, long tops, long factors) {
        for (int l = 0; l < LANES; l += N) {
            FloatVector old = load(tops + 4L * l);
            FloatVector top = old.max(FloatVector.fromArray(F, block, l));
            store(top, tops + 4L * l);
            store(VectorMath.exp(old.sub(top)), factors + 4L * l);
        }
    }

    private static void extendSums(float[] block, long sums, long factors) {
        for (int l = 0; l < LANES; l += N) {
            FloatVector s = load(sums + 4L * l).fma(load(factors + 4L * l), FloatVector.fromArray(F, block, l));
            store(s, sums + 4L * l);
        }
    }

    /**
     * {@code p = exp(scale · score − top)} for {@code rows} rows of the tiles at {@code scores}, by the steps of {@link
     * ElementaryLoops#expBelow}, for two vectors side by side: rows are too short for a loop along them.
     */
    private static void exponentials(long scores, float scale, long tops, int rows, float[] p, int at) {
        FloatVector factor = FloatVector.broadcast(F, scale);
        for (int panel = 0; panel < PANELS; panel++) {
            long from = scores + panel * TILE;
            int to = at + panel * NR;
            for (int r = 0; r < rows; r++) {
                FloatVector top = FloatVector.broadcast(F, MEMORY.get(JAVA_FLOAT_UNALIGNED, tops + 4L * r));
                FloatVector c =
                        fromMemorySegment(F, MEMORY, from, ORDER).mul(factor).sub(top);
                FloatVector d = fromMemorySegment(F, MEMORY, from + V, ORDER)
                        .mul(factor)
                        .sub(top);
                c = c.blend(EXP_MIN, c.compare(LT, EXP_MIN));
                d = d.blend(EXP_MIN, d.compare(LT, EXP_MIN));
                FloatVector s = c.fma(LOG2E, ROUND);
                FloatVector t = d.fma(LOG2E, ROUND);
                FloatVector m = s.sub(ROUND);
                FloatVector n = t.sub(ROUND);
                c = m.fma(LN2_LO_NEGATIVE, m.fma(LN2_HI_NEGATIVE, c));
                d = n.fma(LN2_LO_NEGATIVE, n.fma(LN2_HI_NEGATIVE, d));
                m = EXP_4.fma(c, EXP_3)
                        .fma(c, EXP_2)
                        .fma(c, EXP_1)
                        .fma(c, EXP_0)
                        .fma(c, ONE)
                        .fma(c, ONE);
                n = EXP_4.fma(d, EXP_3)
                        .fma(d, EXP_2)
                        .fma(d, EXP_1)
                        .fma(d, EXP_0)
                        .fma(d, ONE)
                        .fma(d, ONE);
                IntVector e = s.reinterpretAsInts().sub(RAISED_BITS).lanewise(LSHL, 23);
                IntVector f = t.reinterpretAsInts().sub(RAISED_BITS).lanewise(LSHL, 23);
                m.mul(e.reinterpretAsFloats()).mul(LOWERED).intoArray(p, to);
                n.mul(f.reinterpretAsFloats()).mul(LOWERED).intoArray(p, to + N);
                from += LD;
                to += ROW;
            }
        }
    }

    /** Query {@code i + r} of a strip and the keys of the block that it may look at. */
    private void alone(int i, int r, int key, int n, float[] packed, int values) {
        int index = i + r;
        int seen = mask.causal() ? Math.min(n, query + index + 1 - key) : n;
        long flags = kept == 0 ? 0 : kept + index * mask.query() + key;
        float old = Lanes.get(tops + place(index));
        float top = old;
        boolean some = false;
        for (int j = 0; j < seen; j++) {
            if (keeps(flags, j)) {
                top = Math.max(top, Lanes.get(score(r, j)));
                some = true;
            }
        }
        if (!some) {
            return;
        }
        Lanes.set(tops + place(index), top);
        exponentials(scores + r * LD, 1f, tops + place(index), 1, p, r * ROW);
        for (int j = 0; j < BLOCK; j++) {
            if (j >= seen || !keeps(flags, j)) {
                p[r * ROW + j] = 0f;
            }
        }
        float factor = Elementary.exp(old - top);
        long sum = sums + place(index);
        Lanes.set(sum, Math.fma(Lanes.get(sum), factor, RowSums.sum(p, r * ROW, BLOCK)));
        rescale(acc, index * padded, padded, factor);
        for (int j = 0; j < seen; j++) {
            if (keeps(flags, j)) {
                extend(p[r * ROW + j], packed, values + j * NR, n * NR, acc, index * padded, padded);
            }
        }
        looked[index] = true;
    }

    private static boolean keeps(long flags, int j) {
        return flags == 0 || Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, flags + j) != 0;
    }

    /** {@code acc = fma(p, v, acc)} for one key, whose values lie {@code panel} floats apart from panel to panel. */
    private static void extend(float p, float[] values, int at, int panel, float[] acc, int to, int n) {
        FloatVector weight = FloatVector.broadcast(F, p);
        for (int d = 0; d < n; d += NR) {
            for (int l = 0; l < NR; l += N) {
                FloatVector v = FloatVector.fromArray(F, values, at + d / NR * panel + l);
                weight.fma(v, FloatVector.fromArray(F, acc, to + d + l)).intoArray(acc, to + d + l);
            }
        }
    }

    private void divide(int i, long y) {
        float sum = looked[i] ? Lanes.get(sums + place(i)) : 1f;
        for (int d = 0; d < e.width(); d += N) {
            Lanes.storeFirst(FloatVector.fromArray(F, acc, i * padded + d).div(sum), y + 4L * d, e.width() - d);
        }
    }
}
