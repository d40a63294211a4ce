package org.reverie.ood.dream;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Reads the size of a {@link ResidualNetwork} off its weights. */
final class ResidualWeights {
    private ResidualWeights() {}

    /** Batch norm's counters, which PyTorch keeps and nothing needs. */
    static boolean isIgnorable(String name) {
        return name.endsWith("num_batches_tracked");
    }

    /**
     * The size that stem, first convolutions of the blocks and last layer tell. A stage's stride is 2 but for the first:
     * no shape tells it.
     *
     * @throws IllegalArgumentException if these are not there, or not of a convolution's rank
     */
    static ResidualConfig config(String source, Map<String, HostTensor> weights) {
        Shape stem = shape(source, weights, "conv1.weight", 4);
        shape(source, weights, "fc.weight", 2);
        List<Integer> widths = new ArrayList<>();
        List<Integer> blocks = new ArrayList<>();
        List<Integer> strides = new ArrayList<>();
        for (int s = 1; weights.containsKey("layer" + s + ".0.conv1.weight"); s++) {
            int n = 0;
            while (weights.containsKey("layer" + s + "." + n + ".conv1.weight")) {
                n++;
            }
            widths.add(
                    shape(source, weights, "layer" + s + ".0.conv1.weight", 4).dim(0));
            blocks.add(n);
            strides.add(s == 1 ? 1 : 2);
        }
        if (widths.isEmpty()) {
            throw new IllegalArgumentException(source + ": is no residual network: there is no layer1.0.conv1.weight");
        }
        return new ResidualConfig(stem.dim(1), stem.dim(0), widths, blocks, strides);
    }

    private static Shape shape(String source, Map<String, HostTensor> weights, String name, int rank) {
        HostTensor t = weights.get(name);
        if (t == null || t.shape().rank() != rank) {
            throw new IllegalArgumentException(source + ": is no residual network: "
                    + (t == null ? "there is no " + name : name + " has shape " + t.shape()));
        }
        return t.shape();
    }
}
