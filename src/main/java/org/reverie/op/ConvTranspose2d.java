package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvTransposeSpec;
import org.reverie.op.Op.Lowering;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** The declaration of the transposed convolution: the input gradient of a convolution, as a layer with an epilogue. */
final class ConvTranspose2d {
    /** x[N,H,W,C], weight[C,KH,KW,O/groups], bias[O]? → [N,OH,OW,O]; k as in conv2d_input_gradient. */
    static final Op<ConvTransposeSpec> CONV_TRANSPOSE2D = Op.named("conv_transpose2d", ConvTransposeSpec.class)
            .parameters(2)
            .lowering(Lowering.DOWN)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(Rules.floating(in.get(0), "x"), 4, "x [N, H, W, C]");
                TensorSpec weight =
                        Rules.rank(Rules.floating(in.get(1), "weight"), 4, "weight [C, KH, KW, O / groups]");
                ConvSpec conv = s.conv();
                int channels = weight.shape().dim(0);
                Rules.check(
                        x.shape().dim(3) == channels,
                        "weight %s takes %d channels, but x %s has %d",
                        weight.shape(),
                        channels,
                        x.shape(),
                        x.shape().dim(3));
                Rules.check(
                        channels % conv.groups() == 0,
                        "%d input channels are not divisible by %d groups",
                        channels,
                        conv.groups());
                Rules.check(
                        s.outPadH() >= 0
                                && s.outPadW() >= 0
                                && s.outPadH() < conv.strideH()
                                && s.outPadW() < conv.strideW(),
                        "output pads %d and %d must be at least 0 and less than the strides %d and %d",
                        s.outPadH(),
                        s.outPadW(),
                        conv.strideH(),
                        conv.strideW());
                int height = s.outputHeight(x.shape().dim(1), weight.shape().dim(1));
                int width = s.outputWidth(x.shape().dim(2), weight.shape().dim(2));
                Rules.check(height > 0 && width > 0, "the pads leave nothing of the output: %d×%d", height, width);
                int outputs = weight.shape().dim(3) * conv.groups();
                Epilogue.checkBias(in.get(2), outputs);
                return Rules.like(x, Shape.of(x.shape().dim(0), height, width, outputs));
            })
            .reference(c -> {
                ConvSpec s = c.attributes().conv();
                int outputs = c.outShape(0).dim(3);
                Conv2d.transposed(c, s, (i, sum) -> Epilogue.apply(c, s.activation(), sum, i, outputs));
            })
            .gradient(c -> {
                ConvTransposeSpec s = c.attributes();
                ConvSpec conv = s.conv().activation(Activation.NONE);
                Activation activation = s.conv().activation();
                Tensor before = activation == Activation.NONE
                        ? null
                        : Engine.run(
                                ConvTranspose2d.CONV_TRANSPOSE2D,
                                new ConvTransposeSpec(conv, s.outPadH(), s.outPadW()),
                                c.inputs());
                Tensor g = Activations.gradient(activation, before, c.g());
                return new Tensor[] {
                    c.needs(0) ? Convolution.conv2d(g, c.in(1), null, conv) : null,
                    c.needs(1) ? Conv2d.weightGradient(conv, g, c.in(0), c.inShape(1)) : null,
                    c.needs(2) ? Epilogue.biasGradient(g) : null
                };
            })
            .flops((s, in, out) -> Conv2d.flops(in.get(0).shape(), in.get(1).shape()))
            .sample("4x4, stride 2, pad 1", plain(ConvSpec.of(2).pad(1)), of(2, 3, 3, 5), of(5, 4, 4, 3), of(3))
            .sample("2x2, stride 1", plain(ConvSpec.of(1)), of(1, 6, 5, 4), of(4, 2, 2, 7), of(7))
            .sample(
                    "output pads",
                    new ConvTransposeSpec(ConvSpec.of(2).pad(1), 1, 0),
                    of(1, 4, 3, 2),
                    of(2, 3, 3, 18),
                    null)
            .sample("kernel shorter than the stride", plain(ConvSpec.of(3)), of(1, 3, 2, 4), of(4, 2, 2, 3), of(3))
            .sample("k across chunks", plain(ConvSpec.of(1).pad(1)), of(1, 3, 4, 70), of(70, 3, 3, 5), null)
            .sample(
                    "groups, dilation, silu",
                    plain(ConvSpec.of(2).dilation(2).pad(1, 2, 0, 1).groups(2).activation(Activation.SILU)),
                    of(1, 4, 5, 6),
                    of(6, 3, 3, 2),
                    of(4))
            .sample(
                    "transposed views",
                    plain(ConvSpec.of(2)),
                    of(1, 2, 4, 3).transposed(),
                    of(3, 2, 2, 4).transposed(),
                    null)
            .sample("empty batch", plain(ConvSpec.of(2)), of(0, 2, 2, 3), of(3, 2, 2, 4), null)
            .sample("special values", plain(ConvSpec.of(2)), of(1, 4, 4, 3).fill(Fill.SPECIAL), of(3, 3, 3, 17), of(17))
            .error(
                    "takes 4 channels, but x [1, 2, 2, 3] has 3",
                    plain(ConvSpec.of(1)),
                    of(1, 2, 2, 3),
                    of(4, 2, 2, 3),
                    null)
            .error(
                    "less than the strides",
                    new ConvTransposeSpec(ConvSpec.of(2), 2, 0),
                    of(1, 2, 2, 3),
                    of(3, 2, 2, 3),
                    null)
            .error("the pads leave nothing", plain(ConvSpec.of(1).pad(2)), of(1, 2, 2, 3), of(3, 2, 2, 3), null);

    static final List<Op<?>> OPS = List.of(CONV_TRANSPOSE2D);

    private ConvTranspose2d() {}

    private static ConvTransposeSpec plain(ConvSpec conv) {
        return new ConvTransposeSpec(conv, 0, 0);
    }
}
