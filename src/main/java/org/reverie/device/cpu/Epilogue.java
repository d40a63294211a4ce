package org.reverie.device.cpu;

import org.reverie.device.spec.Activation;

/**
 * What a contraction does with a finished sum: {@code activation((sum + bias[j]) + residual[i][j])}.
 *
 * @param bias address of one float per output column, or 0
 * @param residual address of a matrix laid out like the output, with the same batch stride, or 0; may be the output
 *     itself
 * @param residualRow elements from row to row of the residual
 */
public record Epilogue(long bias, long residual, long residualRow, Activation activation) {
    /** The sum as it is. */
    public static final Epilogue NONE = new Epilogue(0, 0, 0, Activation.NONE);

    /** Bias and activation. */
    public static Epilogue of(long bias, Activation activation) {
        return new Epilogue(bias, 0, 0, activation);
    }

    /** Whether the sum is stored unchanged. */
    public boolean plain() {
        return bias == 0 && residual == 0 && activation == Activation.NONE;
    }
}
