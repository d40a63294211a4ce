package org.reverie.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.op.Optimizers;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Tensor;

/**
 * Running averages of parameters, which start as copies of them. With the ramp, update n (counted from 1) uses the decay
 * min(decay, (1 + n) / (10 + n)), so that early averages forget the initial values.
 *
 * <p>State: {@code updates} (I64) and {@code average.N} of each parameter N.
 */
public final class Ema implements AutoCloseable {
    private static final String NAME = "Ema";

    private final List<Tensor> params;
    private final double decay;
    private final boolean ramp;
    private final Slots averages;
    private long updates;

    public Ema(List<Tensor> params, double decay, boolean ramp) {
        if (!(decay >= 0 && decay <= 1)) {
            throw new IllegalArgumentException("Ema: the decay must be in [0, 1], not " + decay);
        }
        this.params = Slots.parameters(NAME, params);
        this.decay = decay;
        this.ramp = ramp;
        this.averages = Slots.copies(NAME, "average", params);
    }

    /** Moves the averages towards the present parameters. */
    public void update() {
        updates++;
        double d = decay();
        for (int i = 0; i < params.size(); i++) {
            Optimizers.emaUpdate(averages.get(i), params.get(i), d);
        }
    }

    /** The decay of the latest update. */
    public double decay() {
        return ramp ? Math.min(decay, (1.0 + updates) / (10.0 + updates)) : decay;
    }

    public long updates() {
        return updates;
    }

    /** The averages in the order of the parameters; they live until this is closed. */
    public List<Tensor> averages() {
        return averages.tensors();
    }

    /** Overwrites tensors, such as the parameters of another instance of the model, with the averages. */
    public void copyTo(List<Tensor> targets) {
        Slots.checkCount(NAME, params, targets);
        for (int i = 0; i < targets.size(); i++) {
            Tensor to = targets.get(i);
            if (!to.spec().equals(averages.get(i).spec()) || !to.isContiguous()) {
                throw new IllegalArgumentException(
                        "Ema: cannot copy an average " + averages.get(i).spec() + " into " + to.spec());
            }
            Slots.write(averages.get(i).toHost(), to);
        }
    }

    public LinkedHashMap<String, HostTensor> state() {
        LinkedHashMap<String, HostTensor> state = new LinkedHashMap<>();
        Slots.saveCount(state, "updates", updates);
        averages.save(state);
        return state;
    }

    /** Continues from a saved state; refuses one that does not fit the parameters. */
    public void restore(Map<String, HostTensor> state) {
        long count = Slots.count(state, NAME, "updates");
        averages.check(state);
        averages.restore(state);
        updates = count;
    }

    @Override
    public void close() {
        averages.close();
    }
}
