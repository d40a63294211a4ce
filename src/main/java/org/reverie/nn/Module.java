package org.reverie.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A part of a model: parameters by name and parts by name. Full names join with dots, as in PyTorch's state dicts, and
 * are the names in checkpoints. Parameters belong to the scope in which the module was built; a whole model usually has a
 * detached one.
 */
public abstract class Module {
    private final Map<String, Parameter> own = new LinkedHashMap<>();
    private final Map<String, Module> parts = new LinkedHashMap<>();

    /** Declares a learnable parameter. */
    protected final Tensor parameter(String name, Tensor initial, WeightLayout layout) {
        return declare(name, new Parameter(initial, layout, true));
    }

    protected final Tensor parameter(String name, Tensor initial) {
        return parameter(name, initial, WeightLayout.PLAIN);
    }

    /** Declares a tensor that belongs to the model's state but is not learned. */
    protected final Tensor buffer(String name, Tensor initial) {
        return declare(name, new Parameter(initial, WeightLayout.PLAIN, false));
    }

    private Tensor declare(String name, Parameter p) {
        if (own.put(name, p) != null) {
            throw new IllegalStateException("two parameters are called " + name);
        }
        return p.value();
    }

    /** Declares a part. */
    protected final <M extends Module> M part(String name, M module) {
        if (parts.put(name, module) != null) {
            throw new IllegalStateException("two parts are called " + name);
        }
        return module;
    }

    /** All parameters and buffers by full name, in order of declaration. */
    public final Map<String, Parameter> named() {
        Map<String, Parameter> all = new LinkedHashMap<>(own);
        parts.forEach((name, part) -> part.named().forEach((rest, p) -> all.put(name + "." + rest, p)));
        return all;
    }

    /** The learnable tensors, in order of declaration. */
    public final List<Tensor> parameters() {
        List<Tensor> list = new ArrayList<>();
        named().forEach((name, p) -> {
            if (p.learnable()) {
                list.add(p.value());
            }
        });
        return list;
    }

    /** Number of learnable numbers. */
    public final long parameterCount() {
        return parameters().stream().mapToLong(Tensor::elements).sum();
    }

    /** Copies of all parameters and buffers as they lie in files. */
    public final Map<String, HostTensor> stateDict() {
        Map<String, HostTensor> state = new LinkedHashMap<>();
        named().forEach((name, p) -> state.put(name, p.layout().toFile(p.value().toHost())));
        return state;
    }

    /**
     * Overwrites all parameters and buffers; nothing is changed if the checkpoint does not fit.
     *
     * @param source the file's name, for messages
     * @param ignorable names that the checkpoint may hold in addition
     */
    public final void load(String source, Map<String, HostTensor> state, Predicate<String> ignorable) {
        Map<String, Shape> expected = new LinkedHashMap<>();
        named().forEach((name, p) ->
                expected.put(name, p.layout().toFile(p.value().shape())));
        StateDict.check(source, expected, state, ignorable);
        named().forEach((name, p) -> write(
                p.value(), p.layout().fromFile(state.get(name).as(p.value().dtype()))));
    }

    /** Says that nothing is overwritten any more, so that devices may keep what they work out from the weights, such as an order. */
    public final void freeze() {
        named().values().forEach(p -> p.value().buffer().freeze());
    }

    /** Overwrites a contiguous tensor with numbers of the same dtype and shape. */
    public static void write(Tensor target, HostTensor values) {
        if (!target.isContiguous()
                || values.dtype() != target.dtype()
                || !values.shape().equals(target.shape())) {
            throw new IllegalArgumentException(
                    "cannot write " + values.dtype() + " " + values.shape() + " into " + target);
        }
        target.device()
                .upload(
                        values.data(),
                        target.buffer(),
                        target.offset() * target.dtype().bytes());
    }
}
