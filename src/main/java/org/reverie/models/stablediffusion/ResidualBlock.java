package org.reverie.models.stablediffusion;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Pointwise;
import org.reverie.op.Views;
import org.reverie.tensor.Tensor;

/**
 * Norm, SiLU, convolution, twice, around which the input goes; a 1×1 convolution takes it along where the channels
 * change. What is known of the time is added between the two convolutions.
 */
public final class ResidualBlock extends Module {
    private static final ConvSpec SAME = ConvSpec.of(1).pad(1);

    private final GroupNorm norm1;
    private final Conv2dLayer conv1;
    private final LinearLayer time;
    private final GroupNorm norm2;
    private final Conv2dLayer conv2;
    private final Conv2dLayer shortcut;

    /** @param timeWidth width of the embedding of time; 0 for a block that is not told the time */
    public ResidualBlock(Initializer init, int in, int out, int timeWidth, int groups, double eps) {
        norm1 = part("norm1", new GroupNorm(init, groups, in, eps, Activation.SILU));
        conv1 = part("conv1", new Conv2dLayer(init.in("conv1"), in, out, 3, SAME, true));
        time = timeWidth == 0 ? null : part("time_emb_proj", new LinearLayer(init.in("time_emb_proj"), timeWidth, out));
        norm2 = part("norm2", new GroupNorm(init, groups, out, eps, Activation.SILU));
        conv2 = part("conv2", new Conv2dLayer(init.in("conv2"), out, out, 3, SAME, true));
        shortcut = in == out
                ? null
                : part("conv_shortcut", new Conv2dLayer(init.in("conv_shortcut"), in, out, 1, ConvSpec.of(1), true));
    }

    /**
     * @param x {@code [N, H, W, in]}
     * @param embedding SiLU of the embedding of time {@code [N, timeWidth]}; null for a block that is not told the time
     */
    public Tensor apply(Tensor x, Tensor embedding) {
        Tensor h = conv1.apply(norm1.apply(x));
        if (time != null) {
            Tensor shift = time.apply(embedding);
            h = Pointwise.add(h, Views.reshape(shift, shift.dim(0), 1, 1, shift.dim(1)));
        }
        return conv2.residual(norm2.apply(h), shortcut == null ? x : shortcut.apply(x));
    }
}
