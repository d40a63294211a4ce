package org.reverie.device.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Copies between tensors of any strides and element size, shared among threads. */
final class Copies {
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Elements in a task. */
    private static final int RUN = 1 << 15;

    /** Rows shorter than this many bytes are copied element by element. */
    private static final int SHORT = 64;

    /** Side of the blocks in which rows and columns are exchanged: both sides of a block stay in the first cache. */
    private static final int BLOCK = 16;

    private final Workers workers;

    Copies(Workers workers) {
        this.workers = workers;
    }

    /** Copies {@code from}, broadcast to the shape of {@code to}, of the same element size. */
    void copy(Tensor from, Tensor to) {
        copy(from, to, to.shape(), to.strides(), Operands.address(to));
    }

    /** Copies {@code from}, broadcast to {@code shape}, to memory with these strides (in elements of from's dtype). */
    void copy(Tensor from, Tensor to, Shape shape, long[] strides, long address) {
        if (from.dtype().bytes() != to.dtype().bytes()) {
            throw new IllegalArgumentException(
                    "cannot copy " + from.spec() + " to " + to.spec() + " element by element");
        }
        if (shape.elements() == 0) {
            return;
        }
        int size = from.dtype().bytes();
        LoopNest nest = LoopNest.of(shape, LoopNest.broadcast(from, shape), strides);
        long source = Operands.address(from);
        // Along the columns the target is dense; the rows are the loop along which the source is, if there is one.
        int rowLoop = 1;
        for (int a = 1; a < nest.loops() && nest.stride(0, 0) != 1; a++) {
            if (nest.stride(0, a) == 1) {
                rowLoop = a;
            }
        }
        LoopNest order = rowLoop == 1 ? nest : moved(nest, rowLoop);
        Block block = new Block(
                size,
                order.extent(1),
                order.extent(0),
                order.stride(0, 1) * size,
                order.stride(0, 0) * size,
                order.stride(1, 1) * size,
                order.stride(1, 0) * size);
        int inner = Math.min(2, order.loops());
        int outer = order.outer(inner);
        int cols = Math.min(block.cols, RUN);
        int rows = Math.min(block.rows, Math.max(BLOCK, RUN / cols));
        int colCuts = Math.ceilDiv(block.cols, cols);
        int rowCuts = Math.ceilDiv(block.rows, rows);
        // Small outer runs are taken several to a task.
        int each = colCuts * rowCuts > 1 ? 1 : Math.max(1, RUN / Math.multiplyExact(block.rows, block.cols));
        int cuts = colCuts * rowCuts;
        workers.parallelFor(Math.ceilDiv(outer, each) * cuts, (task, worker) -> {
            int row = task % cuts / colCuts * rows;
            int col = task % cuts % colCuts * cols;
            int first = task / cuts * each;
            for (int o = first; o < Math.min(outer, first + each); o++) {
                long s = source + order.at(0, inner, o) * size;
                long t = address + order.at(1, inner, o) * size;
                block.copy(s, t, row, Math.min(block.rows, row + rows), col, Math.min(block.cols, col + cols));
            }
        });
    }

    /** The nest with one loop, counted from the innermost, brought to the second place from inside. */
    private static LoopNest moved(LoopNest nest, int loop) {
        int n = nest.loops();
        int[] extents = nest.extents().clone();
        long[][] strides = {nest.strides()[0].clone(), nest.strides()[1].clone()};
        for (int a = n - 1 - loop; a < n - 2; a++) {
            extents[a] = nest.extents()[a + 1];
            strides[0][a] = nest.strides()[0][a + 1];
            strides[1][a] = nest.strides()[1][a + 1];
        }
        extents[n - 2] = nest.extents()[n - 1 - loop];
        strides[0][n - 2] = nest.strides()[0][n - 1 - loop];
        strides[1][n - 2] = nest.strides()[1][n - 1 - loop];
        return new LoopNest(extents, strides);
    }

    /** The two innermost loops; steps in bytes. */
    private record Block(int size, int rows, int cols, long sRow, long sCol, long tRow, long tCol) {
        void copy(long source, long target, int row, int rowEnd, int col, int colEnd) {
            if (sCol == size && tCol == size) {
                for (int r = row; r < rowEnd; r++) {
                    copyDense(source + r * sRow + col * sCol, target + r * tRow + col * tCol, colEnd - col);
                }
            } else if (sRow == size) {
                for (int r = row; r < rowEnd; r += BLOCK) {
                    for (int c = col; c < colEnd; c += BLOCK) {
                        plain(source, target, r, Math.min(rowEnd, r + BLOCK), c, Math.min(colEnd, c + BLOCK));
                    }
                }
            } else {
                plain(source, target, row, rowEnd, col, colEnd);
            }
        }

        private void copyDense(long s, long t, int n) {
            if (n * size >= SHORT || size != 4) {
                MemorySegment.copy(MEMORY, s, MEMORY, t, (long) n * size);
            } else {
                copyInts(s, 4, t, 4, n);
            }
        }

        private void plain(long source, long target, int row, int rowEnd, int col, int colEnd) {
            for (int r = row; r < rowEnd; r++) {
                long s = source + r * sRow + col * sCol;
                long t = target + r * tRow + col * tCol;
                switch (size) {
                    case 1 -> copyBytes(s, sCol, t, tCol, colEnd - col);
                    case 2 -> copyShorts(s, sCol, t, tCol, colEnd - col);
                    case 4 -> copyInts(s, sCol, t, tCol, colEnd - col);
                    default -> copyLongs(s, sCol, t, tCol, colEnd - col);
                }
            }
        }
    }

    private static void copyBytes(long s, long sStep, long t, long tStep, int n) {
        for (int i = 0; i < n; i++) {
            MEMORY.set(ValueLayout.JAVA_BYTE, t + i * tStep, MEMORY.get(ValueLayout.JAVA_BYTE, s + i * sStep));
        }
    }

    private static void copyShorts(long s, long sStep, long t, long tStep, int n) {
        for (int i = 0; i < n; i++) {
            short value = MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, s + i * sStep);
            MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, t + i * tStep, value);
        }
    }

    private static void copyInts(long s, long sStep, long t, long tStep, int n) {
        for (int i = 0; i < n; i++) {
            int value = MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, s + i * sStep);
            MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, t + i * tStep, value);
        }
    }

    private static void copyLongs(long s, long sStep, long t, long tStep, int n) {
        for (int i = 0; i < n; i++) {
            long value = MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, s + i * sStep);
            MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, t + i * tStep, value);
        }
    }
}
