package org.reverie.models.stablediffusion;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.nn.Conv2dLayer;
import org.reverie.nn.GroupNorm;
import org.reverie.nn.Initializer;
import org.reverie.nn.LayerNorm;
import org.reverie.nn.LinearLayer;
import org.reverie.nn.Module;
import org.reverie.op.Activations;
import org.reverie.op.Views;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A transformer layer over the pixels of an image: they attend to one another, then to the text, then each passes a gated
 * perceptron. Around all of it goes the input.
 */
final class SpatialTransformer extends Module {
    private static final double IMAGE_EPS = 1e-6;
    private static final double TOKEN_EPS = 1e-5;
    private static final String BLOCK = "transformer_blocks.0.";

    private final GroupNorm norm;
    private final Conv2dLayer in;
    private final LayerNorm norm1;
    private final MultiHeadAttention toPixels;
    private final LayerNorm norm2;
    private final MultiHeadAttention toText;
    private final LayerNorm norm3;
    private final LinearLayer gated;
    private final LinearLayer narrow;
    private final Conv2dLayer out;

    SpatialTransformer(Initializer init, int channels, int heads, int contextWidth, int groups) {
        norm = part("norm", new GroupNorm(init, groups, channels, IMAGE_EPS, Activation.NONE));
        in = part("proj_in", new Conv2dLayer(init.in("proj_in"), channels, channels, 1, ConvSpec.of(1), true));
        norm1 = part(BLOCK + "norm1", new LayerNorm(init, Shape.of(channels), TOKEN_EPS));
        toPixels = part(BLOCK + "attn1", new MultiHeadAttention(init.in("attn1"), channels, channels, heads, false));
        norm2 = part(BLOCK + "norm2", new LayerNorm(init, Shape.of(channels), TOKEN_EPS));
        toText = part(BLOCK + "attn2", new MultiHeadAttention(init.in("attn2"), channels, contextWidth, heads, false));
        norm3 = part(BLOCK + "norm3", new LayerNorm(init, Shape.of(channels), TOKEN_EPS));
        gated = part(BLOCK + "ff.net.0.proj", new LinearLayer(init.in("ff.net.0.proj"), channels, 8 * channels));
        narrow = part(BLOCK + "ff.net.2", new LinearLayer(init.in("ff.net.2"), 4 * channels, channels));
        out = part("proj_out", new Conv2dLayer(init.in("proj_out"), channels, channels, 1, ConvSpec.of(1), true));
    }

    /**
     * @param x {@code [N, H, W, channels]}
     * @param context {@code [N, L, contextWidth]}
     */
    Tensor apply(Tensor x, Tensor context) {
        Tensor h = in.apply(norm.apply(x));
        h = Views.reshape(h, x.dim(0), x.dim(1) * x.dim(2), x.dim(3));
        Tensor pixels = norm1.apply(h);
        h = toPixels.residual(pixels, pixels, h);
        h = toText.residual(norm2.apply(h), context, h);
        h = narrow.residual(Activations.geglu(gated.apply(norm3.apply(h))), h);
        return out.residual(Views.reshape(h, x.shape()), x);
    }
}
