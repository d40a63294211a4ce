package org.reverie.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.op.Optimizers;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019). The decay is
 * that of the configured learning rate of each step, so a schedule scales it too. A null gradient leaves its parameter and
 * moments alone.
 *
 * <p>State: {@code step} (I64), {@code exp_avg.N} and {@code exp_avg_sq.N} of each parameter N.
 */
public final class AdamW implements Optimizer {
    private static final String NAME = "AdamW";

    private final List<Tensor> params;
    private final AdamWConfig config;
    private final Slots first;
    private final Slots second;
    private long steps;

    public AdamW(List<Tensor> params, AdamWConfig config) {
        this.params = Slots.parameters(NAME, params);
        this.config = config;
        this.first = Slots.zeros(NAME, "exp_avg", params);
        this.second = Slots.zeros(NAME, "exp_avg_sq", params);
    }

    @Override
    public void step(List<Tensor> gradients) {
        step(gradients, config.lr());
    }

    @Override
    public void step(List<Tensor> gradients, double lr) {
        update(gradients, lr, 1, null);
        steps++;
    }

    /** The update is told by the device itself to leave everything alone, so the host reads the one number behind it. */
    @Override
    public boolean step(List<Tensor> scaled, double lr, double scale) {
        try (Scope scope = Scope.open()) {
            Tensor finite = GradScaler.finite(scaled);
            update(scaled, lr, 1 / scale, finite);
            boolean made = finite == null || finite.item() != 0;
            steps += made ? 1 : 0;
            return made;
        }
    }

    private void update(List<Tensor> gradients, double lr, double unscale, Tensor finite) {
        Slots.checkCount(NAME, params, gradients);
        AdamWSpec spec = new AdamWSpec(
                lr, config.beta1(), config.beta2(), config.eps(), config.weightDecay(), steps + 1, unscale);
        List<Optimizers.Adam> all = new ArrayList<>(params.size());
        for (int i = 0; i < params.size(); i++) {
            if (gradients.get(i) != null) {
                all.add(new Optimizers.Adam(params.get(i), gradients.get(i), first.get(i), second.get(i)));
            }
        }
        Optimizers.adamwSteps(all, spec, finite);
    }

    @Override
    public long steps() {
        return steps;
    }

    @Override
    public LinkedHashMap<String, HostTensor> state() {
        LinkedHashMap<String, HostTensor> state = new LinkedHashMap<>();
        Slots.saveCount(state, "step", steps);
        first.save(state);
        second.save(state);
        return state;
    }

    @Override
    public void restore(Map<String, HostTensor> state) {
        long count = Slots.count(state, NAME, "step");
        first.check(state);
        second.check(state);
        first.restore(state);
        second.restore(state);
        steps = count;
    }

    @Override
    public void close() {
        first.close();
        second.close();
    }
}
