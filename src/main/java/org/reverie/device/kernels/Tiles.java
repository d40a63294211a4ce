package org.reverie.device.kernels;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.Tensor;

/** Contractions by the tiles of one kind of device, in place of the plain kernels. Sums of no terms are not for them. */
public interface Tiles {
    /** a[…, m, k] · b[…, k, n], either turned around first, into y. */
    void multiply(Tensor a, Tensor b, MatmulSpec s, Tensor y);

    /** x and the addends are contiguous; the weight may be any view. Addends may be null. */
    void linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation, Tensor y);

    /** A convolution of one group, of contiguous tensors. */
    void convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y);

    /** The input gradient of a convolution of one group, with an epilogue. */
    void convolveBack(ConvSpec s, Tensor g, Tensor weight, Tensor bias, Activation activation, Tensor dx);

    /** Whether {@link #convolveBack} takes this geometry. */
    boolean convolvesBack(ConvSpec s, Tensor weight);

    /** The weight gradient of a convolution of one group. */
    void convolveWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw);
}
