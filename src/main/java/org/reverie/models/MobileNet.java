package org.reverie.models;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.NetworkBuilder.Conv;

/**
 * MobileNetV1 (Howard et al. 2017) and MobileNetV2 (Sandler et al. 2018) for ImageNet, padded as TensorFlow pads
 * ("SAME": one pixel less before than after, at stride 2 on even sizes).
 *
 * <p>Checkpoints come in two forms. <em>Folded</em>: batch norms folded into biased convolutions, nodes numbered in order
 * ({@code conv00}, {@code conv01_dw}, …, {@code add09}), 1001 logits of which the first is "background". <em>Keras</em>:
 * layers named as in Keras applications, batch norms apart, no classifier.
 */
final class MobileNet {
    private static final double KERAS_EPS = 1e-3;
    private static final int CLASSES = 1001;

    private MobileNet() {}

    /** Output channels and stride of V1's separable convolutions. */
    private static final int[][] V1 = {
        {64, 1}, {128, 2}, {128, 1}, {256, 2}, {256, 1}, {512, 2}, {512, 1}, {512, 1}, {512, 1}, {512, 1}, {512, 1},
        {1024, 2}, {1024, 1}
    };

    /** Expansion, output channels, repeats and first stride of V2's stages (table 2 of the paper). */
    private static final int[][] V2 = {
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
    };

    /** Numbers the nodes of a folded checkpoint. */
    private static final class Counter {
        private final NetworkBuilder b = new NetworkBuilder();
        private int next;
        private int size;

        Counter(int size) {
            this.size = size;
        }

        private String number() {
            return String.format("%02d", next++);
        }

        String conv(String x, int in, int out, int kernel, int stride, Activation act, String residual) {
            String name = "conv" + number();
            String output = act == Activation.NONE ? name : name + "_act";
            if (residual != null) {
                output = "add" + number();
            }
            Conv c = Conv.of(name, in, out, kernel, same(kernel, stride).activation(act))
                    .withBias();
            return b.conv(output, x, residual == null ? c : c.residual(residual));
        }

        String depthwise(String x, int channels, int stride) {
            String name = "conv" + number() + "_dw";
            return b.depthwise(
                    name + "_act",
                    x,
                    Conv.of(name, channels, channels, 3, same(3, stride).activation(Activation.RELU6))
                            .withBias());
        }

        private ConvSpec same(int kernel, int stride) {
            ConvSpec s = samePad(size, kernel, stride);
            size = (size + stride - 1) / stride;
            return s;
        }

        Network head(String name, String x, int in) {
            x = b.globalAvgPool("gap", x);
            return b.build(name, b.linearAsConv("logits", x, "conv" + number(), in, CLASSES));
        }
    }

    /** TensorFlow's SAME padding of a square input. */
    static ConvSpec samePad(int size, int kernel, int stride) {
        int out = (size + stride - 1) / stride;
        int total = Math.max(0, (out - 1) * stride + kernel - size);
        return ConvSpec.of(stride).pad(total / 2, total / 2, total - total / 2, total - total / 2);
    }

    /** V1 in the folded form. Taps: any {@code convNN_act}; output {@code logits} {@code [N, 1001]}. */
    static Network v1(String name, double width, int size) {
        Counter c = new Counter(size);
        int in = scaled(32, width, 8);
        String x = c.conv(Network.INPUT, 3, in, 3, 2, Activation.RELU6, null);
        for (int[] row : V1) {
            int out = scaled(row[0], width, 8);
            x = c.depthwise(x, in, row[1]);
            x = c.conv(x, in, out, 1, 1, Activation.RELU6, null);
            in = out;
        }
        return c.head(name, x, in);
    }

    /** V2 in the folded form. Taps: {@code convNN[_act]}, {@code addNN}; output {@code logits} {@code [N, 1001]}. */
    static Network v2(String name, double width, int size) {
        Counter c = new Counter(size);
        int in = rounded(32, width);
        String x = c.conv(Network.INPUT, 3, in, 3, 2, Activation.RELU6, null);
        for (int[] row : V2) {
            int out = rounded(row[1], width);
            for (int i = 0; i < row[2]; i++) {
                int stride = i == 0 ? row[3] : 1;
                int wide = in * row[0];
                String h = row[0] == 1 ? x : c.conv(x, in, wide, 1, 1, Activation.RELU6, null);
                h = c.depthwise(h, wide, stride);
                x = c.conv(h, wide, out, 1, 1, Activation.NONE, stride == 1 && in == out ? x : null);
                in = out;
            }
        }
        int last = Math.max(1280, rounded(1280, width));
        x = c.conv(x, in, last, 1, 1, Activation.RELU6, null);
        return c.head(name, x, last);
    }

    /**
     * V2 in Keras's form without a classifier. Taps: {@code block_N_add}, {@code …_project_BN}, {@code out_relu}; output
     * {@code features} {@code [N, 1280]}, the global average.
     */
    static Network v2Keras(String name, double width, int size) {
        NetworkBuilder b = new NetworkBuilder();
        int in = rounded(32, width);
        String x = b.conv("Conv1_relu", Network.INPUT, keras("Conv1", "bn_Conv1", 3, in, 3, samePad(size, 3, 2), true));
        size = (size + 1) / 2;
        int block = 0;
        for (int[] row : V2) {
            int out = rounded(row[1], width);
            for (int i = 0; i < row[2]; i++, block++) {
                int stride = i == 0 ? row[3] : 1;
                int wide = in * row[0];
                String p = block == 0 ? "expanded_conv_" : "block_" + block + "_";
                String h = x;
                if (row[0] != 1) {
                    h = b.conv(
                            p + "expand_relu",
                            h,
                            keras(p + "expand", p + "expand_BN", in, wide, 1, ConvSpec.of(1), true));
                }
                h = b.depthwise(
                        p + "depthwise_relu",
                        h,
                        keras(p + "depthwise", p + "depthwise_BN", wide, wide, 3, samePad(size, 3, stride), true));
                size = (size + stride - 1) / stride;
                Conv project = keras(p + "project", p + "project_BN", wide, out, 1, ConvSpec.of(1), false);
                x = stride == 1 && in == out
                        ? b.conv(p + "add", h, project.residual(x))
                        : b.conv(p + "project_BN", h, project);
                in = out;
            }
        }
        int last = Math.max(1280, rounded(1280, width));
        x = b.conv("out_relu", x, keras("Conv_1", "Conv_1_bn", in, last, 1, ConvSpec.of(1), true));
        return b.build(name, b.globalAvgPool("features", x));
    }

    private static Conv keras(String conv, String norm, int in, int out, int kernel, ConvSpec spec, boolean relu6) {
        return Conv.of(conv, in, out, kernel, spec.activation(relu6 ? Activation.RELU6 : Activation.NONE))
                .norm(norm, KERAS_EPS);
    }

    private static int scaled(int channels, double width, int least) {
        return Math.max(least, (int) (channels * width));
    }

    /** The width rule of V2: to a multiple of 8, at least 8, and never more than a tenth below. */
    private static int rounded(int channels, double width) {
        double wanted = channels * width;
        int r = Math.max(8, (int) (wanted + 4) / 8 * 8);
        return r < 0.9 * wanted ? r + 8 : r;
    }
}
