package org.reverie.device.cuda;

/**
 * How a contraction is cut into tiles, parts and blocks. None of it can be seen in the result.
 *
 * @param tile rows and columns of a tile: 128 or 64
 * @param parts into how many parts each sum is cut, at most {@link #MOST_PARTS}
 * @param chunks of 256 products in a part: a power of two if there is more than one part
 * @param blocks that are started; each takes one piece of work after the other
 * @param start where the result begins, in elements
 */
record TileExtent(
        int tile, int batches, int rows, int columns, int depth, int parts, int chunks, int blocks, long start) {
    private static final int LARGE = 128;
    private static final int SMALL = 64;
    private static final int CHUNK = 256;

    /** As the kernel join_parts has it. */
    private static final int MOST_PARTS = 32;

    /** Blocks that a multiprocessor holds at once (the kernels' launch bounds). */
    private static final int LARGE_BLOCKS = 2;

    private static final int SMALL_BLOCKS = 6;

    /** @param units multiprocessors of the device */
    static TileExtent of(int units, int batches, int rows, int columns, int depth, long start) {
        boolean large = rows > SMALL && columns > SMALL && tiles(LARGE, batches, rows, columns) >= units;
        int tile = large ? LARGE : SMALL;
        long tiles = tiles(tile, batches, rows, columns);
        int room = units * (tile == LARGE ? LARGE_BLOCKS : SMALL_BLOCKS);
        int all = Math.ceilDiv(depth, CHUNK);
        int chunks = all;
        int parts = 1;
        for (int half = Integer.highestOneBit(Math.max(1, all - 1)); half >= 1; half /= 2) {
            int more = Math.ceilDiv(all, half);
            if (tiles * parts >= room / 2 || more > MOST_PARTS) {
                break;
            }
            chunks = half;
            parts = more;
        }
        int blocks = (int) Math.min(room, tiles * parts);
        return new TileExtent(tile, batches, rows, columns, depth, parts, chunks, blocks, start);
    }

    /** One row of sums in as many parts as there may be, without tiles. */
    static TileExtent inMostParts(int columns, int depth, long start) {
        int all = Math.ceilDiv(depth, CHUNK);
        int chunks = 1;
        while (Math.ceilDiv(all, chunks) > MOST_PARTS) {
            chunks *= 2;
        }
        return new TileExtent(SMALL, 1, 1, columns, depth, Math.ceilDiv(all, chunks), chunks, 0, start);
    }

    private static long tiles(int tile, int batches, int rows, int columns) {
        return (long) batches * Math.ceilDiv(rows, tile) * Math.ceilDiv(columns, tile);
    }

    int threads() {
        return tile * tile / 64;
    }

    long elements() {
        return (long) batches * rows * columns;
    }

    /** Subtrees that the tree of a part can hold at once. */
    private int levels() {
        return Integer.SIZE - Integer.numberOfLeadingZeros(chunks - 1);
    }

    /** Numbers in the stacks of all blocks. */
    long scratch() {
        return (long) blocks * levels() * tile * tile;
    }

    /**
     * The struct Extent of the kernels.
     *
     * @param places the struct Places
     */
    int[] words(int[] places) {
        boolean wide = columns % 4 == 0 && start % 4 == 0;
        for (int i = 2; i < places.length; i++) {
            wide &= places[i] % 4 == 0;
        }
        return new int[] {batches, rows, columns, depth, parts, chunks, levels(), wide ? 1 : 0};
    }
}
