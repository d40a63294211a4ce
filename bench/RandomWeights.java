package org.reverie.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.reverie.nn.Module;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Weights for networks whose speed is measured: random, but such that activations keep their size through all layers. */
final class RandomWeights {
    private static final double SPREAD = 0.1;

    private RandomWeights() {}

    /** Overwrites a module's tensors one by one, so that no second copy of all of them is needed. */
    static <M extends Module> M into(M module) {
        module.named().forEach((name, p) -> {
            HostTensor values = of(name, p.layout().toFile(p.value().shape()));
            Module.write(p.value(), p.layout().fromFile(values));
        });
        return module;
    }

    /** A tensor for every name of a checkpoint. */
    static Map<String, HostTensor> of(Map<String, Shape> shapes) {
        Map<String, HostTensor> weights = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> weights.put(name, of(name, shape)));
        return weights;
    }

    /**
     * Kernels and matrices have variance 2 / inputs (He et al. 2015); scales of norms and variances lie around 1, biases and
     * means around 0.
     */
    private static HostTensor of(String name, Shape shape) {
        float[] values = new float[Math.toIntExact(shape.elements())];
        Philox.fillNormal(1, Philox.stream(name), 0, values);
        boolean kernel = shape.rank() > 1;
        double deviation = kernel ? Math.sqrt(2.0 * shape.dim(0) / values.length) : SPREAD;
        double middle = !kernel && (name.endsWith("weight") || name.endsWith("var")) ? 1 : 0;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (middle + deviation * values[i]);
        }
        return HostTensor.of(shape, values);
    }
}
