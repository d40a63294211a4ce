package org.reverie.device.cuda;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.Tensor;

/** Products of matrices of 16-bit numbers on Hopper: {@code kernels/cuda/fast_gemm_hopper.cu}. */
final class FastHopper implements AutoCloseable {
    /**
     * What a block computes at a time.
     *
     * @param blocks of a cluster, which share the right operand
     */
    record Tile(String name, int columns, int stages, int blocks) {
        static final Tile PAIR = new Tile("pair_128x256", 256, 4, 2);
        static final Tile WIDE = new Tile("128x256", 256, 4, 1);
        static final Tile SQUARE = new Tile("128x128", 128, 6, 1);

        /** Bytes of shared memory: stages, a slab of sums to each of eight warps, barriers, and room to align all of it. */
        int shared() {
            return stages * (ROWS + columns) * DEPTH * 2
                    + 8 * SLAB_ROWS * SLAB_COLUMNS * Float.BYTES
                    + 2 * stages * 8
                    + 1024;
        }

        /** For a cluster's turn. */
        long items(FastGemm.Operands o, int splits) {
            return (long) Math.ceilDiv(o.rows(), ROWS * blocks)
                    * Math.ceilDiv(o.columns(), columns)
                    * o.batch()
                    * splits;
        }
    }

    private static final String FAMILY = "fast_gemm_hopper";
    private static final int THREADS = 384;
    private static final int ROWS = 128;
    private static final int DEPTH = 64;
    private static final int SLAB_ROWS = 16;
    private static final int SLAB_COLUMNS = 64;

    /** Steps of a split at least, and splits at most. */
    private static final int STEPS_OF_SPLIT = 4;

    private static final int MOST_SPLITS = 16;

    private final CudaQueue queue;
    private final int units;
    private final TensorMaps maps;

    FastHopper(CudaQueue queue, int units) {
        this.queue = queue;
        this.units = units;
        this.maps = new TensorMaps(queue.context(), 3);
    }

    /** Operands whose depth lies together, and of a batch none that is repeated. */
    boolean takes(FastGemm.Operands o, Tensor y) {
        return !o.aTurned()
                && !o.bTurned()
                && o.depth() >= DEPTH
                && (o.batch() == 1 || o.aBatch() > 0 && o.bBatch() > 0)
                && FastTensors.isAligned(y);
    }

    void multiply(FastGemm.Operands o, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        if (o.columns() > Tile.SQUARE.columns() && Tile.WIDE.items(o, 1) >= units) {
            multiply(o, o.rows() > ROWS ? Tile.PAIR : Tile.WIDE, 1, finish, bias, residual, y);
        } else {
            long most = Math.clamp(Math.ceilDiv(o.depth(), DEPTH) / STEPS_OF_SPLIT, 1, MOST_SPLITS);
            int splits = o.batch() > 1 ? 1 : (int) Math.clamp(units / Tile.SQUARE.items(o, 1), 1, most);
            multiply(o, Tile.SQUARE, splits, finish, bias, residual, y);
        }
    }

    /** With a tile and splits of the caller's choice. */
    void multiply(FastGemm.Operands o, Tile tile, int splits, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        if (splits > 1) {
            FastGemm.split(
                    queue,
                    o.dtype(),
                    splits,
                    o.rows(),
                    o.columns(),
                    finish,
                    bias,
                    residual,
                    y,
                    parts -> launch(o, tile, splits, FastFinish.sums(), null, null, parts));
        } else {
            launch(o, tile, 1, finish, bias, residual, y);
        }
    }

    private void launch(
            FastGemm.Operands o, Tile tile, int splits, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        MemorySegment left = encode(0, o.a(), o.depth(), o.rows(), o.batch(), o.aStride(), o.aBatch(), ROWS);
        int lines = tile.columns() / tile.blocks();
        MemorySegment right = encode(1, o.b(), o.depth(), o.columns(), o.batch(), o.bStride(), o.bBatch(), lines);
        MemorySegment result = left; // binary32 is stored without a map
        if (y.dtype() == o.dtype()) {
            long matrix = (long) o.rows() * o.columns();
            result = encode(2, y, o.columns(), o.rows(), o.batch(), o.columns(), matrix, SLAB_ROWS);
        }
        long clusters = Math.min(tile.items(o, splits), Math.max(1, units / tile.blocks()));
        queue.launchOwn(FAMILY, "gemm_hopper_" + tile.name() + "_" + FastTensors.label(o.dtype()))
                .shared(tile.shared())
                .map(left)
                .map(right)
                .map(result)
                .at(y)
                .at(residual)
                .at(bias)
                .words(new int[] {o.rows(), o.columns(), o.depth(), o.batch(), splits})
                .words(finish)
                .groups(clusters * tile.blocks(), THREADS);
    }

    /** A map of [batch, lines, width], boxes of 64 by so many lines. */
    private MemorySegment encode(
            int i, Tensor t, int width, int lines, int batch, long stride, long batchStride, int boxLines) {
        long outer = batch == 1 ? lines * stride : batchStride;
        return maps.encode(
                i, t, new long[] {width, lines, batch}, new long[] {stride, outer}, SLAB_COLUMNS, boxLines, 1);
    }

    @Override
    public void close() {
        maps.close();
    }
}
