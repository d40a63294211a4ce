package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Tiles.MR;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * The matrix product under every contraction: who packs what, and how C is cut into tasks. A right operand of moderate
 * size is packed once, by all threads, and then read by every task; a larger one, and those of a batch of products, are
 * packed by each task for its own columns. What a task does is {@link Block}.
 */
final class Contraction {
    /** Largest block of C of one task. */
    private static final int MAX_ROWS = 512;

    private static final int MAX_COLS = 1024;

    /** Floats of a right operand that is packed as a whole. */
    private static final int SHARED = 1 << 22;

    /** Tasks for each thread, so that a thread that starts late does fewer. */
    private static final int TASKS = 4;

    /** Multiply-adds below which waking another thread costs more than it brings. */
    private static final long ALONE = 1 << 19;

    private final Workers workers;

    private final Spare spare = new Spare();

    Contraction(Workers workers) {
        this.workers = workers;
    }

    Workers workers() {
        return workers;
    }

    /**
     * The operands and the output of one matrix of the batch; addresses in bytes, {@code ldc} and {@code ldr} too.
     *
     * @param turned element (i, j) of the product goes to row j, column i of c; bias belongs to i then
     */
    record Matrix(
            Panels.Left left,
            Panels.Right right,
            long c,
            long ldc,
            long residual,
            long ldr,
            long bias,
            boolean turned) {
        Matrix with(Panels.Right packed) {
            return new Matrix(left, packed, c, ldc, residual, ldr, bias, turned);
        }
    }

    /** Gives the matrix of a batch index. Called once per task. */
    interface Batch {
        Matrix get(int index);
    }

    void run(int batch, int m, int n, int k, Epilogue epilogue, Batch matrices) {
        if (batch <= 0 || m <= 0 || n <= 0) {
            return;
        }
        int threads = threads((long) batch * m, n, k);
        long floats = (long) roundUp(n, NR) * k;
        if (batch == 1 && m > (threads == 1 ? MAX_ROWS : Block.ROWS) && floats <= SHARED) {
            Matrix x = matrices.get(0);
            if (x.right.ready() == null) {
                shared(x, m, n, k, (int) floats, threads, epilogue);
            } else {
                tasks(1, m, n, k, threads, true, epilogue, index -> x);
            }
        } else {
            tasks(batch, m, n, k, threads, false, epilogue, matrices);
        }
    }

    /** Threads that are worth their waking for a product of these extents. */
    int threads(long m, long n, long k) {
        return m * n * k < ALONE ? 1 : workers.threads();
    }

    /** Packs the right operand first. */
    private void shared(Matrix x, int m, int n, int k, int floats, int threads, Epilogue epilogue) {
        float[] b = spare.take(floats);
        Panels.Packed packed = new Panels.Packed(b, n, 0);
        pack(x.right, packed, n, k, threads);
        Matrix ready = x.with(packed);
        tasks(1, m, n, k, threads, true, epilogue, index -> ready);
        spare.give(b);
    }

    /** Packs a right operand of {@code k} rows and {@code n} columns. */
    void pack(Panels.Right source, Panels.Packed to, int n, int k, int threads) {
        int cols = threads == 1 ? n : roundUp(ceilDiv(n, TASKS * threads), NR);
        int across = ceilDiv(n, cols);
        each(threads, ceilDiv(k, Contract.CHUNK) * across, (task, worker) -> {
            int k0 = task / across * Contract.CHUNK;
            int kc = Math.min(Contract.CHUNK, k - k0);
            int j = task % across * cols;
            source.pack(k0, kc, j, Math.min(cols, n - j), to.ready(), to.at(k0, kc, j));
        });
    }

    /** @param rowsFirst whether to cut rows before columns; a task that packs the right operand wants many rows */
    private void tasks(
            int batch, int m, int n, int k, int threads, boolean rowsFirst, Epilogue epilogue, Batch matrices) {
        int want = threads == 1 ? 1 : rowsFirst ? TASKS * threads : TASKS / 2 * threads;
        int down = ceilDiv(m, MAX_ROWS);
        int across = ceilDiv(n, MAX_COLS);
        for (int turn = 0; turn < 2; turn++) {
            if (rowsFirst == (turn == 0)) {
                down = Math.max(down, Math.min(ceilDiv(want, batch * across), ceilDiv(m, 4 * MR)));
            } else {
                across = Math.max(across, Math.min(ceilDiv(want, batch * down), ceilDiv(n, 2 * NR)));
            }
        }
        int rows = roundUp(ceilDiv(m, down), 2 * MR);
        int cols = roundUp(ceilDiv(n, across), NR);
        int rowTasks = ceilDiv(m, rows);
        int colTasks = ceilDiv(n, cols);
        each(threads, Math.multiplyExact(batch, rowTasks * colTasks), (task, worker) -> {
            int index = task / (rowTasks * colTasks);
            int i = task / colTasks % rowTasks * rows;
            int j = task % colTasks * cols;
            int width = Math.min(cols, n - j);
            Matrix x = matrices.get(index);
            float[] own = x.right.ready() == null ? workers.floats(worker, 1, Block.floats(width, k)) : null;
            new Block(x, epilogue, i, Math.min(rows, m - i), j, width, k, workers, worker).run(own);
        });
    }

    private void each(int threads, int tasks, Workers.Body body) {
        if (threads == 1) {
            workers.alone(tasks, body);
        } else {
            workers.parallelFor(tasks, body);
        }
    }

    static int ceilDiv(int a, int b) {
        return Math.ceilDiv(a, b);
    }

    static int roundUp(int a, int b) {
        return Math.ceilDiv(a, b) * b;
    }
}
