package org.reverie.bench;

import java.util.Arrays;
import java.util.List;
import org.reverie.bench.LibTorch.Form;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.HostTensor;

/** Convolutions in TorchScript, in every form there is. Pads are the same on opposite sides. */
final class TorchConv {
    /** An empty list where an activation's numbers would stand. */
    static final String NO_SCALARS = "annotate(List[Optional[number]], [])";

    private TorchConv() {}

    /** @param in x [N, C, H, W], weight [O, C / groups, KH, KW], bias [O] */
    static Rival fastest(LibTorch engine, List<HostTensor> in, ConvSpec spec) {
        String conv = "return [torch.conv2d(x[0], x[1], x[2], " + geometry(spec) + ")]";
        String last = ".contiguous(memory_format=2)"; // torch.channels_last
        String finish = "return [x[0].permute([0, 2, 3, 1]).contiguous()]";
        return LibTorch.fastest(
                engine.job(in).form(Form.PLAIN).finish(finish).run(conv),
                engine.job(in)
                        .form(Form.CHANNELS_LAST)
                        .prepare("return [x[0]" + last + ", x[1]" + last + ", x[2]]")
                        .finish(finish)
                        .run(conv),
                engine.job(in)
                        .form(Form.PACKED)
                        .prepare("return [x[0]" + last + ", "
                                + packed("x[1]", in.get(0).shape().toString(), spec) + ", x[2]]")
                        .finish(finish)
                        .run("return [" + fused("x[0]", "x[1]", "x[2]", spec) + "]"));
    }

    /** The arguments of a convolution after x, weight and bias. */
    static String geometry(ConvSpec spec) {
        return strides(spec) + ", " + pads(spec) + ", [1, 1], " + spec.groups();
    }

    /** The expression of a weight packed for images of a size such as {@code [1, 3, 224, 224]}. */
    static String packed(String weight, String size, ConvSpec spec) {
        return "ops.mkldnn._reorder_convolution_weight(" + weight + ", " + pads(spec) + ", " + strides(spec)
                + ", [1, 1], " + spec.groups() + ", " + size + ")";
    }

    /** The expression of oneDNN's convolution with the activation of {@code spec} after it. */
    static String fused(String x, String weight, String bias, ConvSpec spec) {
        return "ops.mkldnn._convolution_pointwise(" + x + ", " + weight + ", " + bias + ", " + pads(spec) + ", "
                + strides(spec) + ", [1, 1], " + spec.groups() + ", " + activation(spec.activation()) + ")";
    }

    /** The same with a residual that is added before the activation. */
    static String fusedSum(String x, String residual, String weight, String bias, ConvSpec spec) {
        String then =
                spec.activation() == Activation.NONE ? "None, " + NO_SCALARS + ", None" : activation(spec.activation());
        return "ops.mkldnn._convolution_pointwise(" + x + ", " + residual + ", " + weight + ", " + bias + ", "
                + pads(spec) + ", " + strides(spec) + ", [1, 1], " + spec.groups() + ", \"add\", 1., " + then + ")";
    }

    /** The name of an activation, its numbers and its algorithm. */
    private static String activation(Activation a) {
        return switch (a) {
            case NONE -> "\"none\", " + NO_SCALARS + ", \"\"";
            case RELU -> "\"relu\", " + NO_SCALARS + ", \"\"";
            case SILU -> "\"swish\", " + NO_SCALARS + ", \"\"";
            case SIGMOID -> "\"sigmoid\", " + NO_SCALARS + ", \"\"";
            case RELU6 -> "\"hardtanh\", annotate(List[Optional[number]], [0., 6.]), \"\"";
            default -> throw new IllegalArgumentException("no rival for " + a);
        };
    }

    private static String pads(ConvSpec spec) {
        return Arrays.toString(new int[] {spec.padTop(), spec.padLeft()});
    }

    private static String strides(ConvSpec spec) {
        return Arrays.toString(new int[] {spec.strideH(), spec.strideW()});
    }
}
