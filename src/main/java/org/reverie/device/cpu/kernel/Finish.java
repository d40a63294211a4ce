package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.NR;

/** What happens to a tile of sums between {@link Tiles} and {@link Strips}: chunk sums are added. */
final class Finish {
    private static final long V = 4L * N;
    private static final long LD = 4L * NR;

    private Finish() {}

    /** {@code to = left + right}, tiles of the given number of rows; {@code left} holds the chunks that come earlier. */
    static void add(long left, long right, long to, int rows) {
        for (long o = 0, end = rows * LD; o < end; o += V) {
            Lanes.store(Lanes.load(left + o).add(Lanes.load(right + o)), to + o);
        }
    }

    static void copy(long tile, long to, int rows) {
        for (long o = 0, end = rows * LD; o < end; o += V) {
            Lanes.store(Lanes.load(tile + o), to + o);
        }
    }
}
