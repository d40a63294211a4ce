package org.reverie.device.opencl;

import org.reverie.device.kernels.Launch;
import org.reverie.device.spec.Activation;
import org.reverie.tensor.Tensor;

/**
 * What follows the sums of a contraction: {@code kernels/common/epilogue.h}.
 *
 * @param bias contiguous, or null
 * @param residual contiguous, or null
 */
record Ending(Tensor bias, Tensor residual, Activation activation) {
    static final Ending NONE = new Ending(null, null, Activation.NONE);

    /** The struct Epilogue, bias and residual. */
    Launch arguments(Launch launch) {
        return biasAlone(launch).dense(residual);
    }

    /** The struct Epilogue and the bias, for a kernel that takes no residual. */
    Launch biasAlone(Launch launch) {
        return launch.words(new int[] {bias == null ? 0 : 1, residual == null ? 0 : 1, activation.ordinal()})
                .dense(bias);
    }
}
