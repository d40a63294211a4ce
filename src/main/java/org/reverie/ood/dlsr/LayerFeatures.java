package org.reverie.ood.dlsr;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.reverie.io.FormatException;
import org.reverie.io.Safetensors;
import org.reverie.ood.FeatureMatrix;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * The layer-wise features of a set of images before normalisation: one row an image, the pooled activations of the taps one
 * after the other.
 *
 * @param values row-major {@code [count, dimension]}
 * @param groupEnds where each layer's group ends, cumulative; the last is the dimension
 * @param origin what they were made from (set, encoder, weights, taps, pooling); equal origins mean equal features
 */
public record LayerFeatures(float[] values, List<Integer> groupEnds, Map<String, String> origin) {
    private static final String VALUES = "features";

    public LayerFeatures {
        groupEnds = List.copyOf(groupEnds);
        origin = Map.copyOf(origin);
        if (groupEnds.isEmpty() || values.length % groupEnds.getLast() != 0) {
            throw new IllegalArgumentException(
                    values.length + " numbers are no whole rows of groups that end at " + groupEnds);
        }
    }

    public int dimension() {
        return groupEnds.getLast();
    }

    public int count() {
        return values.length / dimension();
    }

    public FeatureMatrix matrix() {
        return new FeatureMatrix(values, count(), dimension());
    }

    /** The first {@code n} rows, or all if there are fewer. */
    public LayerFeatures first(int n) {
        return rows(0, Math.min(n, count()));
    }

    /** Rows {@code from} (inclusive) to {@code to} (exclusive). */
    public LayerFeatures rows(int from, int to) {
        int d = dimension();
        return new LayerFeatures(java.util.Arrays.copyOfRange(values, from * d, to * d), groupEnds, origin);
    }

    /** Writes a safetensors file with the tensor {@code features} and the origin as metadata. */
    public void write(Path file) throws IOException {
        Map<String, String> metadata = new TreeMap<>(origin);
        metadata.put(
                "group_ends",
                String.join(",", groupEnds.stream().map(Object::toString).toList()));
        HostTensor t = HostTensor.of(Shape.of(count(), dimension()), values);
        Safetensors.write(file, Map.of(VALUES, t), metadata);
    }

    /** Reads what {@link #write} wrote. */
    public static LayerFeatures read(Path file) throws IOException {
        Safetensors s = Safetensors.read(file);
        HostTensor t = s.tensors().get(VALUES);
        String ends = s.metadata().get("group_ends");
        if (t == null
                || t.dtype() != DType.F32
                || t.shape().rank() != 2
                || ends == null
                || !ends.matches("\\d+(,\\d+)*")) {
            throw new FormatException(
                    file.toString(), "header", "cached features are one f32 matrix 'features' with 'group_ends'");
        }
        List<Integer> list = Stream.of(ends.split(",")).map(Integer::parseInt).toList();
        if (list.getLast() != t.shape().dim(1)) {
            throw new FormatException(
                    file.toString(),
                    "header",
                    "group_ends must end at the width of the features, "
                            + t.shape().dim(1));
        }
        Map<String, String> origin = new LinkedHashMap<>(s.metadata());
        origin.remove("group_ends");
        return new LayerFeatures(t.toFloats(), list, origin);
    }
}
