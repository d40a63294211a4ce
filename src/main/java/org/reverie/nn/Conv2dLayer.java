package org.reverie.nn;

import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** A 2-D convolution over NHWC images, with or without bias; starts as PyTorch's Conv2d does: U(±1/√fanIn). */
public final class Conv2dLayer extends Module {
    private final ConvSpec spec;
    private final Tensor weight;
    private final Tensor bias;

    public Conv2dLayer(Initializer init, int in, int out, int kernel, ConvSpec spec, boolean withBias) {
        this.spec = spec;
        int fanIn = in / spec.groups() * kernel * kernel;
        double bound = 1 / Math.sqrt(fanIn);
        Shape shape = Shape.of(out, kernel, kernel, in / spec.groups());
        weight = parameter("weight", init.uniform("weight", shape, bound), WeightLayout.CONV);
        bias = withBias ? parameter("bias", init.uniform("bias", Shape.of(out), bound)) : null;
    }

    public Tensor apply(Tensor x) {
        return Convolution.conv2d(x, weight, bias, null, spec);
    }

    /** {@code apply(x) + residual}, in one kernel. */
    public Tensor residual(Tensor x, Tensor residual) {
        return Convolution.conv2d(x, weight, bias, residual, spec);
    }
}
