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

/**
 * The declarations of the grouped convolution and of its two gradients. All three are linear in each of their operands,
 * so each one's gradients are the others.
 */
final class Conv2d {
    private static final ConvSpec PLAIN = ConvSpec.of(1);

    /** x[N,H,W,C], weight[O,KH,KW,C/groups], bias[O]?, residual like y? → y[N,OH,OW,O]; k runs (kh, kw, c). */
    static final Op<ConvSpec> CONV2D = Op.named("conv2d", ConvSpec.class)
            .parameters(2)
            .lowering(Lowering.DOWN)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(Rules.floating(in.get(0), "x"), 4, "x [N, H, W, C]");
                TensorSpec weight =
                        Rules.rank(Rules.floating(in.get(1), "weight"), 4, "weight [O, KH, KW, C / groups]");
                TensorSpec y = new TensorSpec(x.dtype(), outputShape(s, x.shape(), weight.shape()));
                Epilogue.checkBias(in.get(2), y.shape().dim(3));
                Epilogue.checkResidual(in.get(3), y);
                return List.of(y);
            })
            .reference(c -> {
                ConvSpec s = c.attributes();
                Shape weight = c.inShape(1);
                Shape y = c.outShape(0);
                int outputs = weight.dim(0);
                int kw = weight.dim(2);
                int inGroup = weight.dim(3);
                int k = weight.dim(1) * kw * inGroup;
                ConvTaps taps = new ConvTaps(s, c.inShape(0), y, weight.dim(1), kw);
                double[] x = c.in(0);
                double[] w = c.in(1);
                for (int i = 0; i < c.out(0).length; i++) {
                    int o = i % outputs;
                    int ow = i / outputs % y.dim(2);
                    int oh = i / outputs / y.dim(2) % y.dim(1);
                    int n = i / outputs / y.dim(2) / y.dim(1);
                    int first = o / (outputs / s.groups()) * inGroup;
                    double sum = Ordered.contract(
                            c.math(),
                            k,
                            j -> {
                                int tap = j / inGroup;
                                int pixel = taps.pixel(n, oh, ow, tap / kw, tap % kw);
                                return ConvTaps.orZero(x, pixel, first + j % inGroup);
                            },
                            j -> w[o * k + j]);
                    c.out(0)[i] = Epilogue.apply(c, s.activation(), sum, i, outputs);
                }
            })
            .gradient(c -> {
                ConvSpec s = c.attributes().activation(Activation.NONE);
                Activation activation = c.attributes().activation();
                Tensor before = activation == Activation.NONE ? null : Engine.run(Conv2d.CONV2D, s, c.inputs());
                Tensor g = Activations.gradient(activation, before, c.g());
                return new Tensor[] {
                    c.needs(0) ? inputGradient(s, g, c.in(1), c.inShape(0)) : null,
                    c.needs(1) ? weightGradient(s, c.in(0), g, c.inShape(1)) : null,
                    c.needs(2) ? Epilogue.biasGradient(g) : null,
                    c.needs(3) ? g : null
                };
            })
            .flops((s, in, out) -> flops(out.get(0).shape(), in.get(1).shape()))
            .sample("3x3, pad 1", PLAIN.pad(1), of(2, 5, 7, 3), of(5, 3, 3, 3), null, null)
            .sample("3x3, many channels", PLAIN.pad(1), of(1, 4, 5, 31), of(37, 3, 3, 31), of(37), null)
            .sample("1x1, residual", PLAIN, of(2, 3, 5, 33), of(19, 1, 1, 33), of(19), of(2, 3, 5, 19))
            .sample("1x1, k across chunks", PLAIN, of(1, 1, 3, 515), of(18, 1, 1, 515), of(18), null)
            .sample("3x3, k across chunks", PLAIN.pad(1), of(1, 3, 4, 60), of(17, 3, 3, 60), null, null)
            .sample(
                    "one channel in, stride 2, asymmetric pads",
                    ConvSpec.of(2).pad(0, 0, 1, 1),
                    of(1, 8, 6, 1),
                    of(16, 3, 3, 1),
                    of(16),
                    null)
            .sample(
                    "stem: 3 channels, stride 2, relu6",
                    ConvSpec.of(2).pad(0, 1, 1, 0).activation(Activation.RELU6),
                    of(1, 9, 11, 3),
                    of(24, 3, 3, 3),
                    of(24),
                    null)
            .sample("7x7, stride 2, pad 3", ConvSpec.of(2).pad(3), of(1, 9, 8, 3), of(8, 7, 7, 3), null, null)
            .sample("1x1, stride 2", ConvSpec.of(2), of(1, 5, 6, 8), of(9, 1, 1, 8), null, null)
            .sample(
                    "strides and dilations that differ",
                    new ConvSpec(2, 3, 1, 2, 1, 2, 0, 3, 1, Activation.SILU),
                    of(1, 7, 10, 4),
                    of(6, 2, 3, 4),
                    of(6),
                    of(1, 4, 4, 6))
            .sample(
                    "dilation 2, stride 2",
                    ConvSpec.of(2).dilation(2).pad(2),
                    of(1, 7, 8, 3),
                    of(4, 3, 3, 3),
                    null,
                    null)
            .sample("pads wider than the kernel", PLAIN.pad(3, 0, 2, 4), of(1, 2, 3, 2), of(3, 2, 2, 2), of(3), null)
            .sample("groups", PLAIN.pad(1).groups(3), of(1, 4, 5, 6), of(9, 3, 3, 2), of(9), null)
            .sample("a channel to a group", PLAIN.groups(5), of(1, 4, 4, 5), of(10, 2, 2, 1), null, null)
            .sample(
                    "strided views",
                    PLAIN.pad(1).activation(Activation.GELU),
                    of(2, 4, 3, 5).layout(SampleInput.Layout.STRIDED),
                    of(6, 3, 3, 5).transposed(),
                    of(6),
                    of(2, 4, 3, 6).transposed())
            .sample("empty batch", PLAIN.pad(1), of(0, 4, 4, 3), of(5, 3, 3, 3), of(5), null)
            .sample(
                    "special values",
                    PLAIN.pad(1).activation(Activation.RELU),
                    of(1, 5, 6, 4).fill(Fill.SPECIAL),
                    of(17, 3, 3, 4),
                    of(17),
                    null)
            .sample(
                    "special weights",
                    PLAIN.pad(1),
                    of(1, 4, 3, 3),
                    of(5, 3, 3, 3).fill(Fill.SPECIAL),
                    of(5).fill(Fill.SPECIAL),
                    null)
            .error("takes 3 channels, but x [1, 4, 4, 2] has 2", PLAIN, of(1, 4, 4, 2), of(5, 3, 3, 3), null, null)
            .error(
                    "channels are not divisible by 2 groups",
                    PLAIN.groups(2),
                    of(1, 4, 4, 3),
                    of(4, 3, 3, 2),
                    null,
                    null)
            .error("does not fit", PLAIN, of(1, 2, 2, 3), of(5, 3, 3, 3), null, null)
            .error("bias must have one number for each of 5", PLAIN, of(1, 3, 3, 2), of(5, 3, 3, 2), of(2), null)
            .error("residual must have shape [1, 1, 1, 5]", PLAIN, of(1, 3, 3, 2), of(5, 3, 3, 2), null, of(1, 1, 5))
            .error("x [N, H, W, C] must have rank 4", PLAIN, of(3, 3, 2), of(5, 3, 3, 2), null, null);

    /**
     * g[N,OH,OW,O], weight[O,KH,KW,C/groups] → the gradient of x[N,H,W,C]. k runs over the outputs that a pixel reaches, by
     * ascending (row, column, channel of the group): for stride 1 this is the convolution of g with the kernel turned
     * around. Outputs beyond the edge are +0 and are multiplied; taps that a stride jumps over take no place in k.
     */
    static final Op<ConvInputGradientSpec> INPUT_GRADIENT = Op.named(
                    "conv2d_input_gradient", ConvInputGradientSpec.class)
            .shapes((s, in) -> {
                TensorSpec g = Rules.rank(Rules.floating(in.get(0), "the gradient"), 4, "the gradient");
                TensorSpec weight =
                        Rules.rank(Rules.floating(in.get(1), "weight"), 4, "weight [O, KH, KW, C / groups]");
                int channels = weight.shape().dim(3) * s.conv().groups();
                Shape x = Shape.of(g.shape().dim(0), s.height(), s.width(), channels);
                Rules.shape(g, outputShape(s.conv(), x, weight.shape()), "the gradient");
                return Rules.like(g, x);
            })
            .reference(c -> transposed(c, c.attributes().conv(), (i, sum) -> sum))
            .gradient(c -> {
                ConvSpec s = c.attributes().conv();
                return new Tensor[] {
                    c.needs(0) ? Engine.run(Conv2d.CONV2D, s, c.g(), c.in(1), null, null) : null,
                    c.needs(1) ? weightGradient(s, c.g(), c.in(0), c.inShape(1)) : null
                };
            })
            .flops((s, in, out) -> flops(in.get(0).shape(), in.get(1).shape()))
            .sample("3x3, pad 1", back(PLAIN.pad(1), 5, 7), of(2, 5, 7, 5), of(5, 3, 3, 3))
            .sample("3x3, k across chunks", back(PLAIN.pad(1), 3, 4), of(1, 3, 4, 60), of(60, 3, 3, 17))
            .sample("1x1", back(PLAIN, 3, 5), of(2, 3, 5, 33), of(33, 1, 1, 19))
            .sample("1x1, stride 2", back(ConvSpec.of(2), 5, 6), of(1, 3, 3, 9), of(9, 1, 1, 8))
            .sample(
                    "stride 2, asymmetric pads",
                    back(ConvSpec.of(2).pad(0, 0, 1, 1), 8, 6),
                    of(1, 4, 3, 16),
                    of(16, 3, 3, 5))
            .sample("stride leaves a rest", back(ConvSpec.of(3), 9, 7), of(1, 3, 2, 4), of(4, 2, 2, 3))
            .sample(
                    "strides and dilations that differ",
                    back(new ConvSpec(2, 3, 1, 2, 1, 2, 0, 3, 1, Activation.NONE), 7, 10),
                    of(1, 4, 4, 6),
                    of(6, 2, 3, 4))
            .sample(
                    "dilation 2, stride 2",
                    back(ConvSpec.of(2).dilation(2).pad(2), 7, 8),
                    of(1, 4, 4, 4),
                    of(4, 3, 3, 3))
            .sample("groups", back(PLAIN.pad(1).groups(3), 4, 5), of(1, 4, 5, 9), of(9, 3, 3, 2))
            .sample(
                    "transposed",
                    back(PLAIN.pad(1), 4, 3),
                    of(2, 4, 3, 6).transposed(),
                    of(6, 3, 3, 5).transposed())
            .sample("empty batch", back(PLAIN.pad(1), 4, 4), of(0, 4, 4, 5), of(5, 3, 3, 3))
            .sample("special values", back(PLAIN.pad(1), 5, 6), of(1, 5, 6, 4).fill(Fill.SPECIAL), of(4, 3, 3, 17))
            .error("the gradient must have shape [1, 2, 2, 5]", back(PLAIN, 4, 4), of(1, 4, 4, 5), of(5, 3, 3, 3))
            .error("weight [O, KH, KW, C / groups] must have rank 4", back(PLAIN, 4, 4), of(1, 4, 4, 5), of(5, 3));

    /** x[N,H,W,C], g[N,OH,OW,O] → the gradient of weight[O,KH,KW,C/groups]. k runs (n, oh, ow); padding is multiplied. */
    static final Op<ConvWeightGradientSpec> WEIGHT_GRADIENT = Op.named(
                    "conv2d_weight_gradient", ConvWeightGradientSpec.class)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(Rules.floating(in.get(0), "x"), 4, "x [N, H, W, C]");
                TensorSpec g = Rules.rank(Rules.floating(in.get(1), "the gradient"), 4, "the gradient");
                int groups = s.conv().groups();
                Rules.check(
                        x.shape().dim(3) % groups == 0,
                        "%d channels are not divisible by %d groups",
                        x.shape().dim(3),
                        groups);
                Shape weight = Shape.of(
                        g.shape().dim(3),
                        s.kernelHeight(),
                        s.kernelWidth(),
                        x.shape().dim(3) / groups);
                Rules.shape(g, outputShape(s.conv(), x.shape(), weight), "the gradient");
                return Rules.like(g, weight);
            })
            .reference(c -> {
                ConvSpec s = c.attributes().conv();
                Shape y = c.inShape(1);
                Shape weight = c.outShape(0);
                int outputs = weight.dim(0);
                int inGroup = weight.dim(3);
                int columns = y.dim(2);
                int pixels = y.dim(1) * columns;
                ConvTaps taps = new ConvTaps(s, c.inShape(0), y, weight.dim(1), weight.dim(2));
                double[] x = c.in(0);
                double[] g = c.in(1);
                for (int i = 0; i < c.out(0).length; i++) {
                    int kw = i / inGroup % weight.dim(2);
                    int kh = i / inGroup / weight.dim(2) % weight.dim(1);
                    int o = i / inGroup / weight.dim(2) / weight.dim(1);
                    int channel = o / (outputs / s.groups()) * inGroup + i % inGroup;
                    c.out(0)[i] = Ordered.contract(c.math(), y.dim(0) * pixels, j -> g[j * outputs + o], j -> {
                        int pixel = taps.pixel(j / pixels, j % pixels / columns, j % columns, kh, kw);
                        return ConvTaps.orZero(x, pixel, channel);
                    });
                }
            })
            .gradient(c -> {
                ConvSpec s = c.attributes().conv();
                return new Tensor[] {
                    c.needs(0) ? inputGradient(s, c.in(1), c.g(), c.inShape(0)) : null,
                    c.needs(1) ? Engine.run(Conv2d.CONV2D, s, c.in(0), c.g(), null, null) : null
                };
            })
            .flops((s, in, out) -> flops(in.get(1).shape(), out.get(0).shape()))
            .sample("3x3, pad 1", kernel(PLAIN.pad(1), 3, 3), of(2, 5, 7, 3), of(2, 5, 7, 5))
            .sample("3x3, odd channels", kernel(PLAIN.pad(1), 3, 3), of(1, 4, 5, 19), of(1, 4, 5, 33))
            .sample("pixels across chunks", kernel(PLAIN.pad(1), 3, 3), of(3, 14, 13, 2), of(3, 14, 13, 3))
            .sample("1x1", kernel(PLAIN, 1, 1), of(2, 3, 5, 33), of(2, 3, 5, 19))
            .sample(
                    "stride 2, asymmetric pads",
                    kernel(ConvSpec.of(2).pad(0, 0, 1, 1), 3, 3),
                    of(1, 8, 6, 5),
                    of(1, 4, 3, 16))
            .sample(
                    "strides and dilations that differ",
                    kernel(new ConvSpec(2, 3, 1, 2, 1, 2, 0, 3, 1, Activation.NONE), 2, 3),
                    of(1, 7, 10, 4),
                    of(1, 4, 4, 6))
            .sample("groups", kernel(PLAIN.pad(1).groups(3), 3, 3), of(1, 4, 5, 6), of(1, 4, 5, 9))
            .sample(
                    "transposed",
                    kernel(PLAIN.pad(1), 3, 3),
                    of(2, 4, 3, 5).transposed(),
                    of(2, 4, 3, 6).transposed())
            .sample("empty batch", kernel(PLAIN.pad(1), 3, 3), of(0, 4, 4, 3), of(0, 4, 4, 5))
            .sample("special values", kernel(PLAIN.pad(1), 3, 3), of(1, 5, 6, 4).fill(Fill.SPECIAL), of(1, 5, 6, 17))
            .error("the gradient must have shape [1, 2, 2, 5]", kernel(PLAIN, 3, 3), of(1, 4, 4, 3), of(1, 4, 4, 5))
            .error("not divisible by 2 groups", kernel(PLAIN.groups(2), 1, 1), of(1, 2, 2, 3), of(1, 2, 2, 4));

    static final List<Op<?>> OPS = List.of(CONV2D, INPUT_GRADIENT, WEIGHT_GRADIENT);

    private Conv2d() {}

    /** What becomes of the finished sum of output element i. */
    interface Finish {
        double of(int i, double sum);
    }

    /** The contraction of the input gradient and of the transposed convolution: input 0 is g, input 1 the weight. */
    static void transposed(ReferenceCall<?> c, ConvSpec s, Finish finish) {
        Shape weight = c.inShape(1);
        Shape x = c.outShape(0);
        int channels = x.dim(3);
        int inGroup = weight.dim(3);
        int outGroup = weight.dim(0) / s.groups();
        int kernel = weight.dim(1) * weight.dim(2);
        ConvTaps taps = new ConvTaps(s, x, c.inShape(0), weight.dim(1), weight.dim(2));
        double[] g = c.in(0);
        double[] w = c.in(1);
        for (int i = 0; i < c.out(0).length; i++) {
            int channel = i % channels;
            int column = i / channels % x.dim(2);
            int row = i / channels / x.dim(2) % x.dim(1);
            int n = i / channels / x.dim(2) / x.dim(1);
            int first = channel / inGroup * outGroup;
            int[][] reached = taps.towards(n, row, column);
            double sum = Ordered.contract(
                    c.math(),
                    reached.length * outGroup,
                    j -> ConvTaps.orZero(g, reached[j / outGroup][0], first + j % outGroup),
                    j -> {
                        int o = first + j % outGroup;
                        return w[(o * kernel + reached[j / outGroup][1]) * inGroup + channel % inGroup];
                    });
            c.out(0)[i] = finish.of(i, sum);
        }
    }

    static Tensor inputGradient(ConvSpec s, Tensor g, Tensor weight, Shape x) {
        return Engine.run(INPUT_GRADIENT, new ConvInputGradientSpec(s, x.dim(1), x.dim(2)), g, weight);
    }

    static Tensor weightGradient(ConvSpec s, Tensor x, Tensor g, Shape weight) {
        return Engine.run(WEIGHT_GRADIENT, new ConvWeightGradientSpec(s, weight.dim(1), weight.dim(2)), x, g);
    }

    static Shape outputShape(ConvSpec s, Shape x, Shape weight) {
        int outputs = weight.dim(0);
        int channels = weight.dim(3) * s.groups();
        Rules.check(
                x.dim(3) % s.groups() == 0 && outputs % s.groups() == 0,
                "%d input or %d output channels are not divisible by %d groups",
                x.dim(3),
                outputs,
                s.groups());
        Rules.check(
                x.dim(3) == channels, "weight %s takes %d channels, but x %s has %d", weight, channels, x, x.dim(3));
        return spatial(s, x, weight.dim(1), weight.dim(2)).with(3, outputs);
    }

    /** The output's shape if it had x's channels. */
    static Shape spatial(ConvSpec s, Shape x, int kernelH, int kernelW) {
        int height = s.outputHeight(x.dim(1), kernelH);
        int width = s.outputWidth(x.dim(2), kernelW);
        Rules.check(
                kernelH > 0 && kernelW > 0 && height > 0 && width > 0,
                "the %d×%d kernel does not fit the image %s with its pads",
                kernelH,
                kernelW,
                x);
        return x.with(1, height).with(2, width);
    }

    static double flops(Shape y, Shape weight) {
        return 2.0 * y.elements() * weight.elements() / Math.max(1, weight.dim(0));
    }

    private static ConvInputGradientSpec back(ConvSpec s, int height, int width) {
        return new ConvInputGradientSpec(s, height, width);
    }

    private static ConvWeightGradientSpec kernel(ConvSpec s, int height, int width) {
        return new ConvWeightGradientSpec(s, height, width);
    }
}
