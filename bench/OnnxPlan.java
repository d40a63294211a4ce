package org.reverie.bench;

import java.util.List;
import org.reverie.bench.OnnxModel.Attribute;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.HostTensor;

/** Writes a network down as an ONNX graph; what can be fused the runtime fuses itself. */
final class OnnxPlan implements Plan {
    private final OnnxRuntime engine;
    private final OnnxModel graph = new OnnxModel();
    private final HostTensor images;

    /** @param images NHWC */
    OnnxPlan(OnnxRuntime engine, HostTensor images) {
        this.engine = engine;
        this.images = OnnxRuntime.nchw(images);
    }

    @Override
    public Value input() {
        int[] s = images.shape().toArray();
        return new Value(graph.input(images.shape()), s[0], s[1], s[2], s[3]);
    }

    @Override
    public Value conv(Value x, HostTensor weight, HostTensor bias, ConvSpec spec, Value residual) {
        int kernel = weight.shape().dim(2);
        List<String> in = List.of(x.name(), graph.constant(weight), graph.constant(bias));
        String y = graph.node("Conv", in, OnnxRuntime.geometry(spec));
        if (residual != null) {
            y = graph.node("Add", List.of(y, residual.name()));
        }
        y = activated(y, spec.activation());
        return x.with(
                y, weight.shape().dim(0), spec.outputHeight(x.height(), kernel), spec.outputWidth(x.width(), kernel));
    }

    private String activated(String y, Activation activation) {
        return switch (activation) {
            case NONE -> y;
            case RELU -> graph.node("Relu", List.of(y));
            case RELU6 -> graph.node("Clip", List.of(y, graph.constant(0), graph.constant(6)));
            case SIGMOID -> graph.node("Sigmoid", List.of(y));
            case SILU -> graph.node("Mul", List.of(y, graph.node("Sigmoid", List.of(y))));
            default -> throw new IllegalArgumentException("no rival for " + activation);
        };
    }

    @Override
    public Value maxPool(Value x, PoolSpec spec) {
        String y = graph.node(
                "MaxPool",
                List.of(x.name()),
                Attribute.list("kernel_shape", spec.kernelH(), spec.kernelW()),
                Attribute.list("strides", spec.strideH(), spec.strideW()),
                Attribute.list("pads", spec.padTop(), spec.padLeft(), spec.padBottom(), spec.padRight()));
        return x.with(y, x.channels(), spec.outputHeight(x.height()), spec.outputWidth(x.width()));
    }

    @Override
    public Value mean(Value x) {
        return x.with(graph.node("GlobalAveragePool", List.of(x.name())), x.channels(), 1, 1);
    }

    @Override
    public Value gated(Value x, Value gate) {
        String y = graph.node("Mul", List.of(x.name(), gate.name()));
        return x.with(y, x.channels(), x.height(), x.width());
    }

    @Override
    public Rival rival(List<Value> results) {
        results.forEach(r -> graph.output(r.name()));
        return engine.run(graph, true, images);
    }
}
