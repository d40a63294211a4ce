package org.reverie.device.cpu.kernel;

import org.reverie.device.cpu.NormGeometry;
import org.reverie.device.cpu.Workers;

/** Means over the statistics groups of a normalisation, by rule 3 in row-major order of each group's elements. */
final class GroupSums {
    private final Workers workers;
    private final ColumnSums columns;

    GroupSums(Workers workers) {
        this.workers = workers;
        columns = new ColumnSums(workers);
    }

    /** {@code y[s] = (sum of group s) / size}, of x or, if means is not 0, of the squared deviations from means[s]. */
    void means(NormGeometry g, long x, long means, long y) {
        if (g.statistics() == 0) {
            return;
        }
        if (g.channels() == 1) {
            columns.run(g.outer(), g.spatial(), g.groups(), x, means, y);
        } else {
            int each = Math.max(1, (1 << 14) / Math.max(1, g.size()));
            workers.parallelFor(Math.ceilDiv(g.statistics(), each), (task, worker) -> {
                int end = Math.min(g.statistics(), (task + 1) * each);
                for (int s = task * each; s < end; s++) {
                    Lanes.set(y + 4L * s, sum(g, x, means, s, worker));
                }
            });
        }
        float count = g.size();
        for (int s = 0; s < g.statistics(); s++) {
            Lanes.set(y + 4L * s, Lanes.get(y + 4L * s) / count);
        }
    }

    private float sum(NormGeometry g, long x, long means, int s, int worker) {
        int n = g.size();
        long from;
        if (g.groups() == 1 || g.spatial() == 1) {
            from = x + 4L * s * n;
        } else {
            from = workers.memory(worker, 2, 4L * n);
            gather(g, x, s, from);
        }
        return means == 0 ? RowSums.sum(from, n) : RowSums.squares(from, n, Lanes.get(means + 4L * s));
    }

    /** Brings a group's elements, a run of channels in every row, together. */
    private static void gather(NormGeometry g, long x, int s, long to) {
        int channels = g.channels();
        long row = 4L * g.parameters();
        long from = x + s / g.groups() * (g.spatial() * row) + 4L * (s % g.groups()) * channels;
        for (int i = 0; i < g.spatial(); i++) {
            for (int j = 0; j < channels; j += Lanes.N) {
                long at = 4L * j;
                Lanes.storeFirst(
                        Lanes.loadFirst(from + i * row + at, channels - j), to + 4L * i * channels + at, channels - j);
            }
        }
    }
}
