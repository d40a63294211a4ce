package org.reverie.device.opencl;

import org.reverie.device.kernels.NormLayout;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Tensor;

/**
 * Layer and group normalisation in one launch: {@code kernels/opencl/norm.cl}. All tensors are contiguous. Statistics over
 * channels that are no multiple of four, or over more segments than there are lanes, are left to the plain kernels.
 */
final class GpuNorm {
    private static final int VECTOR = 4;
    private static final int TEAMS = 8;
    private static final int ITEMS = 8 * TEAMS;

    private final ClQueue queue;

    GpuNorm(ClQueue queue) {
        this.queue = queue;
    }

    boolean normalize(NormLayout l, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        long each = (long) l.spatial() * l.channels();
        if (y.elements() == 0 || l.channels() % VECTOR != 0 || each > (long) Contract.LANES * Contract.SEGMENT) {
            return false;
        }
        queue.launchOwn("norm", "normalize_rows")
                .dense(y)
                .i(l.means())
                .i(each)
                .words(l.words(weight, bias))
                .dense(x)
                .dense(weight)
                .dense(bias)
                .groups(each > Contract.SEGMENT ? l.means() : Math.ceilDiv(l.means(), TEAMS), ITEMS);
        return true;
    }
}
