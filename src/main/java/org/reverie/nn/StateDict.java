package org.reverie.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Named tensors of a file: checks of them against what a model expects, and several parts in one file. */
public final class StateDict {
    private static final int LISTED = 20;

    private StateDict() {}

    /** Adds a part's tensors to those of a file, their names after {@code prefix}. */
    public static void put(Map<String, HostTensor> all, String prefix, Map<String, HostTensor> part) {
        part.forEach((name, t) -> all.put(prefix + name, t));
    }

    /** The way back: the tensors whose names begin with {@code prefix}, by the rest of their names. */
    public static Map<String, HostTensor> part(Map<String, HostTensor> all, String prefix) {
        Map<String, HostTensor> part = new LinkedHashMap<>();
        all.forEach((name, t) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), t);
            }
        });
        return part;
    }

    /**
     * Fails with one message that lists every missing, unexpected and misshapen tensor.
     *
     * @param source the file's name, for the message
     * @param expected name → shape as in files
     * @param ignorable names that may be in the file though the model has no use for them
     */
    public static void check(
            String source, Map<String, Shape> expected, Map<String, HostTensor> found, Predicate<String> ignorable) {
        List<String> wrong = new ArrayList<>();
        expected.forEach((name, shape) -> {
            HostTensor t = found.get(name);
            if (t == null) {
                wrong.add("missing " + name + " " + shape);
            } else if (!t.shape().equals(shape)) {
                wrong.add(name + " has shape " + t.shape() + " instead of " + shape);
            }
        });
        for (String name : found.keySet()) {
            if (!expected.containsKey(name) && !ignorable.test(name)) {
                wrong.add("unexpected " + name + " " + found.get(name).shape());
            }
        }
        if (!wrong.isEmpty()) {
            String more = wrong.size() > LISTED ? "; and " + (wrong.size() - LISTED) + " more" : "";
            throw new IllegalArgumentException(source + ": does not fit the model: "
                    + String.join("; ", wrong.subList(0, Math.min(LISTED, wrong.size()))) + more);
        }
    }
}
