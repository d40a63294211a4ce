package org.reverie.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * The benchmarks' image networks for rivals: the same layers as {@code org.reverie.models} has, written a second time on
 * purpose, from the papers and the checkpoints' names. Batch norms are folded, as there.
 */
final class Blueprints {
    private static final ConvSpec ONE = ConvSpec.of(1);

    /** Expansion, output channels, repeats and first stride of MobileNetV2's stages. */
    private static final int[][] MOBILENET = {
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
    };

    /** Repeats, kernel, first stride, expansion, input and output channels of EfficientNet-B4's stages. */
    private static final int[][] EFFICIENTNET = {
        {2, 3, 1, 1, 48, 24},
        {4, 3, 2, 6, 24, 32},
        {4, 5, 2, 6, 32, 56},
        {6, 3, 2, 6, 56, 112},
        {6, 5, 1, 6, 112, 160},
        {8, 5, 2, 6, 160, 272},
        {2, 3, 1, 6, 272, 448}
    };

    private final Plan plan;
    private final Map<String, HostTensor> weights;

    /** @param weights by the checkpoint's names */
    Blueprints(Plan plan, Map<String, HostTensor> weights) {
        this.plan = plan;
        this.weights = weights;
    }

    /** MobileNetV2 1.0 at 224 in its folded form; logits. */
    Rival mobileNet() {
        int next = 0;
        Plan.Value x = biased(plan.input(), "conv00", same(224, 3, 2).activation(Activation.RELU6), null);
        next++;
        int in = 32;
        for (int[] row : MOBILENET) {
            for (int i = 0; i < row[2]; i++) {
                int stride = i == 0 ? row[3] : 1;
                Plan.Value h = x;
                if (row[0] != 1) {
                    h = biased(h, numbered("conv", next++), ONE.activation(Activation.RELU6), null);
                }
                ConvSpec spatial = same(h.height(), 3, stride).activation(Activation.RELU6);
                h = biased(h, numbered("conv", next++) + "_dw", spatial.groups(h.channels()), null);
                boolean adds = stride == 1 && in == row[1];
                x = biased(h, numbered("conv", next++), ONE, adds ? x : null);
                next += adds ? 1 : 0; // the sum has a number too
                in = row[1];
            }
        }
        x = biased(x, numbered("conv", next++), ONE.activation(Activation.RELU6), null);
        return plan.rival(List.of(biased(plan.mean(x), numbered("conv", next), ONE, null)));
    }

    private static String numbered(String name, int i) {
        return name + (i < 10 ? "0" : "") + i;
    }

    /** ResNet-50 v1.5; logits. */
    Rival resNet50() {
        double eps = 1e-5;
        Plan.Value x =
                normed(plan.input(), "conv1", "bn1", ConvSpec.of(2).pad(3).activation(Activation.RELU), eps, null);
        x = plan.maxPool(x, PoolSpec.of(3, 2).pad(1));
        int[] blocks = {3, 4, 6, 3};
        for (int layer = 1; layer <= 4; layer++) {
            for (int i = 0; i < blocks[layer - 1]; i++) {
                String p = "layer" + layer + "." + i + ".";
                int stride = layer > 1 && i == 0 ? 2 : 1;
                ConvSpec relu = ONE.activation(Activation.RELU);
                ConvSpec spatial = ConvSpec.of(stride).pad(1).activation(Activation.RELU);
                Plan.Value h = normed(x, p + "conv1", p + "bn1", relu, eps, null);
                h = normed(h, p + "conv2", p + "bn2", spatial, eps, null);
                Plan.Value shortcut =
                        i > 0 ? x : normed(x, p + "downsample.0", p + "downsample.1", ConvSpec.of(stride), eps, null);
                x = normed(h, p + "conv3", p + "bn3", relu, eps, shortcut);
            }
        }
        HostTensor fc = weights.get("fc.weight");
        HostTensor asConv = fc.reshape(Shape.of(fc.shape().dim(0), fc.shape().dim(1), 1, 1));
        return plan.rival(List.of(plan.conv(plan.mean(x), asConv, weights.get("fc.bias"), ONE, null)));
    }

    /** EfficientNet-B4 up to block 31; the outputs of the given blocks. */
    List<Plan.Value> efficientNet(List<Integer> taps) {
        double eps = 1e-3;
        int nominal = 380;
        Plan.Value x =
                normed(plan.input(), "_conv_stem", "_bn0", same(nominal, 3, 2).activation(Activation.SILU), eps, null);
        int size = nominal / 2;
        int block = 0;
        List<Plan.Value> results = new ArrayList<>();
        for (int[] s : EFFICIENTNET) {
            for (int i = 0; i < s[0]; i++) {
                int in = i == 0 ? s[4] : s[5];
                int stride = i == 0 ? s[2] : 1;
                String p = "_blocks." + block + ".";
                Plan.Value h = x;
                if (s[3] != 1) {
                    h = normed(h, p + "_expand_conv", p + "_bn0", ONE.activation(Activation.SILU), eps, null);
                }
                ConvSpec spatial = same(size, s[1], stride).activation(Activation.SILU);
                h = normed(h, p + "_depthwise_conv", p + "_bn1", spatial.groups(h.channels()), eps, null);
                Plan.Value gate = biased(plan.mean(h), p + "_se_reduce", ONE.activation(Activation.SILU), null);
                gate = biased(gate, p + "_se_expand", ONE.activation(Activation.SIGMOID), null);
                h = plan.gated(h, gate);
                x = normed(h, p + "_project_conv", p + "_bn2", ONE, eps, stride == 1 && in == s[5] ? x : null);
                if (taps.contains(block)) {
                    results.add(x);
                }
                size = (size + stride - 1) / stride;
                block++;
            }
        }
        return results;
    }

    /** TensorFlow's SAME padding: one pixel less before than after where the pad is odd. */
    private static ConvSpec same(int size, int kernel, int stride) {
        int out = (size + stride - 1) / stride;
        int total = Math.max(0, (out - 1) * stride + kernel - size);
        return ConvSpec.of(stride).pad(total / 2, total / 2, total - total / 2, total - total / 2);
    }

    private Plan.Value biased(Plan.Value x, String name, ConvSpec spec, Plan.Value residual) {
        return plan.conv(x, weights.get(name + ".weight"), weights.get(name + ".bias"), spec, residual);
    }

    private Plan.Value normed(Plan.Value x, String conv, String norm, ConvSpec spec, double eps, Plan.Value residual) {
        float[] w = weights.get(conv + ".weight").toFloats();
        HostTensor gamma = weights.get(norm + ".weight");
        float[] b = new float[(int) gamma.shape().elements()];
        int each = w.length / b.length;
        for (int c = 0; c < b.length; c++) {
            double scale =
                    gamma.get(c) / Math.sqrt(weights.get(norm + ".running_var").get(c) + eps);
            b[c] = (float) (weights.get(norm + ".bias").get(c)
                    - weights.get(norm + ".running_mean").get(c) * scale);
            for (int i = c * each; i < (c + 1) * each; i++) {
                w[i] = (float) (w[i] * scale);
            }
        }
        HostTensor weight = HostTensor.of(weights.get(conv + ".weight").shape(), w);
        return plan.conv(x, weight, HostTensor.of(Shape.of(b.length), b), spec, residual);
    }
}
