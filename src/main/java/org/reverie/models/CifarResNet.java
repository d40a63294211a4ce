package org.reverie.models;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.models.NetworkBuilder.Conv;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.Tensor;

/**
 * The residual networks for 32×32 images of He et al. 2015, §4.2, with parameter-free shortcuts (option A): three stages of
 * (depth − 2) / 6 basic blocks with 16, 32 and 64 channels. Taps {@code conv1}, {@code layer1} … {@code layer3},
 * {@code penultimate} {@code [N, 64]}; output {@code logits} {@code [N, 10]}.
 */
final class CifarResNet {
    private static final double EPS = 1e-5;

    private CifarResNet() {}

    static Network build(int depth) {
        if (depth < 8 || (depth - 2) % 6 != 0) {
            throw new IllegalArgumentException("a CIFAR ResNet's depth is 6n + 2, not " + depth);
        }
        NetworkBuilder b = new NetworkBuilder().ignoring(n -> n.endsWith("num_batches_tracked"));
        ConvSpec relu = ConvSpec.of(1).pad(1).activation(Activation.RELU);
        String x =
                b.conv("conv1", Network.INPUT, Conv.of("conv1", 3, 16, 3, relu).norm("bn1", EPS));
        int in = 16;
        int blocks = (depth - 2) / 6;
        for (int layer = 1; layer <= 3; layer++) {
            int out = 8 << layer;
            for (int i = 0; i < blocks; i++) {
                String p = "layer" + layer + "." + i;
                int stride = layer > 1 && i == 0 ? 2 : 1;
                ConvSpec first = ConvSpec.of(stride).pad(1).activation(Activation.RELU);
                String h = b.conv(
                        p + ".conv1",
                        x,
                        Conv.of(p + ".conv1", in, out, 3, first).norm(p + ".bn1", EPS));
                String shortcut = x;
                if (stride != 1) {
                    int missing = out - in;
                    shortcut = b.node(p + ".shortcut", List.of(x), (t, w) -> subsample(t.get(0), missing));
                }
                String name = i == blocks - 1 ? "layer" + layer : p;
                x = b.conv(
                        name,
                        h,
                        Conv.of(p + ".conv2", out, out, 3, relu)
                                .norm(p + ".bn2", EPS)
                                .residual(shortcut));
                in = out;
            }
        }
        x = b.globalAvgPool("penultimate", x);
        x = b.linear("logits", x, "linear", 64, 10);
        return b.build("resnet" + depth, x);
    }

    /** Every second row and column, with as many zero channels before as after. */
    private static Tensor subsample(Tensor x, int missing) {
        Tensor s = Shaping.slice(Shaping.slice(x, 1, 0, x.dim(1), 2), 2, 0, x.dim(2), 2);
        return Shaping.pad(
                Views.contiguous(s), new int[] {0, 0, 0, missing / 2}, new int[] {0, 0, 0, missing - missing / 2}, 0);
    }
}
