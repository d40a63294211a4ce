package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.op.Op.Lowering;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** The declarations of the depthwise convolution and of its gradients; orders are those of {@link Conv2d} for one channel. */
final class DepthwiseConv2d {
    private static final ConvSpec PLAIN = ConvSpec.of(1);

    /** x[N,H,W,C], weight[KH,KW,C], bias[C]? → [N,OH,OW,C]; k runs (kh, kw). */
    static final Op<ConvSpec> DEPTHWISE = Op.named("depthwise_conv2d", ConvSpec.class)
            .parameters(2)
            .lowering(Lowering.DOWN)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(Rules.floating(in.get(0), "x"), 4, "x [N, H, W, C]");
                TensorSpec weight = Rules.rank(Rules.floating(in.get(1), "weight"), 3, "weight [KH, KW, C]");
                Epilogue.checkBias(in.get(2), x.shape().dim(3));
                return Rules.like(x, outputShape(s, x.shape(), weight.shape()));
            })
            .reference(c -> {
                Shape y = c.outShape(0);
                int channels = y.dim(3);
                int kw = c.inShape(1).dim(1);
                ConvTaps taps = new ConvTaps(
                        c.attributes(), c.inShape(0), y, c.inShape(1).dim(0), kw);
                double[] x = c.in(0);
                double[] w = c.in(1);
                for (int i = 0; i < c.out(0).length; i++) {
                    int channel = i % channels;
                    int ow = i / channels % y.dim(2);
                    int oh = i / channels / y.dim(2) % y.dim(1);
                    int n = i / channels / y.dim(2) / y.dim(1);
                    double sum = Ordered.contract(
                            c.math(),
                            taps.kernelH() * kw,
                            j -> ConvTaps.orZero(x, taps.pixel(n, oh, ow, j / kw, j % kw), channel),
                            j -> w[j * channels + channel]);
                    c.out(0)[i] = Epilogue.apply(c, c.attributes().activation(), sum, i, channels);
                }
            })
            .gradient(c -> {
                ConvSpec s = c.attributes().activation(Activation.NONE);
                Activation activation = c.attributes().activation();
                Tensor before =
                        activation == Activation.NONE ? null : Engine.run(DepthwiseConv2d.DEPTHWISE, s, c.inputs());
                Tensor g = Activations.gradient(activation, before, c.g());
                return new Tensor[] {
                    c.needs(0) ? inputGradient(s, g, c.in(1), c.inShape(0)) : null,
                    c.needs(1) ? weightGradient(s, c.in(0), g, c.inShape(1)) : null,
                    c.needs(2) ? Epilogue.biasGradient(g) : null
                };
            })
            .flops((s, in, out) -> flops(out.get(0).shape(), in.get(1).shape()))
            .sample("3x3, pad 1", PLAIN.pad(1), of(2, 5, 7, 37), of(3, 3, 37), null)
            .sample(
                    "5x5, stride 2, asymmetric pads",
                    ConvSpec.of(2).pad(1, 1, 2, 2),
                    of(1, 8, 9, 19),
                    of(5, 5, 19),
                    of(19))
            .sample("3x3, relu6", PLAIN.pad(1).activation(Activation.RELU6), of(1, 6, 5, 33), of(3, 3, 33), of(33))
            .sample("one channel", PLAIN.pad(1), of(1, 4, 4, 1), of(3, 3, 1), of(1))
            .sample(
                    "strides and dilations that differ, silu",
                    new ConvSpec(2, 1, 1, 2, 0, 3, 1, 0, 1, Activation.SILU),
                    of(1, 6, 7, 18),
                    of(2, 3, 18),
                    of(18))
            .sample("17x17, taps across a chunk", PLAIN.pad(8), of(1, 4, 4, 5), of(17, 17, 5), null)
            .sample(
                    "strided views",
                    PLAIN.pad(1),
                    of(1, 4, 3, 17).layout(SampleInput.Layout.STRIDED),
                    of(3, 3, 17).transposed(),
                    null)
            .sample("empty batch", PLAIN.pad(1), of(0, 4, 4, 3), of(3, 3, 3), of(3))
            .sample("special values", PLAIN.pad(1), of(1, 5, 6, 35).fill(Fill.SPECIAL), of(3, 3, 35), of(35))
            .error(
                    "weight [3, 3, 4] has 4 channels, but x [1, 5, 5, 3] has 3",
                    PLAIN,
                    of(1, 5, 5, 3),
                    of(3, 3, 4),
                    null)
            .error("has no groups", PLAIN.groups(3), of(1, 5, 5, 3), of(3, 3, 3), null)
            .error("does not fit", PLAIN, of(1, 2, 5, 3), of(3, 3, 3), null);

    /** g[N,OH,OW,C], weight[KH,KW,C] → the gradient of x[N,H,W,C]; k as in conv2d_input_gradient. */
    static final Op<ConvInputGradientSpec> INPUT_GRADIENT = Op.named(
                    "depthwise_input_gradient", ConvInputGradientSpec.class)
            .shapes((s, in) -> {
                TensorSpec g = Rules.rank(Rules.floating(in.get(0), "the gradient"), 4, "the gradient");
                TensorSpec weight = Rules.rank(Rules.floating(in.get(1), "weight"), 3, "weight [KH, KW, C]");
                Shape x = g.shape().with(1, s.height()).with(2, s.width());
                Rules.shape(g, outputShape(s.conv(), x, weight.shape()), "the gradient");
                return Rules.like(g, x);
            })
            .reference(c -> {
                Shape x = c.outShape(0);
                int channels = x.dim(3);
                ConvTaps taps = new ConvTaps(
                        c.attributes().conv(),
                        x,
                        c.inShape(0),
                        c.inShape(1).dim(0),
                        c.inShape(1).dim(1));
                double[] g = c.in(0);
                double[] w = c.in(1);
                for (int i = 0; i < c.out(0).length; i++) {
                    int channel = i % channels;
                    int column = i / channels % x.dim(2);
                    int row = i / channels / x.dim(2) % x.dim(1);
                    int n = i / channels / x.dim(2) / x.dim(1);
                    int[][] reached = taps.towards(n, row, column);
                    c.out(0)[i] = Ordered.contract(
                            c.math(),
                            reached.length,
                            j -> ConvTaps.orZero(g, reached[j][0], channel),
                            j -> w[reached[j][1] * channels + channel]);
                }
            })
            .gradient(c -> {
                ConvSpec s = c.attributes().conv();
                return new Tensor[] {
                    c.needs(0) ? Engine.run(DepthwiseConv2d.DEPTHWISE, s, c.g(), c.in(1), null) : null,
                    c.needs(1) ? weightGradient(s, c.g(), c.in(0), c.inShape(1)) : null
                };
            })
            .flops((s, in, out) -> flops(in.get(0).shape(), in.get(1).shape()))
            .sample("3x3, pad 1", back(PLAIN.pad(1), 5, 7), of(2, 5, 7, 37), of(3, 3, 37))
            .sample(
                    "5x5, stride 2, asymmetric pads",
                    back(ConvSpec.of(2).pad(1, 1, 2, 2), 8, 9),
                    of(1, 4, 4, 19),
                    of(5, 5, 19))
            .sample(
                    "strides and dilations that differ",
                    back(new ConvSpec(2, 1, 1, 2, 0, 3, 1, 0, 1, Activation.NONE), 6, 7),
                    of(1, 3, 6, 18),
                    of(2, 3, 18))
            .sample("17x17, taps across a chunk", back(PLAIN.pad(8), 4, 4), of(1, 4, 4, 5), of(17, 17, 5))
            .sample("empty batch", back(PLAIN.pad(1), 4, 4), of(0, 4, 4, 3), of(3, 3, 3))
            .sample("special values", back(PLAIN.pad(1), 5, 6), of(1, 5, 6, 35).fill(Fill.SPECIAL), of(3, 3, 35))
            .error("the gradient must have shape [1, 3, 3, 3]", back(PLAIN, 5, 5), of(1, 5, 5, 3), of(3, 3, 3));

    /** x[N,H,W,C], g[N,OH,OW,C] → the gradient of weight[KH,KW,C]; k runs (n, oh, ow). */
    static final Op<ConvWeightGradientSpec> WEIGHT_GRADIENT = Op.named(
                    "depthwise_weight_gradient", ConvWeightGradientSpec.class)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(Rules.floating(in.get(0), "x"), 4, "x [N, H, W, C]");
                TensorSpec g = Rules.rank(Rules.floating(in.get(1), "the gradient"), 4, "the gradient");
                Shape weight =
                        Shape.of(s.kernelHeight(), s.kernelWidth(), x.shape().dim(3));
                Rules.shape(g, outputShape(s.conv(), x.shape(), weight), "the gradient");
                return Rules.like(g, weight);
            })
            .reference(c -> {
                Shape y = c.inShape(1);
                Shape weight = c.outShape(0);
                int channels = y.dim(3);
                int columns = y.dim(2);
                int pixels = y.dim(1) * columns;
                ConvTaps taps = new ConvTaps(c.attributes().conv(), c.inShape(0), y, weight.dim(0), weight.dim(1));
                double[] x = c.in(0);
                double[] g = c.in(1);
                for (int i = 0; i < c.out(0).length; i++) {
                    int channel = i % channels;
                    int kw = i / channels % weight.dim(1);
                    int kh = i / channels / weight.dim(1);
                    c.out(0)[i] = Ordered.contract(c.math(), y.dim(0) * pixels, j -> g[j * channels + channel], j -> {
                        int pixel = taps.pixel(j / pixels, j % pixels / columns, j % columns, kh, kw);
                        return ConvTaps.orZero(x, pixel, channel);
                    });
                }
            })
            .gradient(c -> {
                ConvSpec s = c.attributes().conv();
                return new Tensor[] {
                    c.needs(0) ? inputGradient(s, c.in(1), c.g(), c.inShape(0)) : null,
                    c.needs(1) ? Engine.run(DepthwiseConv2d.DEPTHWISE, s, c.in(0), c.g(), null) : null
                };
            })
            .flops((s, in, out) -> flops(in.get(1).shape(), out.get(0).shape()))
            .sample("3x3, pad 1", kernel(PLAIN.pad(1), 3, 3), of(2, 5, 7, 37), of(2, 5, 7, 37))
            .sample("pixels across chunks", kernel(PLAIN.pad(1), 3, 3), of(3, 14, 13, 3), of(3, 14, 13, 3))
            .sample(
                    "5x5, stride 2, asymmetric pads",
                    kernel(ConvSpec.of(2).pad(1, 1, 2, 2), 5, 5),
                    of(1, 8, 9, 19),
                    of(1, 4, 4, 19))
            .sample(
                    "strides and dilations that differ",
                    kernel(new ConvSpec(2, 1, 1, 2, 0, 3, 1, 0, 1, Activation.NONE), 2, 3),
                    of(1, 6, 7, 18),
                    of(1, 3, 6, 18))
            .sample("empty batch", kernel(PLAIN.pad(1), 3, 3), of(0, 4, 4, 3), of(0, 4, 4, 3))
            .sample(
                    "special values",
                    kernel(PLAIN.pad(1), 3, 3),
                    of(1, 5, 6, 35).fill(Fill.SPECIAL),
                    of(1, 5, 6, 35))
            .error("the gradient must have shape [1, 3, 3, 3]", kernel(PLAIN, 3, 3), of(1, 5, 5, 3), of(1, 5, 5, 3));

    static final List<Op<?>> OPS = List.of(DEPTHWISE, INPUT_GRADIENT, WEIGHT_GRADIENT);

    private DepthwiseConv2d() {}

    static Tensor inputGradient(ConvSpec s, Tensor g, Tensor weight, Shape x) {
        return Engine.run(INPUT_GRADIENT, new ConvInputGradientSpec(s, x.dim(1), x.dim(2)), g, weight);
    }

    static Tensor weightGradient(ConvSpec s, Tensor x, Tensor g, Shape weight) {
        return Engine.run(WEIGHT_GRADIENT, new ConvWeightGradientSpec(s, weight.dim(0), weight.dim(1)), x, g);
    }

    private static Shape outputShape(ConvSpec s, Shape x, Shape weight) {
        Rules.check(s.groups() == 1, "has no groups: every channel is by itself, but groups is %d", s.groups());
        Rules.check(
                weight.dim(2) == x.dim(3),
                "weight %s has %d channels, but x %s has %d",
                weight,
                weight.dim(2),
                x,
                x.dim(3));
        return Conv2d.spatial(s, x, weight.dim(0), weight.dim(1));
    }

    private static double flops(Shape y, Shape weight) {
        return 2.0 * y.elements() * weight.dim(0) * weight.dim(1);
    }

    private static ConvInputGradientSpec back(ConvSpec s, int height, int width) {
        return new ConvInputGradientSpec(s, height, width);
    }

    private static ConvWeightGradientSpec kernel(ConvSpec s, int height, int width) {
        return new ConvWeightGradientSpec(s, height, width);
    }
}
