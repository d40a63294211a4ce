package org.reverie.nn;

import org.reverie.device.spec.Activation;
import org.reverie.op.Norms;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Normalisation over groups of channels of each sample, {@code [N, ..., C]}, with a scale and a shift for each channel. */
public final class GroupNorm extends Module {
    private final int groups;
    private final double eps;
    private final Activation activation;
    private final Tensor weight;
    private final Tensor bias;

    /** @param activation what follows in the same op */
    public GroupNorm(Initializer init, int groups, int channels, double eps, Activation activation) {
        this.groups = groups;
        this.eps = eps;
        this.activation = activation;
        weight = parameter("weight", init.constant(Shape.of(channels), 1));
        bias = parameter("bias", init.constant(Shape.of(channels), 0));
    }

    public Tensor apply(Tensor x) {
        return Norms.groupNorm(x, groups, weight, bias, eps, activation);
    }
}
