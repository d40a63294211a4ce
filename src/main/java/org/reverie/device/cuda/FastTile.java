package org.reverie.device.cuda;

/**
 * A block's tile of a fast contraction by mma, and what it needs: {@code kernels/cuda/fast/ring.h}.
 *
 * @param name in the kernels' names
 */
record FastTile(String name, int rows, int columns, int threads, int stages) {
    static final FastTile SMALL = new FastTile("64x64", 64, 64, 128, 4);
    static final FastTile MIDDLE = new FastTile("128x128", 128, 128, 256, 4);
    static final FastTile LARGE = new FastTile("128x256", 128, 256, 256, 3);

    /** Of the depth, in a step. */
    private static final int STEP = 32;

    /** Steps that a split has at least: fewer would not pay for the partial sums. */
    private static final int STEPS_OF_SPLIT = 8;

    private static final int MOST_SPLITS = 16;

    /** Bytes of shared memory. */
    int shared() {
        return stages * (rows + columns) * STEP * 2;
    }

    long count(int height, int width) {
        return (long) Math.ceilDiv(height, rows) * Math.ceilDiv(width, columns);
    }

    /** The tile, without the largest, that keeps all multiprocessors busy. */
    static FastTile of(int height, int width, long batch, int units) {
        return MIDDLE.count(height, width) * batch >= units ? MIDDLE : SMALL;
    }

    /** Among how many blocks to cut a depth so that there are about two to a multiprocessor. */
    int splits(int height, int width, int depth, int units) {
        long wanted = 2L * units / count(height, width);
        return (int) Math.clamp(wanted, 1, Math.clamp(depth / STEP / STEPS_OF_SPLIT, 1, MOST_SPLITS));
    }
}
