package org.reverie.op;

import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Somebody who watches ops as they are executed: the tape of autograd. */
public interface Recorder {
    /** Whether a call on these inputs (some may be null) is to be recorded. */
    boolean wants(Tensor[] inputs);

    /** Where the outputs of recorded calls are allocated: they live as long as the recording. */
    Scope scope();

    void record(Op<?> op, Record attributes, Tensor[] inputs, Tensor[] outputs);
}
