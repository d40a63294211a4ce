package org.reverie.io;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.reverie.tensor.HostTensor;

/**
 * The named tensors of a checkpoint.
 *
 * @param tensors in the order of the file
 * @param others names beside the tensors that hold something else, such as a step count
 * @param under the key of the checkpoint under which the tensors were found; empty if the checkpoint itself is the map
 */
public record StateDict(Map<String, HostTensor> tensors, List<String> others, String under) {
    /** Where training programs put the weights, in the order in which they are looked for. */
    private static final List<String> USUAL =
            List.of("state_dict", "model_state_dict", "model", "net", "network", "module", "params", "weights");

    public StateDict {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        others = List.copyOf(others);
    }

    /**
     * Finds the tensors in a checkpoint's value: under one of the usual keys, or at the top, or in the only map of
     * tensors there is.
     *
     * @return null if there is none
     */
    static StateDict find(Object value) {
        if (!(value instanceof Map<?, ?> top)) {
            return null;
        }
        for (String key : USUAL) {
            StateDict found = of(top.get(key), key);
            if (found != null) {
                return found;
            }
        }
        StateDict here = of(top, "");
        if (here != null) {
            return here;
        }
        StateDict only = null;
        for (Map.Entry<?, ?> e : top.entrySet()) {
            StateDict found = of(e.getValue(), String.valueOf(e.getKey()));
            if (found != null && only != null) {
                return null;
            }
            only = found == null ? only : found;
        }
        return only;
    }

    private static StateDict of(Object value, String under) {
        if (!(value instanceof Map<?, ?> map)) {
            return null;
        }
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        List<String> others = new ArrayList<>();
        map.forEach((key, item) -> {
            if (key instanceof String name && item instanceof HostTensor tensor) {
                tensors.put(name, tensor);
            } else {
                others.add(String.valueOf(key));
            }
        });
        return tensors.isEmpty() ? null : new StateDict(tensors, others, under);
    }

    /** The tensors with {@code prefix} taken off every name that has it, such as {@code module.} of DataParallel. */
    public Map<String, HostTensor> withoutPrefix(String prefix) {
        Map<String, HostTensor> out = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            String shorter = name.startsWith(prefix) ? name.substring(prefix.length()) : name;
            if (out.put(shorter, tensor) != null) {
                throw new IllegalArgumentException("two tensors are called " + shorter + " without " + prefix);
            }
        });
        return out;
    }
}
