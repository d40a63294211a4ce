package org.reverie.models;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.BatchNorm2d;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Activations;
import org.reverie.op.Pooling;
import org.reverie.tensor.Tensor;

/**
 * The encoder that is pretrained on {@link ProceduralImages}, in training form: four stages of 16, 32, 64 and 128
 * channels, each two 3×3 convolutions with batch norm and SiLU, the first of them with stride 2 except in stage 1; global
 * average; linear head. For inference the same weights go into {@link ProceduralEncoder}'s network.
 */
final class ProceduralCnn extends Module {

    private final List<Layer> layers = new ArrayList<>();
    private final LinearLayer head;

    ProceduralCnn(Initializer init) {
        int in = 3;
        for (int s = 0; s < ProceduralEncoder.WIDTHS.length; s++) {
            for (int i = 0; i < 2; i++) {
                String name = "stage" + (s + 1) + "." + i;
                int stride = s > 0 && i == 0 ? 2 : 1;
                layers.add(part(name, new Layer(init.in(name), in, ProceduralEncoder.WIDTHS[s], stride)));
                in = ProceduralEncoder.WIDTHS[s];
            }
        }
        head = part("head", new LinearLayer(init.in("head"), in, ProceduralImages.CLASSES));
    }

    /** Logits {@code [N, 12]} in training mode. */
    Tensor train(Tensor images) {
        Tensor x = images;
        for (Layer l : layers) {
            x = Activations.silu(l.norm.train(l.conv.apply(x)));
        }
        return head.apply(Pooling.globalAvgPool(x));
    }

    private static final class Layer extends Module {
        private final Conv2dLayer conv;
        private final BatchNorm2d norm;

        Layer(Initializer init, int in, int out, int stride) {
            conv = part(
                    "conv",
                    new Conv2dLayer(
                            init.in("conv"), in, out, 3, ConvSpec.of(stride).pad(1), false));
            norm = part("bn", new BatchNorm2d(init, out, ProceduralEncoder.EPS));
        }
    }
}
