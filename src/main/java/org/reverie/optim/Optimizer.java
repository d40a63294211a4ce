package org.reverie.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/** Updates a fixed list of parameters in place, step by step. Its state lives until it is closed. */
public interface Optimizer extends AutoCloseable {
    /** One step with the configured learning rate; the gradients stand in the order of the parameters. */
    void step(List<Tensor> gradients);

    /** One step with this learning rate, as a {@link Schedule} gives it. */
    void step(List<Tensor> gradients, double lr);

    /** How many steps were made. */
    long steps();

    /** Everything besides the parameters that the next step depends on, for a checkpoint. */
    LinkedHashMap<String, HostTensor> state();

    /** Continues from a saved state; refuses one that does not fit the parameters. */
    void restore(Map<String, HostTensor> state);

    @Override
    void close();
}
