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

    /** Stores the tile's first {@code cols} columns: activation((tile + bias) + residual). Zero addresses: absent. */
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
        if (bias != 0) {
            for (int j = 0; j < cols; j += N) {
                FloatVector b = Lanes.loadFirst(bias + 4L * j, cols - j);
                for (int i = 0; i < rows; i++) {
                    long t = tile + i * LD + 4L * j;
                    Lanes.store(Lanes.load(t).add(b), t);
                }
            }
        }
        for (int i = 0; i < rows; i++) {
            long t = tile + i * LD;
            if (residual != 0) {
                long r = residual + i * ldr;
                for (int j = 0; j < cols; j += N) {
                    Lanes.store(Lanes.load(t + 4L * j).add(Lanes.loadFirst(r + 4L * j, cols - j)), t + 4L * j);
                }
            }
            if (activation != Activation.NONE) {
                Activations.apply(activation, t, cols > N ? NR : N);
            }
            long to = c + i * ldc;
            for (int j = 0; j < cols; j += N) {
                Lanes.storeFirst(Lanes.load(t + 4L * j), to + 4L * j, cols - j);
            }
        }
    }
}
