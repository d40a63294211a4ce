package org.reverie.nn;

import org.reverie.op.Norms;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Normalisation over the last axes of each sample, with a scale and a shift for every element of them. */
public final class LayerNorm extends Module {
    private final int axes;
    private final double eps;
    private final Tensor weight;
    private final Tensor bias;

    /** @param shape the normalised axes, as they lie in the engine: {@code [C]}, or {@code [H, W, C]} for whole images */
    public LayerNorm(Initializer init, Shape shape, double eps) {
        this.axes = shape.rank();
        this.eps = eps;
        WeightLayout layout = axes == 3 ? WeightLayout.IMAGE : WeightLayout.PLAIN;
        weight = parameter("weight", init.constant(shape, 1), layout);
        bias = parameter("bias", init.constant(shape, 0), layout);
    }

    public Tensor apply(Tensor x) {
        return Norms.layerNorm(x, weight, bias, axes, eps);
    }
}
