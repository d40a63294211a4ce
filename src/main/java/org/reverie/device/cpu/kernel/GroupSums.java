package org.reverie.device.cpu.kernel;

import java.lang.foreign.Arena;
import org.reverie.device.cpu.NormGeometry;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * Means over the statistics groups of a normalisation, by rule 3 in row-major order of each group's elements. In an image
 * a group is a run of channels in every pixel: {@link StitchedGroups} adds it where it lies, or, if it has very few or many channels, a
 * segment of each of several groups is brought together first, pixels in order, so that the image is read along its lines.
 */
final class GroupSums {
    /** Elements in a task, and in the groups that one task brings together. */
    private static final int RUN = 1 << 14;

    private static final int GATHERED = 1 << 16;

    /** Tasks for each thread, at least, if there is more than one. */
    private static final int TASKS = 2;

    /** Bytes of pixels whose groups are brought together at a time, to stay in the first cache. */
    private static final int NEAR = 1 << 14;

    private static final long V = 4L * Lanes.N;

    private final Workers workers;
    private final ColumnSums columns;

    GroupSums(Workers workers) {
        this.workers = workers;
        columns = new ColumnSums(workers);
    }

    /** Means, and variances by them. */
    void statistics(NormGeometry g, long x, long means, long variances) {
        if (g.channels() == 1 || g.size() > Contract.SEGMENT) {
            means(g, x, 0, means);
            means(g, x, means, variances);
            return;
        }
        float size = g.size();
        if (StitchedGroups.suits(g)) {
            stitched(g, x, (groups, outer, segment, group, count, lanes) -> {
                int first = outer * g.groups() + group;
                groups.add(outer, segment, group, count, 0, lanes);
                for (int k = 0; k < count; k++) {
                    Lanes.set(means + 4L * (first + k), StitchedGroups.sum(lanes, k) / size);
                }
                groups.add(outer, segment, group, count, means + 4L * first, lanes);
                for (int k = 0; k < count; k++) {
                    Lanes.set(variances + 4L * (first + k), StitchedGroups.sum(lanes, k) / size);
                }
            });
        } else {
            segments(g, x, (s, segment, from, n) -> {
                float mean = RowSums.sum(from, n) / size;
                Lanes.set(means + 4L * s, mean);
                Lanes.set(variances + 4L * s, RowSums.squares(from, n, mean) / size);
            });
        }
    }

    /** {@code y[s] = (sum of group s) / size}, of x or, if means is not 0, of the squared deviations from means[s]. */
    void means(NormGeometry g, long x, long means, long y) {
        if (g.channels() == 1) {
            columns.run(g.outer(), g.spatial(), g.groups(), x, means, y);
        } else {
            int segments = segments(g);
            float[] parts = new float[Math.multiplyExact(g.statistics(), segments)];
            if (StitchedGroups.suits(g)) {
                stitched(g, x, (groups, outer, segment, group, count, lanes) -> {
                    int first = outer * g.groups() + group;
                    groups.add(outer, segment, group, count, means == 0 ? 0 : means + 4L * first, lanes);
                    for (int k = 0; k < count; k++) {
                        parts[(first + k) * segments + segment] = StitchedGroups.sum(lanes, k);
                    }
                });
            } else {
                segments(g, x, (s, segment, from, n) -> {
                    parts[s * segments + segment] =
                            means == 0 ? RowSums.sum(from, n) : RowSums.squares(from, n, Lanes.get(means + 4L * s));
                });
            }
            for (int s = 0; s < g.statistics(); s++) {
                Lanes.set(y + 4L * s, segments == 1 ? parts[s] : RowSums.sum(parts, s * segments, segments));
            }
        }
        float count = g.size();
        for (int s = 0; s < g.statistics(); s++) {
            Lanes.set(y + 4L * s, Lanes.get(y + 4L * s) / count);
        }
    }

    /** A segment of each of {@code count} groups from {@code group} on. */
    private interface Stitches {
        /** @param lanes room for the groups' lanes */
        void run(StitchedGroups groups, int outer, int segment, int group, int count, long lanes);
    }

    private void stitched(NormGeometry g, long x, Stitches body) {
        int segments = segments(g);
        int tasks = workers.threads() == 1 ? 1 : TASKS * workers.threads();
        int want = Math.ceilDiv(tasks, Math.max(1, g.outer() * segments));
        int together = Math.ceilDiv(g.groups(), Math.min(want, g.groups()));
        int cuts = Math.ceilDiv(g.groups(), together);
        try (Arena arena = Arena.ofConfined()) {
            long table = arena.allocate(StitchedGroups.bytes(g), 64).address();
            StitchedGroups groups = new StitchedGroups(g, x, table);
            workers.parallelFor(Math.multiplyExact(g.outer(), segments * cuts), (task, worker) -> {
                int group = task % cuts * together;
                int count = Math.min(together, g.groups() - group);
                long lanes = workers.memory(worker, 2, count * StitchedGroups.LANES);
                body.run(groups, task / cuts / segments, task / cuts % segments, group, count, lanes);
            });
        }
    }

    /** Segment {@code segment} of the elements of group {@code s}, one after the other. */
    private interface Segment {
        void run(int s, int segment, long from, int n);
    }

    private static int segments(NormGeometry g) {
        return Math.max(1, Math.ceilDiv(g.size(), Contract.SEGMENT));
    }

    private void segments(NormGeometry g, long x, Segment body) {
        if (g.groups() == 1 || g.spatial() == 1) {
            contiguous(g, x, body);
        } else if (g.statistics() > 0) {
            gathered(g, x, body);
        }
    }

    private void contiguous(NormGeometry g, long x, Segment body) {
        int segments = segments(g);
        int count = Math.multiplyExact(g.statistics(), segments);
        int each = Math.max(1, RUN / Math.clamp(g.size(), 1, Contract.SEGMENT));
        workers.parallelFor(Math.ceilDiv(count, each), (task, worker) -> {
            for (int i = task * each; i < Math.min(count, (task + 1) * each); i++) {
                int begin = i % segments * Contract.SEGMENT;
                long from = x + 4 * ((long) (i / segments) * g.size() + begin);
                body.run(i / segments, i % segments, from, Math.min(Contract.SEGMENT, g.size() - begin));
            }
        });
    }

    private void gathered(NormGeometry g, long x, Segment body) {
        int segments = segments(g);
        int channels = g.channels();
        int most = Math.min(g.spatial(), Math.ceilDiv(Contract.SEGMENT, channels) + 1);
        long stride = V * (Math.ceilDiv(most * channels, Lanes.N) + 1);
        int together = (int) Math.clamp(4L * GATHERED / stride, 1, g.groups());
        int cuts = Math.ceilDiv(g.groups(), together);
        long end = x + 4L * g.rows() * g.parameters();
        workers.parallelFor(Math.multiplyExact(g.outer(), segments * cuts), (task, worker) -> {
            int outer = task / cuts / segments;
            int segment = task / cuts % segments;
            int group = task % cuts * together;
            int count = Math.min(together, g.groups() - group);
            int begin = segment * Contract.SEGMENT;
            int n = Math.min(Contract.SEGMENT, g.size() - begin);
            int pixel = begin / channels;
            int skip = begin % channels;
            long to = workers.memory(worker, 2, count * stride);
            long first = ((long) outer * g.spatial() + pixel) * g.parameters() + (long) group * channels;
            gather(g, x + 4 * first, Math.ceilDiv(skip + n, channels), count, to, stride, end);
            for (int k = 0; k < count; k++) {
                body.run(outer * g.groups() + group + k, segment, to + k * stride + 4L * skip, n);
            }
        });
    }

    /** Brings {@code count} groups of {@code pixels} pixels together, the groups {@code stride} bytes apart. */
    private static void gather(NormGeometry g, long from, int pixels, int count, long to, long stride, long end) {
        long row = 4L * g.parameters();
        long piece = 4L * g.channels();
        int near = (int) Math.max(1, NEAR / row);
        for (int p = 0; p < pixels; p += near) {
            int rows = Math.min(near, pixels - p);
            for (int k = 0; k < count; k++) {
                gather(from + p * row + k * piece, row, rows, piece, to + k * stride + p * piece, end);
            }
        }
    }

    /** Copies whole vectors: what a piece's last one writes too much is overwritten by the next piece. */
    private static void gather(long from, long row, int rows, long piece, long to, long end) {
        for (int i = 0; i < rows; i++) {
            for (long j = 0; j < piece; j += V) {
                if (from + j + V <= end) {
                    Lanes.store(Lanes.load(from + j), to + j);
                } else {
                    int left = (int) (piece - j >> 2);
                    Lanes.storeFirst(Lanes.loadFirst(from + j, left), to + j, left);
                }
            }
            from += row;
            to += piece;
        }
    }
}
