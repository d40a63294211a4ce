package org.reverie.op;

import org.reverie.tensor.Tensor;

/** What a gradient rule sees: the call as it was made, and the gradients that arrived at its outputs. */
public record GradientCall<A extends Record>(
        A attributes, Tensor[] inputs, Tensor[] outputs, Tensor[] outputGradients, boolean[] needs) {
    public Tensor in(int i) {
        return inputs[i];
    }

    public Tensor out(int i) {
        return outputs[i];
    }

    /** The gradient of the first output. */
    public Tensor g() {
        return outputGradients[0];
    }

    /** The gradient of output i; null if nothing depends on it. */
    public Tensor g(int i) {
        return outputGradients[i];
    }

    /** Whether anybody wants the gradient of input i. */
    public boolean needs(int i) {
        return inputs[i] != null && needs[i];
    }
}
