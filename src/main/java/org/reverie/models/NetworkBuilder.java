package org.reverie.models;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.nn.WeightLayout;
import org.reverie.op.Convolution;
import org.reverie.op.Linear;
import org.reverie.op.Pooling;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Writes down a {@link Network} layer by layer. Every method returns the name of the node that it adds. */
final class NetworkBuilder {
    private final Map<String, Network.Node> nodes = new LinkedHashMap<>();
    private final Map<String, Network.Weight> checkpoint = new LinkedHashMap<>();
    private Predicate<String> ignorable = n -> false;

    /** Tensors that a checkpoint may hold though the network has no use for them. */
    NetworkBuilder ignoring(Predicate<String> names) {
        ignorable = names;
        return this;
    }

    Network build(String name, String output) {
        return new Network(name, nodes, checkpoint, ignorable, output);
    }

    /**
     * A convolution as checkpoints describe it.
     *
     * @param weight the name of the weight without {@code .weight}; a bias is {@code weight + ".bias"}
     * @param norm the batch norm that follows and is folded in, or null
     * @param residual a node that is added before the activation, or null
     */
    record Conv(
            String weight,
            int in,
            int out,
            int kernel,
            ConvSpec spec,
            boolean bias,
            BatchNormFold norm,
            String residual) {
        static Conv of(String weight, int in, int out, int kernel, ConvSpec spec) {
            return new Conv(weight, in, out, kernel, spec, false, null, null);
        }

        Conv withBias() {
            return new Conv(weight, in, out, kernel, spec, true, norm, residual);
        }

        Conv norm(String prefix, double eps) {
            return new Conv(weight, in, out, kernel, spec, bias, new BatchNormFold(prefix, eps), residual);
        }

        Conv residual(String node) {
            return new Conv(weight, in, out, kernel, spec, bias, norm, node);
        }
    }

    /** conv → folded batch norm → + residual → activation, in one kernel. */
    String conv(String output, String input, Conv c) {
        List<String> names = declare(c, Shape.of(c.out(), c.in() / c.spec().groups(), c.kernel(), c.kernel()));
        List<String> inputs = c.residual() == null ? List.of(input) : List.of(input, c.residual());
        Network.Padded forward = (in, w, spec) -> {
            return Convolution.conv2d(in.get(0), w.get(0), w.get(1), c.residual() == null ? null : in.get(1), spec);
        };
        return convolution(output, inputs, names, c, WeightLayout.CONV, forward);
    }

    /** A depthwise convolution → folded batch norm → activation, in one kernel. */
    String depthwise(String output, String input, Conv c) {
        List<String> names = declare(c, Shape.of(c.out(), 1, c.kernel(), c.kernel()));
        Network.Padded forward = (in, w, spec) -> Convolution.depthwiseConv2d(in.get(0), w.get(0), w.get(1), spec);
        return convolution(output, List.of(input), names, c, WeightLayout.DEPTHWISE, forward);
    }

    private String convolution(
            String output,
            List<String> inputs,
            List<String> names,
            Conv c,
            WeightLayout layout,
            Network.Padded forward) {
        Network.Rows rows = new Network.Rows(c.kernel(), c.spec(), layout == WeightLayout.DEPTHWISE, forward);
        return add(new Network.Node(
                output, inputs, names, s -> weights(c, s, layout), (in, w) -> forward.apply(in, w, c.spec()), rows));
    }

    private List<String> declare(Conv c, Shape weight) {
        List<String> names = new ArrayList<>();
        names.add(declare(c.weight() + ".weight", weight, true));
        if (c.bias()) {
            names.add(declare(c.weight() + ".bias", Shape.of(c.out()), true));
        }
        if (c.norm() != null) {
            String p = c.norm().prefix();
            names.add(declare(p + ".weight", Shape.of(c.out()), true));
            names.add(declare(p + ".bias", Shape.of(c.out()), true));
            names.add(declare(p + ".running_mean", Shape.of(c.out()), false));
            names.add(declare(p + ".running_var", Shape.of(c.out()), false));
        }
        return names;
    }

    private static List<HostTensor> weights(Conv c, Map<String, HostTensor> state, WeightLayout layout) {
        HostTensor weight = state.get(c.weight() + ".weight");
        HostTensor bias = c.bias() ? state.get(c.weight() + ".bias") : null;
        if (c.norm() != null) {
            weight = c.norm().weight(state, weight);
            bias = c.norm().bias(state, bias);
        }
        List<HostTensor> list = new ArrayList<>();
        list.add(layout.fromFile(weight.as(DType.F32)));
        list.add(bias == null ? null : bias.as(DType.F32));
        return list;
    }

    String maxPool(String output, String input, PoolSpec spec) {
        return node(output, List.of(input), (in, w) -> Pooling.maxPool2d(in.get(0), spec));
    }

    /** {@code [N, H, W, C] → [N, C]}. */
    String globalAvgPool(String output, String input) {
        return node(output, List.of(input), (in, w) -> Pooling.globalAvgPool(in.get(0)));
    }

    /** A linear map {@code [N, in] → [N, out]} with bias, stored as {@code name.weight} {@code [out, in]}. */
    String linear(String output, String input, String name, int in, int out) {
        List<String> names = List.of(
                declare(name + ".weight", Shape.of(out, in), true), declare(name + ".bias", Shape.of(out), true));
        return node(
                output,
                List.of(input),
                names,
                s -> List.of(
                        s.get(names.get(0)).as(DType.F32), s.get(names.get(1)).as(DType.F32)),
                (x, w) -> Linear.linear(x.get(0), w.get(0), w.get(1)));
    }

    /** As {@link #linear}, stored as a 1×1 convolution {@code [out, in, 1, 1]}. */
    String linearAsConv(String output, String input, String name, int in, int out) {
        List<String> names = List.of(
                declare(name + ".weight", Shape.of(out, in, 1, 1), true), declare(name + ".bias", Shape.of(out), true));
        return node(
                output,
                List.of(input),
                names,
                s -> List.of(
                        s.get(names.get(0)).as(DType.F32).reshape(Shape.of(out, in)),
                        s.get(names.get(1)).as(DType.F32)),
                (x, w) -> Linear.linear(x.get(0), w.get(0), w.get(1)));
    }

    /** Any function of earlier nodes. */
    String node(String output, List<String> inputs, Network.Forward forward) {
        return node(output, inputs, List.of(), s -> List.of(), forward);
    }

    /** Any function of earlier nodes and of weights. */
    String node(
            String output,
            List<String> inputs,
            List<String> parameters,
            Network.Prepare prepare,
            Network.Forward forward) {
        return add(new Network.Node(output, inputs, parameters, prepare, forward, null));
    }

    private String add(Network.Node node) {
        for (String i : node.inputs()) {
            if (!i.equals(Network.INPUT) && !nodes.containsKey(i)) {
                throw new IllegalStateException("node " + node.output() + " uses " + i + ", which is not there yet");
            }
        }
        if (nodes.put(node.output(), node) != null) {
            throw new IllegalStateException("two nodes are called " + node.output());
        }
        return node.output();
    }

    /** Declares a tensor of the checkpoint and returns its name. */
    String declare(String name, Shape shape, boolean learnable) {
        if (checkpoint.put(name, new Network.Weight(shape, learnable)) != null) {
            throw new IllegalStateException("two weights are called " + name);
        }
        return name;
    }
}
