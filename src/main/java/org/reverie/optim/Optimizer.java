package org.reverie.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.op.Pointwise;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/** Updates a fixed list of parameters in place, step by step. Its state lives until it is closed. */
public interface Optimizer extends AutoCloseable {
    /** One step with the configured learning rate; the gradients stand in the order of the parameters. */
    void step(List<Tensor> gradients);

    /** One step with this learning rate, as a {@link Schedule} gives it. */
    void step(List<Tensor> gradients, double lr);

    /**
     * One step with F32 gradients of a loss that was multiplied by {@code scale}, a power of two, null where there is none; left out if
     * one of their numbers is infinite or NaN.
     *
     * @return whether the step was made
     */
    default boolean step(List<Tensor> scaled, double lr, double scale) {
        try (Scope scope = Scope.open()) {
            Tensor finite = GradScaler.finite(scaled);
            if (finite != null && finite.item() == 0) {
                return false;
            }
            List<Tensor> gradients = new ArrayList<>(scaled.size());
            for (Tensor g : scaled) {
                gradients.add(g == null ? null : Pointwise.scale(g, 1 / scale));
            }
            step(gradients, lr);
            return true;
        }
    }

    /** How many steps were made. */
    long steps();

    /** Everything besides the parameters that the next step depends on, for a checkpoint. */
    LinkedHashMap<String, HostTensor> state();

    /** Continues from a saved state; refuses one that does not fit the parameters. */
    void restore(Map<String, HostTensor> state);

    @Override
    void close();
}
