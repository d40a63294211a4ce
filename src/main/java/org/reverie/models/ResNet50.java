package org.reverie.models;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.models.NetworkBuilder.Conv;

/**
 * ResNet-50 in torchvision's v1.5 form (stride on the 3×3 convolution), the names those of
 * {@code resnet50-19c8e357.pth}. Taps {@code layer1} 256×56², {@code layer2} 512×28², {@code layer3} 1024×14²,
 * {@code layer4} 2048×7² at 224; output {@code logits} {@code [N, 1000]}.
 */
final class ResNet50 {
    private static final double EPS = 1e-5;
    private static final int[] BLOCKS = {3, 4, 6, 3};

    private ResNet50() {}

    static Network build() {
        NetworkBuilder b = new NetworkBuilder().ignoring(n -> n.endsWith("num_batches_tracked"));
        ConvSpec stem = ConvSpec.of(2).pad(3).activation(Activation.RELU);
        String x =
                b.conv("conv1", Network.INPUT, Conv.of("conv1", 3, 64, 7, stem).norm("bn1", EPS));
        x = b.maxPool("maxpool", x, PoolSpec.of(3, 2).pad(1));
        int in = 64;
        for (int layer = 1; layer <= 4; layer++) {
            int narrow = 32 << layer;
            for (int i = 0; i < BLOCKS[layer - 1]; i++) {
                boolean last = i == BLOCKS[layer - 1] - 1;
                String p = "layer" + layer + "." + i;
                x = bottleneck(b, x, p, last ? "layer" + layer : p, in, narrow, layer > 1 && i == 0 ? 2 : 1);
                in = narrow * 4;
            }
        }
        x = b.globalAvgPool("penultimate", x);
        return b.build("resnet50", b.linear("logits", x, "fc", in, 1000));
    }

    private static String bottleneck(
            NetworkBuilder b, String x, String p, String output, int in, int narrow, int stride) {
        int out = narrow * 4;
        ConvSpec plain = ConvSpec.of(1);
        ConvSpec relu = plain.activation(Activation.RELU);
        ConvSpec spatial = ConvSpec.of(stride).pad(1).activation(Activation.RELU);
        String h = b.conv(
                p + ".conv1", x, Conv.of(p + ".conv1", in, narrow, 1, relu).norm(p + ".bn1", EPS));
        h = b.conv(
                p + ".conv2",
                h,
                Conv.of(p + ".conv2", narrow, narrow, 3, spatial).norm(p + ".bn2", EPS));
        String shortcut = x;
        if (stride != 1 || in != out) {
            String d = p + ".downsample";
            shortcut = b.conv(
                    d, x, Conv.of(d + ".0", in, out, 1, ConvSpec.of(stride)).norm(d + ".1", EPS));
        }
        Conv third = Conv.of(p + ".conv3", narrow, out, 1, relu).norm(p + ".bn3", EPS);
        return b.conv(output, h, third.residual(shortcut));
    }
}
