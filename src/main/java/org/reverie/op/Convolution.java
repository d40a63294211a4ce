package org.reverie.op;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvTransposeSpec;
import org.reverie.tensor.Tensor;

/**
 * Two-dimensional convolutions of NHWC images (docs/numerics.md, rule 2). k runs over kernel rows, kernel columns and
 * input channels of the group; taps in the padding are +0 and are multiplied like any other, so that a padded convolution
 * has the bits of padding followed by an unpadded one.
 */
public final class Convolution {
    static final List<Op<?>> OPS = join(Conv2d.OPS, DepthwiseConv2d.OPS, ConvTranspose2d.OPS);

    private Convolution() {}

    /** x[N,H,W,C], weight[O,KH,KW,C/groups], bias[O] or null → [N,OH,OW,O]. */
    public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, ConvSpec spec) {
        return conv2d(x, weight, bias, null, spec);
    }

    /**
     * activation(conv(x[N,H,W,C], weight[O,KH,KW,C/groups]) + bias[O] + residual[N,OH,OW,O]) → [N,OH,OW,O]; bias and
     * residual may be null. The bits are the same whether a tape watches (then the activation runs by itself) or not.
     */
    public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, Tensor residual, ConvSpec spec) {
        if (Epilogue.splits(spec.activation(), x, weight, bias, residual)) {
            Tensor before = conv2d(x, weight, bias, residual, spec.activation(Activation.NONE));
            return Activations.apply(spec.activation(), before);
        }
        return Engine.run(Conv2d.CONV2D, spec, x, weight, bias, residual);
    }

    /** One kernel to each channel: x[N,H,W,C], weight[KH,KW,C], bias[C] or null → [N,OH,OW,C]. */
    public static Tensor depthwiseConv2d(Tensor x, Tensor weight, Tensor bias, ConvSpec spec) {
        if (Epilogue.splits(spec.activation(), x, weight, bias)) {
            Tensor before = depthwiseConv2d(x, weight, bias, spec.activation(Activation.NONE));
            return Activations.apply(spec.activation(), before);
        }
        return Engine.run(DepthwiseConv2d.DEPTHWISE, spec, x, weight, bias);
    }

    /**
     * The transposed convolution: x[N,H,W,C], weight[C,KH,KW,O/groups], bias[O] or null → [N,OH,OW,O] with
     * OH = (H − 1)·stride − padTop − padBottom + dilation·(KH − 1) + outPadH + 1, likewise OW.
     */
    public static Tensor convTranspose2d(
            Tensor x, Tensor weight, Tensor bias, ConvSpec spec, int outPadH, int outPadW) {
        if (Epilogue.splits(spec.activation(), x, weight, bias)) {
            ConvSpec plain = spec.activation(Activation.NONE);
            return Activations.apply(spec.activation(), convTranspose2d(x, weight, bias, plain, outPadH, outPadW));
        }
        ConvTransposeSpec attributes = new ConvTransposeSpec(spec, outPadH, outPadW);
        return Engine.run(ConvTranspose2d.CONV_TRANSPOSE2D, attributes, x, weight, bias);
    }

    @SafeVarargs
    private static List<Op<?>> join(List<Op<?>>... families) {
        List<Op<?>> all = new ArrayList<>();
        for (List<Op<?>> f : families) {
            all.addAll(f);
        }
        return List.copyOf(all);
    }
}
