package org.reverie.models;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.StateDict;
import org.reverie.op.Engine;
import org.reverie.op.Pointwise;
import org.reverie.op.Shaping;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * An image network for inference: named nodes, each a function of earlier nodes and of its own weights. Any node's output
 * can be asked for; only what it needs is computed, and an activation is freed after its last use. Batch norms are folded
 * into the convolutions when weights are loaded, so a node is one kernel. Built by {@link NetworkBuilder}.
 */
public final class Network implements AutoCloseable {
    /** The name of the image batch that everything starts from: f32 {@code [N, H, W, C]}. */
    public static final String INPUT = "input";

    /** Turns tensors of a checkpoint into the weights of a node. */
    interface Prepare {
        List<HostTensor> weights(Map<String, HostTensor> state);
    }

    /** Computes a node. */
    interface Forward {
        Tensor apply(List<Tensor> inputs, List<Tensor> weights);
    }

    /** Computes a convolution of its first input with other pads than its own. */
    interface Padded {
        Tensor apply(List<Tensor> inputs, List<Tensor> weights, ConvSpec spec);
    }

    /**
     * A convolution as a function of its first input's rows.
     *
     * @param kernel rows of the kernel
     * @param depthwise whether the weights are {@code [KH, KW, C]} and not {@code [O, KH, KW, C]}
     */
    record Rows(int kernel, ConvSpec spec, boolean depthwise, Padded forward) {
        /** Whether what comes out is much less than what went in. */
        boolean shrinks() {
            return depthwise && spec.strideH() * spec.strideW() >= 4;
        }
    }

    /** @param rows null for what is not a convolution */
    record Node(
            String output, List<String> inputs, List<String> parameters, Prepare prepare, Forward forward, Rows rows) {}

    /** A tensor of the checkpoint. Buffers (running means and variances) are not learnable. */
    record Weight(Shape shape, boolean learnable) {}

    private final String name;
    private final Map<String, Node> nodes;
    private final Map<String, Weight> checkpoint;
    private final Predicate<String> ignorable;
    private final String output;
    private final Map<String, List<Tensor>> weights = new HashMap<>();
    private final Scope scope = Scope.detached();
    private Device device;
    private DType type = DType.F32;

    Network(
            String name,
            Map<String, Node> nodes,
            Map<String, Weight> checkpoint,
            Predicate<String> ignorable,
            String output) {
        this.name = name;
        this.nodes = nodes;
        this.checkpoint = checkpoint;
        this.ignorable = ignorable;
        this.output = output;
    }

    public String name() {
        return name;
    }

    /** The node that is the network's result: logits, or the last features of a network without a head. */
    public String output() {
        return output;
    }

    /** All names that can be asked for. */
    public Set<String> outputs() {
        return nodes.keySet();
    }

    /** Name → shape of every tensor that a checkpoint must hold, as it lies in the file. */
    public Map<String, Shape> checkpointShapes() {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        checkpoint.forEach((n, w) -> shapes.put(n, w.shape()));
        return shapes;
    }

    /** Number of learnable numbers, batch norms' scales and shifts included. */
    public long parameterCount() {
        return parameterCount(nodes.keySet());
    }

    /** Number of learnable numbers that the given outputs depend on. */
    public long parameterCount(Collection<String> wanted) {
        Set<String> used = new HashSet<>();
        for (Node n : needed(wanted)) {
            used.addAll(n.parameters());
        }
        return checkpoint.entrySet().stream()
                .filter(e -> e.getValue().learnable() && used.contains(e.getKey()))
                .mapToLong(e -> e.getValue().shape().elements())
                .sum();
    }

    /**
     * Loads weights onto a device, replacing earlier ones.
     *
     * @param source the file's name, for messages
     */
    public Network load(Device target, String source, Map<String, HostTensor> state) {
        return load(target, source, state, DType.F32);
    }

    /**
     * As above, with weights of F16 or BF16 (biases stay F32); images are then rounded to that type, and activations and results
     * have it too.
     */
    public Network load(Device target, String source, Map<String, HostTensor> state, DType precision) {
        StateDict.check(source, checkpointShapes(), state, ignorable);
        weights.values().forEach(list -> list.forEach(Scope::free));
        weights.clear();
        device = target;
        type = precision;
        scope.within(() -> {
            for (Node n : nodes.values()) {
                List<Tensor> list = new ArrayList<>();
                for (HostTensor t : n.prepare().weights(state)) {
                    boolean low = t != null && t.shape().rank() > 1;
                    list.add(t == null ? null : frozen(Tensor.from(target, low ? t.as(precision) : t)));
                }
                weights.put(n.output(), list);
            }
            return null;
        });
        return this;
    }

    private static Tensor frozen(Tensor weights) {
        weights.buffer().freeze();
        return weights;
    }

    /** The network's result for a batch {@code [N, H, W, C]}. */
    public Tensor forward(Tensor images) {
        return forward(images, List.of(output)).get(output);
    }

    /** The given nodes' outputs for a batch, in the current scope. */
    public Map<String, Tensor> forward(Tensor batch, Collection<String> wanted) {
        if (device == null) {
            throw new IllegalStateException(name + " has no weights: load them first");
        }
        Tensor images = type == DType.F32 ? batch : Pointwise.cast(batch, type);
        List<Node> plan = needed(wanted);
        boolean cut = Engine.recorder() == null && device.nearBytes() > 0 && images.dim(0) > 1;
        return cut ? oneByOne(images, plan, wanted) : pass(images, plan, wanted, device.nearBytes());
    }

    /**
     * Image by image, each on a thread of its own: what a layer leaves is then still near when the next one reads it, and no thread
     * waits for another within a layer. The images that are too few for all threads are computed by all threads together.
     */
    private Map<String, Tensor> oneByOne(Tensor images, List<Node> plan, Collection<String> wanted) {
        int batch = images.dim(0);
        int threads = device.concurrency();
        int alone = batch - batch % threads;
        List<Scope> scopes = Stream.generate(Scope::detached).limit(batch).toList();
        List<Map<String, Tensor>> parts = new ArrayList<>(Collections.nCopies(batch, null));
        try {
            device.concurrently(alone, i -> parts.set(i, image(images, i, scopes.get(i), plan, wanted, threads)));
            for (int i = alone; i < batch; i++) {
                parts.set(i, image(images, i, scopes.get(i), plan, wanted, 1));
            }
            Map<String, Tensor> whole = new LinkedHashMap<>();
            for (String w : wanted) {
                whole.put(w, Shaping.concat(0, parts.stream().map(p -> p.get(w)).toArray(Tensor[]::new)));
            }
            return whole;
        } finally {
            scopes.forEach(Scope::close);
        }
    }

    private Map<String, Tensor> image(
            Tensor images, int i, Scope scope, List<Node> plan, Collection<String> wanted, int shares) {
        return scope.within(() -> pass(Shaping.slice(images, 0, i, i + 1), plan, wanted, device.nearBytes() / shares));
    }

    private Map<String, Tensor> pass(Tensor images, List<Node> plan, Collection<String> wanted, long near) {
        Map<String, Integer> uses = new HashMap<>();
        for (Node n : plan) {
            n.inputs().forEach(i -> uses.merge(i, 1, Integer::sum));
        }
        wanted.forEach(w -> uses.merge(w, 1, Integer::sum));
        boolean recording = Engine.recorder() != null;
        Map<String, Tensor> values = new HashMap<>();
        values.put(INPUT, images);
        for (int at = 0; at < plan.size(); ) {
            List<Node> chain = recording || near == 0 ? plan.subList(at, at + 1) : Bands.from(plan, at, uses);
            Node last = chain.getLast();
            if (chain.size() > 1) {
                Bands bands = new Bands(
                        chain, chain.stream().map(n -> weights.get(n.output())).toList());
                values.put(last.output(), bands.run(values, near));
            } else {
                List<Tensor> in = last.inputs().stream().map(values::get).toList();
                values.put(last.output(), Engine.local(() -> last.forward().apply(in, weights.get(last.output()))));
            }
            if (!recording) {
                chain.forEach(n -> n.inputs().forEach(i -> release(i, uses, values)));
            }
            at += chain.size();
        }
        Map<String, Tensor> result = new LinkedHashMap<>();
        wanted.forEach(w -> result.put(w, values.get(w)));
        return result;
    }

    /** Frees an activation after its last use, unless a view of it is still in use. */
    private static void release(String name, Map<String, Integer> uses, Map<String, Tensor> values) {
        if (name.equals(INPUT) || uses.merge(name, -1, Integer::sum) > 0) {
            return;
        }
        Tensor dead = values.remove(name);
        if (dead != null && values.values().stream().noneMatch(t -> t.buffer() == dead.buffer())) {
            Scope.free(dead);
        }
    }

    /** The nodes that the wanted ones depend on, in order of computation. */
    private List<Node> needed(Collection<String> wanted) {
        Set<String> open = new HashSet<>(wanted);
        for (String w : wanted) {
            if (!nodes.containsKey(w)) {
                throw new IllegalArgumentException(
                        name + " has no output called " + w + "; there are " + String.join(", ", nodes.keySet()));
            }
        }
        List<Node> all = new ArrayList<>(nodes.values());
        List<Node> plan = new ArrayList<>();
        for (int i = all.size() - 1; i >= 0; i--) {
            if (open.contains(all.get(i).output())) {
                open.addAll(all.get(i).inputs());
                plan.add(0, all.get(i));
            }
        }
        return plan;
    }

    /** Frees the weights. */
    @Override
    public void close() {
        scope.close();
    }
}
