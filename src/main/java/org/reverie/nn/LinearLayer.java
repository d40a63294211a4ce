package org.reverie.nn;

import org.reverie.device.spec.Activation;
import org.reverie.op.Linear;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** y = x·weightᵀ + bias, {@code [..., in] → [..., out]}, with or without bias; starts as PyTorch's Linear does: U(±1/√in). */
public final class LinearLayer extends Module {
    private final Tensor weight;
    private final Tensor bias;

    public LinearLayer(Initializer init, int in, int out) {
        this(init, in, out, true);
    }

    public LinearLayer(Initializer init, int in, int out, boolean withBias) {
        double bound = 1 / Math.sqrt(in);
        weight = parameter("weight", init.uniform("weight", Shape.of(out, in), bound));
        bias = withBias ? parameter("bias", init.uniform("bias", Shape.of(out), bound)) : null;
    }

    private LinearLayer(Tensor weight, Tensor bias) {
        this.weight = parameter("weight", weight);
        this.bias = parameter("bias", bias);
    }

    /** A layer that starts with zeros, so that its output does. */
    public static LinearLayer zero(Initializer init, int in, int out) {
        return new LinearLayer(init.constant(Shape.of(out, in), 0), init.constant(Shape.of(out), 0));
    }

    public Tensor apply(Tensor x) {
        return Linear.linear(x, weight, bias);
    }

    /** {@code activation(apply(x))}, in one kernel. */
    public Tensor apply(Tensor x, Activation activation) {
        return Linear.linear(x, weight, bias, null, activation);
    }

    /** {@code apply(x) + residual}, in one kernel. */
    public Tensor residual(Tensor x, Tensor residual) {
        return Linear.linear(x, weight, bias, residual, Activation.NONE);
    }
}
