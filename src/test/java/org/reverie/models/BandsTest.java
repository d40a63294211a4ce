package org.reverie.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.reverie.device.Backend;
import org.reverie.device.BackendOptions;
import org.reverie.device.Devices;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.Network.Node;
import org.reverie.models.Network.Rows;
import org.reverie.op.Convolution;
import org.reverie.op.Random;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Convolutions computed in bands of rows have the bits of convolutions computed at once. */
class BandsTest {
    private static final ConvSpec RELU6 = ConvSpec.of(1).activation(Activation.RELU6);

    /** Blocks of convolutions: the kernel's size, its geometry, and whether it is depthwise. */
    private record Layer(int kernel, ConvSpec spec, boolean depthwise, int outputs) {}

    private static Layer conv(int kernel, ConvSpec spec, int outputs) {
        return new Layer(kernel, spec, false, outputs);
    }

    private static Layer depthwise(int kernel, ConvSpec spec) {
        return new Layer(kernel, spec, true, 0);
    }

    private static final List<List<Layer>> BLOCKS = List.of(
            List.of(conv(1, RELU6, 24), depthwise(3, RELU6.pad(1)), conv(1, ConvSpec.of(1), 5)),
            List.of(conv(1, RELU6, 24), depthwise(3, RELU6.stride(2, 2).pad(0, 0, 1, 1)), conv(1, ConvSpec.of(1), 6)),
            List.of(conv(1, RELU6, 17), depthwise(5, RELU6.pad(2)), conv(1, RELU6, 5)),
            List.of(
                    conv(3, RELU6.stride(2, 2).pad(1), 20),
                    depthwise(5, RELU6.stride(2, 2).pad(2)),
                    conv(1, RELU6, 3)),
            List.of(conv(1, RELU6, 9), depthwise(3, RELU6.dilation(2).pad(2)), conv(3, RELU6.pad(1), 4)),
            List.of(depthwise(3, RELU6.pad(3, 1, 0, 1)), conv(1, RELU6, 4)),
            List.of(conv(1, RELU6, 24), depthwise(3, RELU6.stride(2, 2).pad(1))),
            List.of(depthwise(3, RELU6.pad(1)), depthwise(5, RELU6.pad(2)), conv(1, RELU6, 4)));

    @Test
    void bandsHaveTheBitsOfTheWhole() {
        for (int threads = 1; threads <= 3; threads++) {
            try (Backend cpu = Devices.open("cpu", new BackendOptions(0, threads))) {
                for (List<Layer> block : BLOCKS) {
                    for (int batch : new int[] {1, 3}) {
                        for (boolean residual :
                                new boolean[] {false, !block.getLast().depthwise()}) {
                            compare(cpu, block, batch, residual);
                        }
                    }
                }
            }
        }
    }

    private static void compare(Backend cpu, List<Layer> block, int batch, boolean residual) {
        try (Scope scope = Scope.open()) {
            Tensor x = Random.normal(cpu, Shape.of(batch, 31, 13, 5), 1, 0);
            Map<String, Tensor> values = new HashMap<>(Map.of("input", x));
            List<List<Tensor>> weights = weights(cpu, block, 5);
            Tensor whole = x;
            for (int k = 0; k < block.size(); k++) {
                if (residual && k == block.size() - 1) {
                    Tensor y = layer(
                            block.get(k),
                            false,
                            List.of(whole),
                            weights.get(k),
                            block.get(k).spec());
                    values.put("residual", Random.normal(cpu, y.shape(), 1, 99));
                    whole = layer(
                            block.get(k),
                            true,
                            List.of(whole, values.get("residual")),
                            weights.get(k),
                            block.get(k).spec());
                } else {
                    whole = layer(
                            block.get(k),
                            false,
                            List.of(whole),
                            weights.get(k),
                            block.get(k).spec());
                }
            }
            float[] expected = whole.toFloats();
            for (long near : new long[] {1, 8_000, 20_000, 100_000, 10_000_000}) {
                Bands bands = new Bands(nodes(block, residual), weights);
                Tensor y = bands.run(values, near);
                assertEquals(whole.shape(), y.shape());
                assertArrayEquals(expected, y.toFloats(), block + " of " + batch + " near " + near);
            }
        }
    }

    private static Tensor layer(Layer l, boolean residual, List<Tensor> in, List<Tensor> w, ConvSpec spec) {
        return l.depthwise()
                ? Convolution.depthwiseConv2d(in.get(0), w.get(0), w.get(1), spec)
                : Convolution.conv2d(in.get(0), w.get(0), w.get(1), residual ? in.get(1) : null, spec);
    }

    private static List<List<Tensor>> weights(Backend cpu, List<Layer> block, int channels) {
        List<List<Tensor>> all = new ArrayList<>();
        for (Layer l : block) {
            int k = l.kernel();
            Shape shape = l.depthwise() ? Shape.of(k, k, channels) : Shape.of(l.outputs(), k, k, channels);
            channels = l.depthwise() ? channels : l.outputs();
            Tensor bias = Random.normal(cpu, Shape.of(channels), 2, all.size());
            all.add(List.of(Random.normal(cpu, shape, 3, all.size()), bias));
        }
        return all;
    }

    private static List<Node> nodes(List<Layer> block, boolean residual) {
        List<Node> nodes = new ArrayList<>();
        String before = "input";
        for (Layer l : block) {
            boolean added = residual && nodes.size() == block.size() - 1;
            List<String> inputs = added ? List.of(before, "residual") : List.of(before);
            before = "node" + nodes.size();
            Rows rows = new Rows(l.kernel(), l.spec(), l.depthwise(), (in, w, s) -> layer(l, added, in, w, s));
            nodes.add(new Node(before, inputs, List.of(), null, null, rows));
        }
        return nodes;
    }

    @Test
    void onlyBlocksAroundADepthwiseConvolutionAreBandedAndOnlyIfNobodyElseLooksInside() {
        List<Node> plan = new ArrayList<>();
        plan.add(node("stem", false, "input"));
        plan.add(node("expand", false, "stem"));
        plan.add(node("depthwise", true, "expand"));
        plan.add(node("project", false, "depthwise", "stem"));
        plan.add(node("expand2", false, "project"));
        plan.add(node("depthwise2", true, "expand2"));
        plan.add(new Node("pool", List.of("depthwise2"), List.of(), null, null, null));
        Map<String, Integer> uses = new HashMap<>();
        plan.forEach(n -> n.inputs().forEach(i -> uses.merge(i, 1, Integer::sum)));
        assertEquals(1, Bands.from(plan, 0, uses).size(), "the stem's output is used twice");
        assertEquals(plan.subList(1, 4), Bands.from(plan, 1, uses));
        assertEquals(plan.subList(2, 4), Bands.from(plan, 2, uses));
        assertEquals(1, Bands.from(plan, 4, uses).size(), "nothing narrow follows");
        plan.set(5, node("depthwise2", new Rows(3, ConvSpec.of(2), true, null), "expand2"));
        assertEquals(plan.subList(4, 6), Bands.from(plan, 4, uses), "it leaves a quarter of the pixels");
        uses.merge("depthwise", 1, Integer::sum);
        assertEquals(1, Bands.from(plan, 1, uses).size(), "somebody asks for what lies between");
    }

    private static Node node(String output, boolean depthwise, String... inputs) {
        return node(output, new Rows(3, RELU6.pad(1), depthwise, null), inputs);
    }

    private static Node node(String output, Rows rows, String... inputs) {
        return new Node(output, List.of(inputs), List.of(), null, null, rows);
    }
}
