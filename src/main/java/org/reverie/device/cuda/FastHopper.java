package org.reverie.device.cuda;

import java.lang.foreign.MemorySegment;
import org.reverie.tensor.Tensor;

/**
 * Products of matrices of 16-bit numbers, and convolutions, on Hopper: {@code kernels/cuda/fast_gemm_hopper.cu} and {@code
 * fast_conv_hopper.cu}.
 */
final class FastHopper {
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
        long items(long rows, int width) {
            return Math.ceilDiv(rows, (long) ROWS * blocks) * Math.ceilDiv(width, columns);
        }
    }

    private static final String FAMILY = "fast_gemm_hopper";
    private static final String CONV_FAMILY = "fast_conv_hopper";

    /** Of convolutions: fewer outputs leave half of a tile idle; rows and columns have 16 bits, and -2^14 stands for outside. */
    private static final int LEAST_OUTPUTS = 64;

    private static final int LARGEST_SIDE = 15_000;
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

    FastHopper(CudaQueue queue, int units) {
        this.queue = queue;
        this.units = units;
    }

    /** Operands whose depth lies together, without repeated rows and, of a batch, without repeated matrices. */
    boolean takes(FastGemm.Operands o, Tensor y) {
        return !o.aTurned()
                && !o.bTurned()
                && o.depth() >= DEPTH
                && o.aStride() > 0
                && o.bStride() > 0
                && (o.batch() == 1 || o.aBatch() > 0 && o.bBatch() > 0)
                && FastTensors.isAligned(y);
    }

    void multiply(FastGemm.Operands o, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        if (isWide(o.rows(), o.columns(), o.batch())) {
            multiply(o, o.rows() > ROWS ? Tile.PAIR : Tile.WIDE, 1, finish, bias, residual, y);
        } else {
            int splits = o.batch() > 1 ? 1 : splits(o.rows(), o.columns(), o.depth());
            multiply(o, Tile.SQUARE, splits, finish, bias, residual, y);
        }
    }

    /** Whether the wide tile leaves no multiprocessor idle, and computes no more than the square one would. */
    private boolean isWide(int rows, int columns, int batch) {
        boolean full = Math.ceilDiv(columns, Tile.SQUARE.columns()) % 2 == 0;
        return full && Tile.WIDE.items(rows, columns) * batch >= units;
    }

    private int splits(int rows, int columns, int depth) {
        long most = Math.clamp(Math.ceilDiv(depth, DEPTH) / STEPS_OF_SPLIT, 1, MOST_SPLITS);
        return (int) Math.clamp(units / Tile.SQUARE.items(rows, columns), 1, most);
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
        MemorySegment left = map(o.a(), o.depth(), o.rows(), o.batch(), o.aStride(), o.aBatch(), ROWS);
        int lines = tile.columns() / tile.blocks();
        MemorySegment right = map(o.b(), o.depth(), o.columns(), o.batch(), o.bStride(), o.bBatch(), lines);
        MemorySegment result = left; // binary32 is stored without a map
        if (y.dtype() == o.dtype()) {
            long matrix = (long) o.rows() * o.columns();
            result = map(y, o.columns(), o.rows(), o.batch(), o.columns(), matrix, SLAB_ROWS);
        }
        long items = tile.items(o.rows(), o.columns()) * o.batch() * splits;
        long clusters = Math.min(items, Math.max(1, units / tile.blocks()));
        queue.launch(FAMILY, "gemm_hopper_" + tile.name() + "_" + FastTensors.label(o.dtype()))
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

    /**
     * Whether a convolution is for these kernels: enough outputs for their tiles, and an image that they can count.
     *
     * @param x [N, H, W, C]
     */
    static boolean takes(Tensor x, int outputs, int depth) {
        return outputs > LEAST_OUTPUTS
                && depth >= DEPTH
                && x.dim(1) < LARGEST_SIDE
                && x.dim(2) < LARGEST_SIDE
                && x.elements() <= Integer.MAX_VALUE;
    }

    /** The convolution that FastConv's window tells of. */
    void convolve(
            int[] window, Tensor x, Tensor weight, int rows, int[] finish, Tensor bias, Tensor residual, Tensor y) {
        int outputs = weight.dim(0);
        int depth = Math.toIntExact(weight.elements() / outputs);
        boolean wide = isWide(rows, outputs, 1);
        int splits = wide ? 1 : splits(rows, outputs, depth);
        convolve(wide ? Tile.WIDE : Tile.SQUARE, splits, window, x, weight, rows, finish, bias, residual, y);
    }

    /** With a tile and splits of the caller's choice. */
    void convolve(
            Tile tile,
            int splits,
            int[] window,
            Tensor x,
            Tensor weight,
            int rows,
            int[] finish,
            Tensor bias,
            Tensor residual,
            Tensor y) {
        if (splits > 1) {
            int[] sums = FastFinish.sums();
            FastGemm.split(
                    queue,
                    x.dtype(),
                    splits,
                    rows,
                    weight.dim(0),
                    finish,
                    bias,
                    residual,
                    y,
                    parts -> launch(tile, splits, window, x, weight, rows, sums, null, null, parts));
        } else {
            launch(tile, 1, window, x, weight, rows, finish, bias, residual, y);
        }
    }

    private void launch(
            Tile tile,
            int splits,
            int[] window,
            Tensor x,
            Tensor weight,
            int rows,
            int[] finish,
            Tensor bias,
            Tensor residual,
            Tensor y) {
        int outputs = weight.dim(0);
        int depth = Math.toIntExact(weight.elements() / outputs);
        MemorySegment filters = map(weight, depth, outputs, 1, depth, 0, tile.columns());
        MemorySegment result = y.dtype() == x.dtype() ? map(y, outputs, rows, 1, outputs, 0, SLAB_ROWS) : filters;
        queue.launch(CONV_FAMILY, "convolve_hopper_" + tile.name() + "_" + FastTensors.label(x.dtype()))
                .shared(tile.shared())
                .map(filters)
                .map(result)
                .at(x)
                .at(y)
                .at(residual)
                .at(bias)
                .words(window)
                .words(new int[] {rows, outputs, depth, 1, splits})
                .words(finish)
                .groups(Math.min(tile.items(rows, outputs) * splits, units), THREADS);
    }

    /** A map of [batch, lines, width], boxes of 64 by so many lines. */
    private MemorySegment map(Tensor t, int width, int lines, int batch, long stride, long batchStride, int boxLines) {
        long outer = batch == 1 ? lines * stride : batchStride;
        return queue.maps()
                .of(t, new long[] {width, lines, batch}, new long[] {stride, outer}, SLAB_COLUMNS, boxLines, 1);
    }
}
