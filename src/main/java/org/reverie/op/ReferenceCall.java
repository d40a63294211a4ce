package org.reverie.op;

import org.reverie.tensor.Shape;

/**
 * What a scalar reference sees: inputs as row-major arrays, outputs to be filled, and the arithmetic to do it in.
 * Integers are held exactly (below 2⁵³).
 */
public record ReferenceCall<A extends Record>(
        A attributes,
        Arithmetic math,
        double[][] inputs,
        Shape[] inputShapes,
        double[][] outputs,
        Shape[] outputShapes) {
    public double[] in(int i) {
        return inputs[i];
    }

    public boolean has(int i) {
        return i < inputs.length && inputs[i] != null;
    }

    public Shape inShape(int i) {
        return inputShapes[i];
    }

    public double[] out(int i) {
        return outputs[i];
    }

    public Shape outShape(int i) {
        return outputShapes[i];
    }
}
