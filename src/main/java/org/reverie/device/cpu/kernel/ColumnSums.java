package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * Sums down the columns of matrices by rule 3. The 32 lanes of every column form a block of 32 rows of partial sums;
 * every 32 rows of the matrix are one run of floats to be added to that block, whatever the number of columns.
 */
final class ColumnSums {
    private static final int LANES = Contract.LANES;

    /** Columns that one block of partial sums covers at most: 32 rows of them stay in the second-level cache. */
    private static final int MAX_COLS = 1024;

    /** At least as many are read in one run where the matrix has them. */
    private static final int MIN_COLS = 128;

    /** Tasks to a thread that blocks of fewer columns should make. */
    private static final int TASKS = 2;

    private final Workers workers;

    ColumnSums(Workers workers) {
        this.workers = workers;
    }

    /**
     * {@code y[p][j] = sum over i} of x[p][i][j], or of the squared deviations from means[p][j] if means is not 0.
     * Everything is contiguous.
     */
    void run(int batch, int rows, int cols, long x, long means, long y) {
        if (batch <= 0 || cols <= 0) {
            return;
        }
        int segments = Math.max(1, Math.ceilDiv(rows, Contract.SEGMENT));
        long most = (long) batch * segments * cols / (TASKS * workers.threads());
        int across = (int) Math.clamp(most / MIN_COLS * MIN_COLS, MIN_COLS, MAX_COLS);
        int blocks = Math.ceilDiv(cols, across);
        float[] parts = segments == 1 ? null : new float[Math.multiplyExact(batch * segments, cols)];
        workers.parallelFor(Math.multiplyExact(batch, segments * blocks), (task, worker) -> {
            int p = task / (segments * blocks);
            int s = task / blocks % segments;
            int col = task % blocks * across;
            int begin = s * Contract.SEGMENT;
            int count = Math.min(Contract.SEGMENT, rows - begin);
            long from = x + 4 * (((long) p * rows + begin) * cols + col);
            long mean = means == 0 ? 0 : means + 4 * ((long) p * cols + col);
            int width = Math.min(across, cols - col);
            float[] sums = segment(count, width, from, cols, mean, worker);
            if (parts != null) {
                System.arraycopy(sums, 0, parts, (p * segments + s) * cols + col, width);
                return;
            }
            for (int j = 0; j < width; j += N) {
                long to = y + 4 * ((long) p * cols + col + j);
                Lanes.storeFirst(FloatVector.fromArray(F, sums, j), to, width - j);
            }
        });
        if (parts != null) {
            finish(batch, segments, cols, parts, y);
        }
    }

    /** Adds the segments' sums by the same rule; on the caller's thread, since there are few. */
    private static void finish(int batch, int segments, int cols, float[] parts, long y) {
        float[] column = new float[segments];
        for (int p = 0; p < batch; p++) {
            for (int j = 0; j < cols; j++) {
                for (int s = 0; s < segments; s++) {
                    column[s] = parts[(p * segments + s) * cols + j];
                }
                Lanes.set(y + 4 * ((long) p * cols + j), RowSums.sum(column, 0, segments));
            }
        }
    }

    /** The sums of one segment of {@code cols} columns of a matrix whose rows are {@code stride} floats apart. */
    private float[] segment(int rows, int cols, long x, long stride, long means, int worker) {
        int size = LANES * cols;
        int padded = Math.ceilDiv(size, N) * N + N;
        float[] sums = workers.floats(worker, 0, padded);
        float[] mean = means == 0 ? null : repeat(means, cols, worker, padded);
        Arrays.fill(sums, 0, padded, 0f);
        boolean dense = stride == cols;
        int step = dense ? LANES : 1;
        for (int r = 0; r < rows; r += step) {
            int n = dense ? Math.min(LANES, rows - r) * cols : cols;
            int at = r % LANES * cols;
            long from = x + 4 * r * stride;
            if (mean == null) {
                add(from, n, sums, at);
            } else {
                addSquares(from, n, mean, sums, at);
            }
        }
        for (int h = LANES / 2; h > 0; h /= 2) {
            for (int i = 0; i < h * cols; i += N) {
                // Lanes past the end of the lower half are spoilt: they are not read again.
                FloatVector upper = FloatVector.fromArray(F, sums, h * cols + i);
                int left = h * cols - i;
                FloatVector sum = FloatVector.fromArray(F, sums, i).add(upper);
                if (left >= N) {
                    sum.intoArray(sums, i);
                } else {
                    sum.intoArray(sums, i, F.indexInRange(0, left));
                }
            }
        }
        return sums;
    }

    /** The means once for each of the 32 rows. */
    private float[] repeat(long means, int cols, int worker, int length) {
        float[] mean = workers.floats(worker, 1, length);
        for (int l = 0; l < LANES; l++) {
            Packing.copyExactly(means, cols, mean, l * cols);
        }
        return mean;
    }

    private static void add(long x, int n, float[] sums, int at) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector.fromArray(F, sums, at + i).add(load(x + 4L * i)).intoArray(sums, at + i);
        }
        for (; i < n; i++) {
            sums[at + i] += Lanes.get(x + 4L * i);
        }
    }

    private static void addSquares(long x, int n, float[] mean, float[] sums, int at) {
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector d = load(x + 4L * i).sub(FloatVector.fromArray(F, mean, at + i));
            FloatVector.fromArray(F, sums, at + i).add(d.mul(d)).intoArray(sums, at + i);
        }
        for (; i < n; i++) {
            float d = Lanes.get(x + 4L * i) - mean[at + i];
            sums[at + i] += d * d;
        }
    }
}
