package org.reverie.device.opencl;

import java.util.stream.Stream;
import org.reverie.device.kernels.Tiles;

/** The kernels of {@code kernels/opencl} that a device takes, by its type. */
enum TileKind {
    /** The plain kernels of {@code kernels/common} alone. */
    PLAIN,
    /** {@code gemm.cl}: vectors, and a work item alone in its group. */
    CPU,
    /** {@code tile.cl} and others: groups that share local memory. */
    GPU;

    /** Names another kind than the device's, for tests and comparisons: cpu, gpu or plain. */
    static final String PROPERTY = "reverie.opencl.tiles";

    static TileKind of(ClDevice device) {
        String asked = System.getProperty(PROPERTY);
        if (asked != null) {
            return Stream.of(values())
                    .filter(k -> k.name().equalsIgnoreCase(asked))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            PROPERTY + " is " + asked + ", but must be cpu, gpu or plain"));
        }
        if (device.cpu()) {
            return CPU;
        }
        return TileShape.SMALL.fits(device) ? GPU : PLAIN;
    }

    /** Null for the plain kernels. */
    Tiles tiles(ClQueue queue) {
        return switch (this) {
            case PLAIN -> null;
            case CPU -> new CpuGemm(queue);
            case GPU ->
                new GpuTiles(
                        queue,
                        (device, rows, columns, matrices) -> Tuning.choose(queue, device, rows, columns, matrices),
                        Slices.MOST_CHUNKS);
        };
    }
}
