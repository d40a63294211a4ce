package org.reverie.device.opencl;

import org.reverie.device.kernels.Ending;
import org.reverie.numerics.Contract;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Long sums cut into slices of k for several groups: aligned powers of two of chunks, so that the pairwise tree over the slices
 * is the one over their chunks. {@code kernels/opencl/slices.cl} puts them together.
 */
final class Slices {
    /** Chunks for which a kernel's stack has room. */
    static final int MOST_CHUNKS = 32;

    /** Groups that a unit should have at least, to have some to go on with while others wait for memory. */
    private static final int GROUPS_OF_A_UNIT = 2;

    private final ClQueue queue;
    private final int mostChunks;

    Slices(ClQueue queue, int mostChunks) {
        this.queue = queue;
        this.mostChunks = mostChunks;
    }

    /** So many slices, of so many chunks each but for the last. */
    record Cut(int slices, int chunks) {}

    /** Few slices, but so many that the device has enough to do with {@code groups} groups to each. */
    Cut cut(int depth, long groups) {
        int all = Math.ceilDiv(depth, Contract.CHUNK);
        int each = mostChunks;
        while (each > 1
                && groups * Math.ceilDiv(all, each)
                        < (long) GROUPS_OF_A_UNIT * queue.device().units()) {
            each /= 2;
        }
        return new Cut(Math.ceilDiv(all, each), each);
    }

    /** Where the sums go: the result itself, or a place for all slices' sums. */
    Tensor target(Cut cut, int elements, Tensor y) {
        if (cut.slices() == 1) {
            return y;
        }
        // Kernels find a sum's place by an int.
        Math.multiplyExact(cut.slices(), elements);
        return Tensor.empty(y.device(), DType.F32, Shape.of(cut.slices(), elements));
    }

    /** Puts the sums together, if they are of several slices; else they have their ending already. */
    void fold(Cut cut, Tensor partial, int elements, int columns, int[] place, Ending e, Tensor y) {
        if (cut.slices() > 1) {
            queue.launchOwn("slices", "fold_slices")
                    .dense(y)
                    .i(elements)
                    .i(cut.slices())
                    .i(columns)
                    .words(place)
                    .memory(partial)
                    .ending(e)
                    .items(elements);
        }
    }
}
