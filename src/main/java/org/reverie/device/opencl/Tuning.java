package org.reverie.device.opencl;

import org.reverie.tensor.Device;

/**
 * What a device runs kernels with. Nothing of it is seen in a result.
 *
 * @param measured whether it was found by timing; else it is what is usual
 * @param group work items in a group of a kernel that does not care
 * @param cpu the tile of {@code gemm.cl}
 * @param large the tile of {@code tile.cl} for products that fill the device with it
 * @param small the tile for the others
 */
record Tuning(boolean measured, int group, CpuTile cpu, TileShape large, TileShape small) {
    private static final int USUAL_GROUP = 256;

    static Tuning usual(ClDevice device) {
        return new Tuning(
                false,
                Math.min(USUAL_GROUP, device.largestGroup()),
                CpuTile.usual(device),
                TileShape.LARGE,
                TileShape.SMALL);
    }

    /** For a device that has not been timed: a GPU is, once, when the first product needs to know. */
    static TileShape choose(ClQueue queue, Device device, long rows, long columns, long matrices) {
        if (!queue.tuning().measured() && !queue.device().cpu()) {
            new Tuner(queue, device).tune();
        }
        Tuning t = queue.tuning();
        return t.large.groups(rows, columns) * matrices >= queue.device().units() ? t.large : t.small;
    }
}
