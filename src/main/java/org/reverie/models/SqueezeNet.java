package org.reverie.models;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.models.NetworkBuilder.Conv;
import org.reverie.op.Shaping;

/**
 * SqueezeNet 1.1 (Iandola et al. 2016; forresti/SqueezeNet) with Caffe's layer names. Max pools round their size up. Taps
 * {@code pool3}, {@code pool5}, {@code fireN/concat}; output {@code logits} {@code [N, 1000]}, the global average of the
 * rectified last convolution.
 */
final class SqueezeNet {
    private SqueezeNet() {}

    static Network build() {
        NetworkBuilder b = new NetworkBuilder();
        PoolSpec pool = PoolSpec.of(3, 2).ceilMode(true);
        String x = b.conv("conv1_relu", Network.INPUT, relu("conv1", 3, 64, 3, ConvSpec.of(2)));
        x = b.maxPool("pool1", x, pool);
        x = fire(b, x, 2, 64, 16, 64);
        x = fire(b, x, 3, 128, 16, 64);
        x = b.maxPool("pool3", x, pool);
        x = fire(b, x, 4, 128, 32, 128);
        x = fire(b, x, 5, 256, 32, 128);
        x = b.maxPool("pool5", x, pool);
        x = fire(b, x, 6, 256, 48, 192);
        x = fire(b, x, 7, 384, 48, 192);
        x = fire(b, x, 8, 384, 64, 256);
        x = fire(b, x, 9, 512, 64, 256);
        x = b.conv("conv10_relu", x, relu("conv10", 512, 1000, 1, ConvSpec.of(1).pad(1)));
        return b.build("squeezenet1_1", b.globalAvgPool("logits", x));
    }

    private static String fire(NetworkBuilder b, String x, int index, int in, int squeeze, int expand) {
        String p = "fire" + index + "/";
        String s = b.conv(p + "squeeze1x1_relu", x, relu(p + "squeeze1x1", in, squeeze, 1, ConvSpec.of(1)));
        String one = b.conv(p + "expand1x1_relu", s, relu(p + "expand1x1", squeeze, expand, 1, ConvSpec.of(1)));
        String three = b.conv(
                p + "expand3x3_relu",
                s,
                relu(p + "expand3x3", squeeze, expand, 3, ConvSpec.of(1).pad(1)));
        return b.node(p + "concat", List.of(one, three), (t, w) -> Shaping.concat(3, t.get(0), t.get(1)));
    }

    private static Conv relu(String name, int in, int out, int kernel, ConvSpec spec) {
        return Conv.of(name, in, out, kernel, spec.activation(Activation.RELU)).withBias();
    }
}
