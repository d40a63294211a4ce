package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.RandomKernels;
import org.reverie.device.cpu.Workers;

/** {@link PhiloxKernel} on all threads: any part of a stream can be drawn by anyone. */
final class RandomNumbers implements RandomKernels {
    /** Numbers in a task. */
    private static final int RUN = 1 << 13;

    private final Workers workers;

    RandomNumbers(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void uniform(long seed, long stream, long first, long n, long y) {
        workers.parallelFor(tasks(n), (task, worker) -> {
            long from = (long) task * RUN;
            PhiloxKernel.uniform(seed, stream, first + from, first + Math.min(n, from + RUN), y + 4 * from);
        });
    }

    @Override
    public void normal(long seed, long stream, long first, long n, long y) {
        workers.parallelFor(tasks(n), (task, worker) -> {
            long from = (long) task * RUN;
            PhiloxKernel.normal(seed, stream, first + from, first + Math.min(n, from + RUN), y + 4 * from);
        });
    }

    @Override
    public void normalRows(long seed, long stream, long first, long[] rows, int each, long y) {
        long n = (long) rows.length * each;
        workers.parallelFor(tasks(n), (task, worker) -> {
            long to = Math.min(n, (task + 1L) * RUN);
            for (long i = (long) task * RUN; i < to; ) {
                int row = (int) (i / each);
                long count = Math.min((row + 1L) * each, to) - i;
                long start = first + rows[row] * each + i % each;
                PhiloxKernel.normal(seed, stream, start, start + count, y + 4 * i);
                i += count;
            }
        });
    }

    @Override
    public void dropout(long seed, long stream, long first, float p, float scale, long n, long x, long y) {
        workers.parallelFor(tasks(n), (task, worker) -> {
            long from = (long) task * RUN;
            int count = (int) Math.min(RUN, n - from);
            long draws = workers.memory(worker, 0, 4L * RUN);
            PhiloxKernel.uniform(seed, stream, first + from, first + from + count, draws);
            drop(draws, p, scale, count, x + 4 * from, y + 4 * from);
        });
    }

    private static void drop(long draws, float p, float scale, int n, long x, long y) {
        int whole = n - n % Lanes.N;
        FloatVector zero = FloatVector.zero(Lanes.F);
        for (int i = 0; i < whole; i += Lanes.N) {
            FloatVector kept = Lanes.load(x + 4L * i).mul(scale);
            Lanes.store(kept.blend(zero, Lanes.load(draws + 4L * i).compare(LT, p)), y + 4L * i);
        }
        for (int i = whole; i < n; i++) {
            Lanes.set(y + 4L * i, Lanes.get(draws + 4L * i) >= p ? Lanes.get(x + 4L * i) * scale : 0f);
        }
    }

    private static int tasks(long n) {
        return Math.toIntExact(Math.ceilDiv(n, RUN));
    }
}
