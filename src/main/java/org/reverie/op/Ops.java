package org.reverie.op;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All declared ops by name. A family joins by a line here. */
public final class Ops {
    private static final Map<String, Op<?>> BY_NAME = new LinkedHashMap<>();

    static {
        register(Pointwise.OPS);
        register(Functions.OPS);
        register(Compare.OPS);
        register(Views.OPS);
        register(Shaping.OPS);
        register(Indexing.OPS);
        register(Activations.OPS);
        register(Reductions.OPS);
        register(Extremes.OPS);
        register(Losses.OPS);
        register(Optimizers.OPS);
        register(DiffusionOps.OPS);
        register(Random.OPS);
        register(Linear.OPS);
        register(Convolution.OPS);
        register(Pooling.OPS);
        register(Norms.OPS);
        register(NormGradients.OPS);
        register(Softmax.OPS);
        register(Attention.OPS);
        register(AttentionGradient.OPS);
        register(Resize.OPS);
        register(Bytes.OPS);
    }

    private Ops() {}

    private static void register(List<Op<?>> family) {
        for (Op<?> op : family) {
            if (BY_NAME.put(op.name(), op) != null) {
                throw new IllegalStateException("two ops are called " + op.name());
            }
        }
    }

    public static List<Op<?>> all() {
        return new ArrayList<>(BY_NAME.values());
    }

    /** The op of this name, or null. */
    public static Op<?> find(String name) {
        return BY_NAME.get(name);
    }
}
