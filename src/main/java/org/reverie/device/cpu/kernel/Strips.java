package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.spec.Activation;

/**
 * What happens to a strip of finished sums, a few rows of many columns: {@code activation((sum + bias) + residual)}, in one pass over
 * whole rows where the activation allows it, so that the residual is read and the output written in long stretches.
 */
final class Strips {
    private static final long V = 4L * N;

    private Strips() {}

    /** Copies a tile of sums into a strip. */
    static void copy(long tile, int rows, int vectors, long to, long ld) {
        for (int i = 0; i < rows; i++) {
            for (long o = 0; o < vectors * V; o += V) {
                store(load(tile + o), to + o);
            }
            tile += Block.LD;
            to += ld;
        }
    }

    /**
     * Stores the strip's rows at {@code c}. Zero addresses: absent. The strip's content is lost.
     *
     * @param ld bytes from row to row of the strip, whole vectors
     */
    static void finish(
            long strip,
            long ld,
            int rows,
            int columns,
            long c,
            long ldc,
            long bias,
            long residual,
            long ldr,
            Activation activation) {
        boolean relu = activation == Activation.RELU;
        if (activation == Activation.NONE || relu) {
            for (int i = 0; i < rows; i++) {
                row(strip + i * ld, columns, c + i * ldc, bias, residual == 0 ? 0 : residual + i * ldr, relu);
            }
            return;
        }
        for (int i = 0; i < rows; i++) {
            long sums = strip + i * ld;
            if (bias != 0 || residual != 0) {
                row(sums, columns, sums, bias, residual == 0 ? 0 : residual + i * ldr, false);
            }
            long end = whole(columns);
            Activations.apply(activation, sums, c + i * ldc, end);
            if (end < 4L * columns) {
                Activations.apply(activation, sums + end, sums + end, V);
                Lanes.storeFirst(load(sums + end), c + i * ldc + end, columns % N);
            }
        }
    }

    private static void row(long sums, int columns, long to, long bias, long residual, boolean relu) {
        if (bias == 0) {
            if (residual != 0) {
                added(sums, columns, sums, residual);
            }
            if (relu) {
                relu(sums, columns, to);
            } else {
                plain(sums, columns, to);
            }
        } else if (residual == 0) {
            if (relu) {
                addedRelu(sums, columns, to, bias);
            } else {
                added(sums, columns, to, bias);
            }
        } else if (relu) {
            twoAddedRelu(sums, columns, to, bias, residual);
        } else {
            twoAdded(sums, columns, to, bias, residual);
        }
    }

    private static void plain(long sums, int columns, long to) {
        long end = whole(columns);
        for (long o = 0; o < end; o += V) {
            store(load(sums + o), to + o);
        }
        if (end < 4L * columns) {
            Lanes.storeFirst(load(sums + end), to + end, columns % N);
        }
    }

    private static void relu(long sums, int columns, long to) {
        long end = whole(columns);
        for (long o = 0; o < end; o += V) {
            store(load(sums + o).max(0f), to + o);
        }
        if (end < 4L * columns) {
            Lanes.storeFirst(load(sums + end).max(0f), to + end, columns % N);
        }
    }

    private static void added(long sums, int columns, long to, long bias) {
        long end = whole(columns);
        for (long o = 0; o < end; o += V) {
            store(load(sums + o).add(load(bias + o)), to + o);
        }
        if (end < 4L * columns) {
            int rest = columns % N;
            Lanes.storeFirst(load(sums + end).add(Lanes.loadFirst(bias + end, rest)), to + end, rest);
        }
    }

    private static void addedRelu(long sums, int columns, long to, long bias) {
        long end = whole(columns);
        for (long o = 0; o < end; o += V) {
            store(load(sums + o).add(load(bias + o)).max(0f), to + o);
        }
        if (end < 4L * columns) {
            int rest = columns % N;
            Lanes.storeFirst(
                    load(sums + end).add(Lanes.loadFirst(bias + end, rest)).max(0f), to + end, rest);
        }
    }

    private static void twoAdded(long sums, int columns, long to, long bias, long residual) {
        long end = whole(columns);
        for (long o = 0; o < end; o += V) {
            store(load(sums + o).add(load(bias + o)).add(load(residual + o)), to + o);
        }
        if (end < 4L * columns) {
            Lanes.storeFirst(lastTwo(sums + end, bias + end, residual + end, columns % N), to + end, columns % N);
        }
    }

    private static void twoAddedRelu(long sums, int columns, long to, long bias, long residual) {
        long end = whole(columns);
        for (long o = 0; o < end; o += V) {
            store(load(sums + o).add(load(bias + o)).add(load(residual + o)).max(0f), to + o);
        }
        if (end < 4L * columns) {
            FloatVector last = lastTwo(sums + end, bias + end, residual + end, columns % N);
            Lanes.storeFirst(last.max(0f), to + end, columns % N);
        }
    }

    private static FloatVector lastTwo(long sums, long bias, long residual, int rest) {
        return load(sums).add(Lanes.loadFirst(bias, rest)).add(Lanes.loadFirst(residual, rest));
    }

    /** Bytes of the columns that fill whole vectors. */
    private static long whole(int columns) {
        return columns / N * V;
    }
}
