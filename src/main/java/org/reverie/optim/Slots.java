package org.reverie.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Tensors kept beside the parameters, one for each, in a scope of their own; saved as {@code name.0}, {@code name.1}, … */
final class Slots implements AutoCloseable {
    private final String owner;
    private final String name;
    private final Scope scope = Scope.detached();
    private final List<Tensor> tensors;

    private Slots(String owner, String name, List<Tensor> params, boolean copies) {
        this.owner = owner;
        this.name = name;
        this.tensors = scope.within(() -> {
            List<Tensor> all = new ArrayList<>(params.size());
            for (Tensor p : params) {
                HostTensor start = copies ? p.toHost() : HostTensor.allocate(p.dtype(), p.shape());
                all.add(Tensor.from(p.device(), start));
            }
            return List.copyOf(all);
        });
    }

    static Slots zeros(String owner, String name, List<Tensor> params) {
        return new Slots(owner, name, params, false);
    }

    static Slots copies(String owner, String name, List<Tensor> params) {
        return new Slots(owner, name, params, true);
    }

    List<Tensor> tensors() {
        return tensors;
    }

    Tensor get(int i) {
        return tensors.get(i);
    }

    void save(Map<String, HostTensor> state) {
        for (int i = 0; i < tensors.size(); i++) {
            state.put(name + "." + i, tensors.get(i).toHost());
        }
    }

    /** Refuses a state in which one of these tensors is missing or of another kind. */
    void check(Map<String, HostTensor> state) {
        for (int i = 0; i < tensors.size(); i++) {
            HostTensor saved = find(state, owner, name + "." + i);
            Tensor own = tensors.get(i);
            if (saved.dtype() != own.dtype() || !saved.shape().equals(own.shape())) {
                throw new IllegalArgumentException(owner + ": " + name + "." + i + " is " + saved.dtype()
                        + saved.shape() + " in the saved state, but the parameter needs " + own.spec());
            }
        }
    }

    void restore(Map<String, HostTensor> state) {
        for (int i = 0; i < tensors.size(); i++) {
            write(state.get(name + "." + i), tensors.get(i));
        }
    }

    static HostTensor find(Map<String, HostTensor> state, String owner, String key) {
        HostTensor found = state.get(key);
        if (found == null) {
            throw new IllegalArgumentException(owner + ": the saved state has no " + key);
        }
        return found;
    }

    /** Saves a count as the I64 scalar {@code key}. */
    static void saveCount(Map<String, HostTensor> state, String key, long count) {
        state.put(key, HostTensor.of(Shape.SCALAR, new long[] {count}));
    }

    static long count(Map<String, HostTensor> state, String owner, String key) {
        HostTensor t = find(state, owner, key);
        if (t.dtype() != DType.I64 || t.shape().elements() != 1 || t.data().get(HostTensor.LONG, 0) < 0) {
            throw new IllegalArgumentException(owner + ": " + key + " must be one count in the saved state");
        }
        return t.data().get(HostTensor.LONG, 0);
    }

    /** Overwrites a contiguous tensor. */
    static void write(HostTensor from, Tensor to) {
        Device device = to.device();
        device.upload(from.data(), to.buffer(), to.offset() * to.dtype().bytes());
    }

    /** The parameters as a fixed list; each must be contiguous because it is updated in place. */
    static List<Tensor> parameters(String owner, List<Tensor> params) {
        for (Tensor p : params) {
            if (!p.isContiguous()) {
                throw new IllegalArgumentException(
                        owner + ": a parameter of shape " + p.shape() + " is not contiguous");
            }
        }
        return List.copyOf(params);
    }

    static void checkCount(String owner, List<Tensor> params, List<Tensor> gradients) {
        if (gradients.size() != params.size()) {
            throw new IllegalArgumentException(
                    owner + ": " + gradients.size() + " gradients for " + params.size() + " parameters");
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
