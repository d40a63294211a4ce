package org.reverie.device.opencl;

import java.util.List;

/**
 * The numbers that {@code kernels/opencl/tile.cl} is built with. Results have the same bits with all of them.
 *
 * @param rows of a group's tile of the result
 * @param columns of that tile
 * @param steps of k that stand in local memory at a time; a divisor of 256
 * @param itemRows of the part that a work item has in registers; a multiple of 4
 * @param itemColumns of that part; a multiple of 4
 */
record TileShape(int rows, int columns, int steps, int itemRows, int itemColumns) {
    /** Numbers between the lines of a tile in local memory. */
    private static final int GAP = 4;

    /** All that a device may choose from. */
    static final List<TileShape> ALL = List.of(
            new TileShape(128, 128, 16, 8, 8),
            new TileShape(128, 128, 8, 8, 8),
            new TileShape(128, 64, 16, 8, 4),
            new TileShape(64, 128, 16, 8, 8),
            new TileShape(64, 64, 16, 8, 8),
            new TileShape(64, 64, 16, 4, 4),
            new TileShape(32, 32, 16, 4, 4));

    /** For products that fill the device, before anything was measured. */
    static final TileShape LARGE = ALL.get(1);

    /** For products that would leave much of the device idle. */
    static final TileShape SMALL = ALL.get(6);

    /** @throws IllegalArgumentException if none is called so */
    static TileShape named(String name) {
        return ALL.stream()
                .filter(t -> t.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no tile is called " + name));
    }

    int items() {
        return rows / itemRows * (columns / itemColumns);
    }

    /** Local memory of a group: two pairs of operands, and the places of their steps. */
    long localBytes() {
        return 2L * Integer.BYTES * steps * (rows + columns + 2 * GAP + 3);
    }

    boolean fits(ClDevice device) {
        return items() <= device.largestGroup() && localBytes() <= device.localMemory();
    }

    /** Groups that a product of this size takes. */
    long groups(long resultRows, long resultColumns) {
        return Math.ceilDiv(resultRows, rows) * Math.ceilDiv(resultColumns, columns);
    }

    String definitions() {
        return "#define TILE_M " + rows + "\n#define TILE_N " + columns + "\n#define TILE_K " + steps
                + "\n#define ITEM_M " + itemRows + "\n#define ITEM_N " + itemColumns + "\n";
    }

    /** Rows × columns × steps, and the rows × columns of a work item. */
    @Override
    public String toString() {
        return rows + "x" + columns + "x" + steps + "/" + itemRows + "x" + itemColumns;
    }
}
