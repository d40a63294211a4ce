package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.MR;
import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Tiles.ROW;

import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * The blocked matrix product under every contraction. C is cut into blocks, one task each. A task goes through K chunk
 * by chunk: packs the right operand's chunk for its columns, then for every {@link Tiles#MR} rows packs the left
 * operand (which then sits in the first-level cache) and runs the tiles along the columns. Chunk sums wait on a stack
 * of C blocks that works like a binary counter, so they are added by the pairwise tree of the contract.
 */
final class Contraction {
    private static final int CHUNK = Contract.CHUNK;

    /** Largest block of C; a chunk of the right operand for so many columns fills half of a 1 MiB cache. */
    private static final int MAX_ROWS = 512;

    private static final int MAX_COLS = 512;

    /** Multiply-adds below which waking another thread costs more than it brings. */
    private static final long ALONE = 1 << 19;

    private final Workers workers;

    Contraction(Workers workers) {
        this.workers = workers;
    }

    Workers workers() {
        return workers;
    }

    /** The operands and the output of one matrix of the batch; addresses in bytes, {@code ldc} and {@code ldr} too. */
    record Matrix(Panels.Left left, Panels.Right right, long c, long ldc, long residual, long ldr, long bias) {}

    /** Gives the matrix of a batch index. Called once per task. */
    interface Batch {
        Matrix get(int index);
    }

    void run(int batch, int m, int n, int k, Epilogue epilogue, Batch matrices) {
        if (batch <= 0 || m <= 0 || n <= 0) {
            return;
        }
        int threads = (long) batch * m * n * k < ALONE ? 1 : workers.threads();
        int rowBlocks = ceilDiv(m, MAX_ROWS);
        int colBlocks = ceilDiv(n, MAX_COLS);
        if (threads > 1) {
            int want = 4 * threads;
            if ((long) batch * rowBlocks * colBlocks < want) {
                colBlocks = Math.max(colBlocks, Math.min(ceilDiv(want, batch * rowBlocks), ceilDiv(n, 2 * NR)));
            }
            if ((long) batch * rowBlocks * colBlocks < want) {
                rowBlocks = Math.max(rowBlocks, Math.min(ceilDiv(want, batch * colBlocks), ceilDiv(m, 4 * MR)));
            }
        }
        int rows = roundUp(ceilDiv(m, rowBlocks), MR);
        int cols = roundUp(ceilDiv(n, colBlocks), NR);
        int down = ceilDiv(m, rows);
        int across = ceilDiv(n, cols);
        Workers.Body body = (task, worker) -> {
            int index = task / (down * across);
            int i = task / across % down * rows;
            int j = task % across * cols;
            block(matrices.get(index), i, Math.min(rows, m - i), j, Math.min(cols, n - j), k, epilogue, worker);
        };
        int tasks = Math.multiplyExact(batch, down * across);
        if (threads == 1) {
            workers.alone(tasks, body);
        } else {
            workers.parallelFor(tasks, body);
        }
    }

    private void block(Matrix x, int row, int rows, int col, int cols, int k, Epilogue epilogue, int worker) {
        int chunks = Math.max(1, ceilDiv(k, CHUNK));
        int width = roundUp(cols, NR);
        long ld = 4L * width;
        long slot = ld * roundUp(rows, MR);
        int levels = 32 - Integer.numberOfLeadingZeros(chunks - 1);
        long tile = workers.memory(worker, 0, 4L * MR * NR + levels * slot);
        long stack = tile + 4L * MR * NR;
        float[] a = workers.floats(worker, 0, MR * ROW);
        float[] b = x.right.ready();
        boolean ready = b != null;
        if (!ready) {
            b = workers.floats(worker, 1, Math.min(k, CHUNK) * width);
        }
        for (int t = 0; t < chunks; t++) {
            int k0 = t * CHUNK;
            int kc = Math.min(CHUNK, k - k0);
            boolean last = t == chunks - 1;
            // The subtrees to add to this chunk's sum: those of equal size, in the end all that remain.
            int adds = last ? t : t & (t ^ (t + 1)) >> 1;
            long slotTo = stack + Integer.bitCount(adds) * slot;
            int q = 0;
            if (!ready) {
                x.right.pack(k0, kc, col, cols, b, 0);
            }
            for (int i = 0; i < rows; i += MR) {
                int r = Math.min(MR, rows - i);
                x.left.pack(row + i, r, k0, kc, a);
                for (int j = 0; j < cols; j += NR) {
                    int w = Math.min(NR, cols - j);
                    int from = ready ? x.right.at(k0, kc, col + j) : j * kc;
                    long in = i * ld + 4L * j;
                    long c = x.c + (row + i) * x.ldc + 4L * (col + j);
                    int vectors = w > N ? 2 : 1;
                    if (adds == 0 && !last) {
                        Tiles.run(r, vectors, kc, a, b, from, slotTo + in, ld);
                    } else if (chunks == 1 && w == vectors * N && epilogue.plain()) {
                        Tiles.run(r, vectors, kc, a, b, from, c, x.ldc);
                    } else {
                        Tiles.run(r, vectors, kc, a, b, from, tile, 4L * NR);
                        for (int level = 0; adds >> level != 0; level++) {
                            if ((adds >> level & 1) != 0) {
                                Finish.add(stack + level * slot + in, ld, tile, r, vectors);
                            }
                        }
                        if (last) {
                            long residual = x.residual == 0 ? 0 : x.residual + (row + i) * x.ldr + 4L * (col + j);
                            long bias = x.bias == 0 ? 0 : x.bias + 4L * (col + j);
                            Finish.store(tile, r, w, c, x.ldc, bias, residual, x.ldr, epilogue.activation());
                        } else {
                            Finish.copy(tile, r, vectors, slotTo + in, ld);
                        }
                    }
                }
            }
        }
    }

    static int ceilDiv(int a, int b) {
        return Math.ceilDiv(a, b);
    }

    static int roundUp(int a, int b) {
        return Math.ceilDiv(a, b) * b;
    }
}
