package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.store;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.AttentionKernels;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;
import org.reverie.numerics.Elementary;

/** Softmax over blocks of keys and the sum of values, for four queries at a time where all look at the same keys. */
final class Attentions implements AttentionKernels {
    private static final int BLOCK = Contract.KEY_BLOCK;
    private static final int GROUP = 4;

    private final Workers workers;

    Attentions(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void finish(
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
            long y) {
        int padded = Math.ceilDiv(width, PADDING) * PADDING;
        int groups = Math.ceilDiv(queries, GROUP);
        workers.parallelFor(Math.multiplyExact(heads, groups), (task, worker) -> {
            int head = task / groups;
            int begin = task % groups * GROUP;
            int count = Math.min(GROUP, queries - begin);
            long scratch = workers.memory(worker, 0, 4L * GROUP * (BLOCK + padded));
            Group group = new Group(count, keys, padded, scale, scratch, scratch + 4L * GROUP * BLOCK);
            group.clear();
            int query = firstQuery + begin;
            long dropped = mask.address() == 0
                    ? 0
                    : mask.address() + (firstHead + head) / headsPerBatch * mask.batch() + query * mask.query();
            long from = scores + 4 * (((long) head * queries + begin) * keys);
            long v = values + 4L * head * keys * padded;
            for (int key = 0; key < keys; key += BLOCK) {
                group.block(key, from, v, query, dropped, mask);
            }
            for (int r = 0; r < count; r++) {
                group.divide(r, width, y + 4 * (((long) head * allQueries + query + r) * width));
            }
        });
    }

    /**
     * The running maxima, sums and weighted values of a few queries.
     *
     * @param p scratch for {@code GROUP · BLOCK} probabilities
     * @param acc scratch for {@code GROUP · padded} sums
     */
    private record Group(
            int count, int keys, int padded, float scale, long p, long acc, float[] max, float[] sum, boolean[] any) {
        Group(int count, int keys, int padded, float scale, long p, long acc) {
            this(count, keys, padded, scale, p, acc, new float[count], new float[count], new boolean[count]);
        }

        void clear() {
            java.util.Arrays.fill(max, Float.NEGATIVE_INFINITY);
            for (int i = 0; i < GROUP * padded; i++) {
                Lanes.set(acc + 4L * i, 0f);
            }
        }

        private long p(int r) {
            return p + 4L * r * BLOCK;
        }

        private long acc(int r) {
            return acc + 4L * r * padded;
        }

        /** One block of keys, from {@code key} on. */
        void block(int key, long scores, long values, int query, long dropped, Mask mask) {
            int n = Math.min(BLOCK, keys - key);
            long v = values + 4L * key * padded;
            boolean plain = dropped == 0 && !mask.causal();
            boolean[] some = new boolean[count];
            for (int r = 0; r < count; r++) {
                int seen = mask.causal() ? Math.min(n, query + r + 1 - key) : n;
                long kept = dropped == 0 ? 0 : dropped + r * mask.query() + key;
                long row = scores + 4 * ((long) r * keys + key);
                some[r] = seen > 0 && probabilities(r, row, seen, kept);
                if (some[r] && !plain) {
                    for (int j = 0; j < seen; j++) {
                        if (kept == 0 || keeps(kept, j)) {
                            accumulate(Lanes.get(p(r) + 4L * j), v + 4L * j * padded, padded, acc(r));
                        }
                    }
                }
            }
            if (plain && count == GROUP) {
                accumulate4(p, v, n, padded, acc);
            } else if (plain) {
                for (int r = 0; r < count; r++) {
                    accumulate1(p(r), v, n, padded, acc(r));
                }
            }
        }

        private static boolean keeps(long kept, int j) {
            return Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, kept + j) != 0;
        }

        /** Turns n scores of query r into probabilities and rescales what there is so far; false if no key is kept. */
        private boolean probabilities(int r, long scores, int n, long kept) {
            scaled(scores, n, scale, p(r));
            float top = max[r];
            if (kept == 0) {
                top = Math.max(top, Reductions.max(p(r), n));
            } else {
                boolean some = false;
                for (int j = 0; j < n; j++) {
                    if (keeps(kept, j)) {
                        top = Math.max(top, Lanes.get(p(r) + 4L * j));
                        some = true;
                    }
                }
                if (!some) {
                    return false;
                }
            }
            exponentials(p(r), n, top);
            for (int j = 0; j < BLOCK; j++) {
                if (j >= n || kept != 0 && !keeps(kept, j)) {
                    Lanes.set(p(r) + 4L * j, 0f);
                }
            }
            float factor = Elementary.exp(max[r] - top);
            sum[r] = Math.fma(sum[r], factor, RowSums.sum(p(r), BLOCK));
            rescale(acc(r), padded, factor);
            max[r] = top;
            any[r] = true;
            return true;
        }

        void divide(int r, int width, long y) {
            if (!any[r]) {
                for (int d = 0; d < width; d++) {
                    Lanes.set(y + 4L * d, 0f);
                }
                return;
            }
            int d = 0;
            for (; d <= width - N; d += N) {
                store(load(acc(r) + 4L * d).div(sum[r]), y + 4L * d);
            }
            if (d < width) {
                storeFirst(load(acc(r) + 4L * d).div(sum[r]), y + 4L * d, width - d);
            }
        }
    }

    private static void scaled(long scores, int n, float scale, long p) {
        int i = 0;
        for (; i <= n - N; i += N) {
            store(load(scores + 4L * i).mul(scale), p + 4L * i);
        }
        if (i < n) {
            store(loadFirst(scores + 4L * i, n - i).mul(scale), p + 4L * i);
        }
    }

    private static void exponentials(long p, int n, float top) {
        for (int i = 0; i < n; i += N) {
            store(VectorMath.exp(load(p + 4L * i).sub(top)), p + 4L * i);
        }
    }

    private static void rescale(long acc, int n, float factor) {
        for (int d = 0; d < n; d += N) {
            store(load(acc + 4L * d).mul(factor), acc + 4L * d);
        }
    }

    /** {@code acc = fma(p, v, acc)}. */
    private static void accumulate(float p, long v, int n, long acc) {
        FloatVector weight = FloatVector.broadcast(Lanes.F, p);
        for (int d = 0; d < n; d += N) {
            store(weight.fma(load(v + 4L * d), load(acc + 4L * d)), acc + 4L * d);
        }
    }

    /** {@code acc[d] = fma(p[j], v[j][d], acc[d])} for j ascending. */
    private static void accumulate1(long p, long v, int n, int padded, long acc) {
        for (int d = 0; d < padded; d += N) {
            FloatVector a = load(acc + 4L * d);
            for (int j = 0; j < n; j++) {
                a = FloatVector.broadcast(Lanes.F, Lanes.get(p + 4L * j)).fma(load(v + 4L * (j * padded + d)), a);
            }
            store(a, acc + 4L * d);
        }
    }

    /** The same for four rows of p and acc. */
    private static void accumulate4(long p, long v, int n, int padded, long acc) {
        long row = 4L * padded;
        for (int d = 0; d < padded; d += N) {
            long at = acc + 4L * d;
            FloatVector a0 = load(at);
            FloatVector a1 = load(at + row);
            FloatVector a2 = load(at + 2 * row);
            FloatVector a3 = load(at + 3 * row);
            for (int j = 0; j < n; j++) {
                FloatVector value = load(v + 4L * d + j * row);
                long q = p + 4L * j;
                a0 = FloatVector.broadcast(Lanes.F, Lanes.get(q)).fma(value, a0);
                a1 = FloatVector.broadcast(Lanes.F, Lanes.get(q + 4L * BLOCK)).fma(value, a1);
                a2 = FloatVector.broadcast(Lanes.F, Lanes.get(q + 8L * BLOCK)).fma(value, a2);
                a3 = FloatVector.broadcast(Lanes.F, Lanes.get(q + 12L * BLOCK)).fma(value, a3);
            }
            store(a0, at);
            store(a1, at + row);
            store(a2, at + 2 * row);
            store(a3, at + 3 * row);
        }
    }
}
