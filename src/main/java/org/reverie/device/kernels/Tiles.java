package org.reverie.device.kernels;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.Tensor;

/**
 * Contractions by the tiles of one kind of device, in place of the plain kernels; sums of no terms are not for them. Some kinds
 * have more kernels of their own: those methods say whether they take a call, which else the plain kernels do.
 */
public interface Tiles {
    /** a[…, m, k] · b[…, k, n], either turned around first, into y. */
    void multiply(Tensor a, Tensor b, MatmulSpec s, Tensor y);

    /** x and the addends are contiguous; the weight may be any view. Addends may be null. */
    void linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation, Tensor y);

    /**
     * Whether a convolution of more than one group from x to y is for the tiles too, or a gradient of it, which then stands in the
     * place of x, y or the weight.
     */
    default boolean takesGroups(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        return false;
    }

    /** A convolution of contiguous tensors. */
    void convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y);

    /** The input gradient of a convolution whose taps reach every pixel, with an epilogue. */
    void convolveBack(ConvSpec s, Tensor g, Tensor weight, Tensor bias, Activation activation, Tensor dx);

    /** The weight gradient of a convolution. */
    void convolveWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw);

    /** A depthwise convolution of contiguous tensors; the bias may be null. */
    default boolean depthwise(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        return false;
    }

    /** The input gradient of a depthwise convolution. */
    default boolean depthwiseBack(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        return false;
    }

    /** The weight gradient of a depthwise convolution. */
    default boolean depthwiseWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        return false;
    }

    /**
     * Attention of any views of rank 4; the mask may be null.
     *
     * @param look the struct Look of {@code kernels/common/look.h}
     */
    default boolean attend(AttentionSpec s, int[] look, Tensor q, Tensor k, Tensor v, Tensor mask, Tensor y) {
        return false;
    }

    /** A normalisation with the statistics of x itself, of contiguous tensors; weight and bias may be null. */
    default boolean normalize(NormLayout layout, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        return false;
    }
}
