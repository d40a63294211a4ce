package org.reverie.device.kernels;

import org.reverie.device.spec.Activation;
import org.reverie.tensor.Tensor;

/**
 * What follows the sums of a contraction: {@code kernels/common/epilogue.h}.
 *
 * @param bias contiguous, or null
 * @param residual contiguous, or null
 */
public record Ending(Tensor bias, Tensor residual, Activation activation) {
    public static final Ending NONE = new Ending(null, null, Activation.NONE);

    /** The struct Epilogue. */
    public int[] words() {
        return new int[] {bias == null ? 0 : 1, residual == null ? 0 : 1, activation.ordinal()};
    }
}
