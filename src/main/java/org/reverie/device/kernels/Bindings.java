package org.reverie.device.kernels;

import java.util.HashMap;
import java.util.Map;

/** All ops that kernels of {@code kernels/common} compute. */
public final class Bindings {
    private Bindings() {}

    /**
     * @param tiles what kernels of its own the device has; null for the plain kernels alone
     * @return by the ops' names
     */
    public static Map<String, Binding> of(KernelQueue queue, IndexChecks checks, Tiles tiles) {
        Map<String, Binding> table = new HashMap<>();
        Reducer reducer = new Reducer(queue);
        ContractionBindings contractions = new ContractionBindings(queue, tiles);
        new PointwiseBindings(queue).register(table);
        new SelectBindings(queue).register(table);
        new ShapingBindings(queue, checks).register(table);
        new RandomBindings(queue, checks).register(table);
        new UpdateBindings(queue, checks).register(table);
        new ReduceBindings(queue, reducer).register(table);
        new LossBindings(queue, reducer, checks).register(table);
        new NormBindings(queue, reducer, tiles).register(table);
        contractions.register(table);
        new PoolBindings(queue).register(table);
        new AttentionBindings(queue, reducer, contractions, tiles).register(table);
        return table;
    }
}
