package org.reverie.op;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * What a gradient rule sees: the call as it was made, and the gradients that arrived at its outputs.
 *
 * @param seen what a rule sees of a tensor: low ones are widened when they are asked for ({@link LowPrecision})
 */
public record GradientCall<A extends Record>(
        A attributes,
        Tensor[] inputs,
        Tensor[] outputs,
        Tensor[] outputGradients,
        boolean[] needs,
        UnaryOperator<Tensor> seen) {
    @Override
    public Tensor[] inputs() {
        return Stream.of(inputs).map(seen).toArray(Tensor[]::new);
    }

    /** How many inputs there are, absent ones included. */
    public int inputCount() {
        return inputs.length;
    }

    public Tensor in(int i) {
        return seen.apply(inputs[i]);
    }

    public Shape inShape(int i) {
        return inputs[i].shape();
    }

    public Tensor out(int i) {
        return seen.apply(outputs[i]);
    }

    /** The gradient of the first output. */
    public Tensor g() {
        return g(0);
    }

    /** The gradient of output i; null if nothing depends on it. */
    public Tensor g(int i) {
        return seen.apply(outputGradients[i]);
    }

    /** Whether anybody wants the gradient of input i. */
    public boolean needs(int i) {
        return inputs[i] != null && needs[i];
    }
}
