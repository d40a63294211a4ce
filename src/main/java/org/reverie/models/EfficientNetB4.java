package org.reverie.models;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.NetworkBuilder.Conv;
import org.reverie.op.Linear;
import org.reverie.op.Pointwise;
import org.reverie.op.Pooling;
import org.reverie.op.Views;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * EfficientNet-B4 (Tan and Le 2019) as in lukemelas/EfficientNet-PyTorch, the names those of
 * {@code efficientnet-b4-6ed6700e.pth}. "Same" padding is static: computed for the nominal 380-pixel input whatever the
 * input is, so that at 224 block 6 pads (2, 2) where a fresh computation would pad (1, 2).
 *
 * <p>Taps {@code block0} … {@code block31}; DLSR uses blocks 1, 5, 9, 21 and 31. Output {@code logits} {@code [N, 1000]}.
 */
final class EfficientNetB4 {
    private static final double EPS = 1e-3;
    private static final int NOMINAL = 380;

    /** Repeats, kernel, first stride, expansion, input and output channels of the stages. */
    private static final int[][] STAGES = {
        {2, 3, 1, 1, 48, 24},
        {4, 3, 2, 6, 24, 32},
        {4, 5, 2, 6, 32, 56},
        {6, 3, 2, 6, 56, 112},
        {6, 5, 1, 6, 112, 160},
        {8, 5, 2, 6, 160, 272},
        {2, 3, 1, 6, 272, 448}
    };

    private EfficientNetB4() {}

    static Network build() {
        NetworkBuilder b = new NetworkBuilder().ignoring(n -> n.endsWith("num_batches_tracked"));
        ConvSpec stem = MobileNet.samePad(NOMINAL, 3, 2).activation(Activation.SILU);
        String x = b.conv(
                "stem", Network.INPUT, Conv.of("_conv_stem", 3, 48, 3, stem).norm("_bn0", EPS));
        int size = NOMINAL / 2;
        int block = 0;
        for (int[] s : STAGES) {
            for (int i = 0; i < s[0]; i++) {
                int stride = i == 0 ? s[2] : 1;
                x = block(b, x, block++, i == 0 ? s[4] : s[5], s[5], s[1], stride, s[3], size);
                size = (size + stride - 1) / stride;
            }
        }
        ConvSpec silu = ConvSpec.of(1).activation(Activation.SILU);
        x = b.conv("head", x, Conv.of("_conv_head", 448, 1792, 1, silu).norm("_bn1", EPS));
        x = b.globalAvgPool("penultimate", x);
        return b.build("efficientnet_b4", b.linear("logits", x, "_fc", 1792, 1000));
    }

    private static String block(
            NetworkBuilder b, String x, int index, int in, int out, int kernel, int stride, int expansion, int size) {
        String p = "_blocks." + index + ".";
        String n = "block" + index;
        int wide = in * expansion;
        ConvSpec silu = ConvSpec.of(1).activation(Activation.SILU);
        String h = x;
        if (expansion != 1) {
            h = b.conv(
                    n + ".expand",
                    h,
                    Conv.of(p + "_expand_conv", in, wide, 1, silu).norm(p + "_bn0", EPS));
        }
        ConvSpec spatial = MobileNet.samePad(size, kernel, stride).activation(Activation.SILU);
        h = b.depthwise(
                n + ".depthwise",
                h,
                Conv.of(p + "_depthwise_conv", wide, wide, kernel, spatial).norm(p + "_bn1", EPS));
        h = squeezeExcite(b, n + ".se", h, p, wide, Math.max(1, in / 4));
        Conv project =
                Conv.of(p + "_project_conv", wide, out, 1, ConvSpec.of(1)).norm(p + "_bn2", EPS);
        return b.conv(n, h, stride == 1 && in == out ? project.residual(x) : project);
    }

    /** Scales channels by a gate computed from their means: 1×1 down, SiLU, 1×1 up, sigmoid, both with bias. */
    private static String squeezeExcite(NetworkBuilder b, String output, String x, String p, int channels, int narrow) {
        List<String> names = List.of(
                b.declare(p + "_se_reduce.weight", Shape.of(narrow, channels, 1, 1), true),
                b.declare(p + "_se_reduce.bias", Shape.of(narrow), true),
                b.declare(p + "_se_expand.weight", Shape.of(channels, narrow, 1, 1), true),
                b.declare(p + "_se_expand.bias", Shape.of(channels), true));
        return b.node(
                output,
                List.of(x),
                names,
                s -> {
                    HostTensor down = s.get(names.get(0)).as(DType.F32).reshape(Shape.of(narrow, channels));
                    HostTensor up = s.get(names.get(2)).as(DType.F32).reshape(Shape.of(channels, narrow));
                    return List.of(
                            down,
                            s.get(names.get(1)).as(DType.F32),
                            up,
                            s.get(names.get(3)).as(DType.F32));
                },
                (in, w) -> {
                    Tensor t = in.get(0);
                    Tensor gate = Linear.linear(Pooling.globalAvgPool(t), w.get(0), w.get(1), null, Activation.SILU);
                    gate = Linear.linear(gate, w.get(2), w.get(3), null, Activation.SIGMOID);
                    return Pointwise.mul(t, Views.reshape(gate, gate.dim(0), 1, 1, gate.dim(1)));
                });
    }
}
