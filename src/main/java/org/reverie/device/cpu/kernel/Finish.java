package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.spec.Activation;

/**
 * What happens to a tile of sums after {@link Tiles}: chunk sums are added, the epilogue applied, the result stored.
 */
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

    /**
     * Stores the tile's first {@code cols} columns: activation((tile + bias) + residual). Zero addresses: absent. The last
     * step writes to c, those before it to the tile.
     */
    static void store(
            long tile,
            int rows,
            int cols,
            long c,
            long ldc,
            long bias,
            long residual,
            long ldr,
            Activation activation) {
        boolean active = activation != Activation.NONE;
        if (bias != 0) {
            boolean end = residual == 0 && !active;
            addBias(tile, rows, cols, bias, end ? c : tile, end ? ldc : LD);
            if (end) {
                return;
            }
        }
        if (residual != 0) {
            addResidual(tile, rows, cols, residual, ldr, active ? tile : c, active ? LD : ldc);
            if (!active) {
                return;
            }
        }
        if (activation == Activation.RELU) {
            relu(tile, rows, cols, c, ldc);
            return;
        }
        if (active) {
            // All rows of the tile at once, though the last columns may be no one's: a call for each row costs more.
            Activations.apply(activation, tile, rows * NR);
        }
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j += N) {
                Lanes.storeFirst(Lanes.load(tile + i * LD + 4L * j), c + i * ldc + 4L * j, cols - j);
            }
        }
    }

    private static void addBias(long tile, int rows, int cols, long bias, long to, long ld) {
        for (int j = 0; j < cols; j += N) {
            FloatVector b = Lanes.loadFirst(bias + 4L * j, cols - j);
            for (int i = 0; i < rows; i++) {
                Lanes.storeFirst(Lanes.load(tile + i * LD + 4L * j).add(b), to + i * ld + 4L * j, cols - j);
            }
        }
    }

    private static void addResidual(long tile, int rows, int cols, long residual, long ldr, long to, long ld) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j += N) {
                FloatVector r = Lanes.loadFirst(residual + i * ldr + 4L * j, cols - j);
                Lanes.storeFirst(Lanes.load(tile + i * LD + 4L * j).add(r), to + i * ld + 4L * j, cols - j);
            }
        }
    }

    private static void relu(long tile, int rows, int cols, long to, long ld) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j += N) {
                Lanes.storeFirst(Lanes.load(tile + i * LD + 4L * j).max(0f), to + i * ld + 4L * j, cols - j);
            }
        }
    }
}
