package org.reverie.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.device.spec.SgdSpec;
import org.reverie.op.Optimizers;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/**
 * Stochastic gradient descent, with momentum if it is not 0. A null gradient leaves its parameter and velocity alone.
 *
 * <p>State: {@code step} (I64) and, with momentum, {@code momentum_buffer.N} of each parameter N.
 */
public final class Sgd implements Optimizer {
    private static final String NAME = "Sgd";

    private final List<Tensor> params;
    private final SgdConfig config;
    private final Slots velocity;
    private long steps;

    public Sgd(List<Tensor> params, SgdConfig config) {
        this.params = Slots.parameters(NAME, params);
        this.config = config;
        this.velocity = config.momentum() == 0 ? null : Slots.zeros(NAME, "momentum_buffer", params);
    }

    @Override
    public void step(List<Tensor> gradients) {
        step(gradients, config.lr());
    }

    @Override
    public void step(List<Tensor> gradients, double lr) {
        Slots.checkCount(NAME, params, gradients);
        SgdSpec spec = new SgdSpec(lr, config.momentum(), config.nesterov(), config.weightDecay());
        for (int i = 0; i < params.size(); i++) {
            if (gradients.get(i) != null) {
                Tensor v = velocity == null ? null : velocity.get(i);
                Optimizers.sgdStep(params.get(i), gradients.get(i), v, spec);
            }
        }
        steps++;
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public LinkedHashMap<String, HostTensor> state() {
        LinkedHashMap<String, HostTensor> state = new LinkedHashMap<>();
        Slots.saveCount(state, "step", steps);
        if (velocity != null) {
            velocity.save(state);
        }
        return state;
    }

    @Override
    public void restore(Map<String, HostTensor> state) {
        long count = Slots.count(state, NAME, "step");
        if (velocity != null) {
            velocity.check(state);
            velocity.restore(state);
        }
        steps = count;
    }

    @Override
    public void close() {
        if (velocity != null) {
            velocity.close();
        }
    }
}
