package org.reverie.device;

import org.reverie.tensor.Tensor;

/**
 * One execution of an op.
 *
 * @param op the op's name, for example {@code conv2d}
 * @param attributes the op's attribute record (package {@code device.spec})
 * @param inputs in the declared order; null where an optional input is left out
 * @param outputs allocated and contiguous
 */
public record KernelCall(String op, Record attributes, Tensor[] inputs, Tensor[] outputs) {
    public <A extends Record> A attributes(Class<A> type) {
        return type.cast(attributes);
    }

    public Tensor in(int i) {
        return inputs[i];
    }

    public Tensor out(int i) {
        return outputs[i];
    }
}
