package org.reverie.nn;

import org.reverie.device.spec.ConvSpec;
import org.reverie.op.Convolution;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** A transposed 2-D convolution over NHWC images with bias. Its weight lies {@code [in, kh, kw, out]}. */
public final class ConvTranspose2dLayer extends Module {
    private final ConvSpec spec;
    private final Tensor weight;
    private final Tensor bias;

    public ConvTranspose2dLayer(Initializer init, int in, int out, int kernel, ConvSpec spec) {
        this.spec = spec;
        double bound = 1 / Math.sqrt(out * kernel * kernel);
        weight = parameter(
                "weight", init.uniform("weight", Shape.of(in, kernel, kernel, out), bound), WeightLayout.CONV);
        bias = parameter("bias", init.uniform("bias", Shape.of(out), bound));
    }

    public Tensor apply(Tensor x) {
        return Convolution.convTranspose2d(x, weight, bias, spec, 0, 0);
    }
}
