package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.NoAttributes;
import org.reverie.device.spec.PoolGradientSpec;
import org.reverie.device.spec.PoolSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.op.SampleInput.Layout;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Pooling of NHWC images over windows, over the whole image, and with weights. */
public final class Pooling {
    private static final PoolSpec TWO = PoolSpec.of(2, 2);
    private static final PoolSpec THREE = PoolSpec.of(3, 2);
    private static final PoolSpec UNEVEN = new PoolSpec(3, 2, 2, 3, 1, 0, 0, 1, true, false);

    /** The largest number of each window; NaN wins, padding never does. */
    static final Op<PoolSpec> MAX_POOL = windows("max_pool2d", Fill.DISTINCT)
            .reference(c -> {
                Windows windows = new Windows(c.attributes(), c.inShape(0), c.outShape(0));
                for (int o = 0; o < c.out(0).length; o++) {
                    c.out(0)[o] = c.in(0)[windows.argMax(o, c.in(0))];
                }
            })
            .gradient(c -> new Tensor[] {Engine.run(Pooling.MAX_POOL_GRADIENT, c.attributes(), c.in(0), c.g())});

    /** (x, g like y) → like x: every g is added, in the order of outputs, to the first of its window's largest. */
    static final Op<PoolSpec> MAX_POOL_GRADIENT = Op.named("max_pool2d_gradient", PoolSpec.class)
            .shapes((s, in) -> {
                TensorSpec x = image(in.get(0));
                Rules.shape(Rules.floating(in.get(1), "the gradient"), Windows.output(s, x.shape()), "the gradient");
                return List.of(x);
            })
            .reference(c -> {
                Windows windows = new Windows(c.attributes(), c.inShape(0), c.inShape(1));
                for (int o = 0; o < c.in(1).length; o++) {
                    int at = windows.argMax(o, c.in(0));
                    c.out(0)[at] = c.math().add(c.out(0)[at], c.in(1)[o]);
                }
            })
            .gradient(c -> new Tensor[] {
                null, c.needs(1) ? Engine.run(Pooling.MAX_POOL_SELECT, c.attributes(), c.in(0), c.g()) : null
            })
            .flops((s, in, out) -> (double) in.get(1).shape().elements() * s.kernelH() * s.kernelW())
            .sample("2x2", TWO, distinct(2, 4, 6, 19), of(2, 2, 3, 19))
            .sample("overlapping windows", THREE.pad(1), distinct(1, 7, 8, 33), of(1, 4, 4, 33))
            .sample("uneven, ceil", UNEVEN, distinct(1, 6, 9, 5), of(1, 3, 3, 5))
            .sample(
                    "transposed",
                    TWO,
                    distinct(1, 4, 4, 3).transposed(),
                    of(1, 2, 2, 3).transposed())
            .sample("empty batch", TWO, of(0, 4, 4, 3), of(0, 2, 2, 3))
            .sample(
                    "special values",
                    THREE,
                    of(1, 7, 7, 18).fill(Fill.SPECIAL),
                    of(1, 3, 3, 18).fill(Fill.SPECIAL))
            .error("the gradient must have shape [1, 2, 2, 3]", TWO, of(1, 4, 4, 3), of(1, 4, 4, 3));

    /** (x, v like x) → like y: v where x has the maximum of the window. */
    static final Op<PoolSpec> MAX_POOL_SELECT = Op.named("max_pool2d_select", PoolSpec.class)
            .shapes((s, in) -> {
                TensorSpec x = image(in.get(0));
                Rules.shape(Rules.floating(in.get(1), "v"), x.shape(), "v");
                return Rules.like(x, Windows.output(s, x.shape()));
            })
            .reference(c -> {
                Windows windows = new Windows(c.attributes(), c.inShape(0), c.outShape(0));
                for (int o = 0; o < c.out(0).length; o++) {
                    c.out(0)[o] = c.in(1)[windows.argMax(o, c.in(0))];
                }
            })
            .gradient(c -> new Tensor[] {
                null, c.needs(1) ? Engine.run(Pooling.MAX_POOL_GRADIENT, c.attributes(), c.in(0), c.g()) : null
            })
            .sample("overlapping windows", THREE.pad(1), distinct(1, 7, 8, 5), of(1, 7, 8, 5))
            .sample("uneven, ceil", UNEVEN, distinct(1, 6, 9, 5), of(1, 6, 9, 5))
            .error("v must have shape [1, 4, 4, 3]", TWO, of(1, 4, 4, 3), of(1, 2, 2, 3));

    /**
     * The sum of each window by rule 2 with weights of one, then divided by the count: the depthwise convolution with a
     * kernel of ones, and one division.
     */
    static final Op<PoolSpec> AVG_POOL = windows("avg_pool2d", Fill.NORMAL)
            .reference(c -> {
                PoolSpec s = c.attributes();
                Windows windows = new Windows(s, c.inShape(0), c.outShape(0));
                for (int o = 0; o < c.out(0).length; o++) {
                    double[] taps = new double[s.kernelH() * s.kernelW()];
                    windows.of(o, (i, tap) -> taps[tap] = c.in(0)[i]);
                    double sum = Ordered.contract(c.math(), taps.length, i -> taps[i], i -> 1);
                    c.out(0)[o] = c.math().div(sum, windows.count(o));
                }
            })
            .gradient(c -> new Tensor[] {avgGradient(c.attributes(), c.g(), c.inShape(0))});

    /** g like y → like x: the quotients g / count of the windows that hold a pixel, added in the order of outputs. */
    static final Op<PoolGradientSpec> AVG_POOL_GRADIENT = Op.named("avg_pool2d_gradient", PoolGradientSpec.class)
            .shapes((s, in) -> {
                TensorSpec g = Rules.rank(Rules.floating(in.get(0), "the gradient"), 4, "the gradient");
                Shape x = g.shape().with(1, s.height()).with(2, s.width());
                Rules.shape(g, Windows.output(s.pool(), x), "the gradient");
                return Rules.like(g, x);
            })
            .reference(c -> {
                Windows windows = new Windows(c.attributes().pool(), c.outShape(0), c.inShape(0));
                double[] dx = c.out(0);
                for (int o = 0; o < c.in(0).length; o++) {
                    double share = c.math().div(c.in(0)[o], windows.count(o));
                    windows.of(o, (i, tap) -> dx[i] = c.math().add(dx[i], share));
                }
            })
            .gradient(c -> new Tensor[] {avgPool2d(c.g(), c.attributes().pool())})
            .flops((s, in, out) -> (double) in.get(0).shape().elements()
                    * s.pool().kernelH()
                    * s.pool().kernelW())
            .sample("2x2", new PoolGradientSpec(TWO, 4, 6), of(2, 2, 3, 19))
            .sample("overlapping windows", new PoolGradientSpec(THREE.pad(1), 7, 8), of(1, 4, 4, 33))
            .sample("uneven, ceil", new PoolGradientSpec(UNEVEN, 6, 9), of(1, 3, 3, 5))
            .sample(
                    "transposed",
                    new PoolGradientSpec(TWO, 4, 4),
                    of(1, 2, 2, 3).transposed())
            .sample("empty batch", new PoolGradientSpec(TWO, 4, 4), of(0, 2, 2, 3))
            .sample(
                    "special values",
                    new PoolGradientSpec(THREE, 7, 7),
                    of(1, 3, 3, 18).fill(Fill.SPECIAL))
            .error("the gradient must have shape [1, 2, 2, 3]", new PoolGradientSpec(TWO, 4, 4), of(1, 4, 4, 3));

    /** x[N,H,W,C] → [N,C]: the sum over the pixels in row-major order (rule 3), divided by H·W. */
    static final Op<NoAttributes> GLOBAL_AVG_POOL = Op.named("global_avg_pool", NoAttributes.class)
            .shapes((a, in) -> {
                TensorSpec x = image(in.get(0));
                Rules.check(x.shape().dim(1) * x.shape().dim(2) > 0, "the image %s has no pixels", x.shape());
                return Rules.like(x, Shape.of(x.shape().dim(0), x.shape().dim(3)));
            })
            .reference(c -> {
                Shape x = c.inShape(0);
                int channels = x.dim(3);
                int pixels = x.dim(1) * x.dim(2);
                for (int o = 0; o < c.out(0).length; o++) {
                    int first = o / channels * pixels * channels + o % channels;
                    double sum = Ordered.sum(c.math(), pixels, i -> c.in(0)[first + i * channels]);
                    c.out(0)[o] = c.math().div(sum, pixels);
                }
            })
            .gradient(c -> {
                Shape x = c.inShape(0);
                Tensor share = Pointwise.div(c.g(), Pointwise.fullLike(c.g(), x.dim(1) * x.dim(2)));
                return new Tensor[] {
                    Views.expand(Views.reshape(share, x.with(1, 1).with(2, 1)), x)
                };
            })
            .flops((a, in, out) -> in.get(0).shape().elements())
            .sample("7x7", NONE, of(2, 7, 7, 37))
            .sample("one pixel", NONE, of(3, 1, 1, 5))
            .sample("one channel", NONE, of(2, 9, 5, 1))
            .sample("more pixels than a segment", NONE, of(1, 65, 64, 3))
            .sample("transposed", NONE, of(2, 5, 6, 18).transposed())
            .sample("empty batch", NONE, of(0, 4, 4, 3))
            .sample("special values", NONE, of(1, 6, 7, 35).fill(Fill.SPECIAL))
            .error("has no pixels", NONE, of(1, 0, 4, 3))
            .error("x [N, H, W, C] must have rank 4", NONE, of(4, 4, 3));

    /** x[N,H,W,C], row weights[H], column weights[W] → [N,C]: Σ x·w over pixels (rule 2), w = row·column rounded once. */
    static final Op<NoAttributes> WEIGHTED_POOL = Op.named("weighted_pool", NoAttributes.class)
            .parameters(1, 2)
            .shapes((a, in) -> {
                TensorSpec x = image(in.get(0));
                Rules.shape(
                        Rules.floating(in.get(1), "row weights"),
                        Shape.of(x.shape().dim(1)),
                        "row weights");
                Rules.shape(
                        Rules.floating(in.get(2), "column weights"),
                        Shape.of(x.shape().dim(2)),
                        "column weights");
                return Rules.like(x, Shape.of(x.shape().dim(0), x.shape().dim(3)));
            })
            .reference(c -> {
                Shape x = c.inShape(0);
                int channels = x.dim(3);
                int columns = x.dim(2);
                int pixels = x.dim(1) * columns;
                for (int o = 0; o < c.out(0).length; o++) {
                    int first = o / channels * pixels * channels + o % channels;
                    c.out(0)[o] = Ordered.contract(
                            c.math(),
                            pixels,
                            i -> c.in(0)[first + i * channels],
                            i -> c.math().mul(c.in(1)[i / columns], c.in(2)[i % columns]));
                }
            })
            .gradient(Pooling::weightedGradient)
            .flops((a, in, out) -> 2.0 * in.get(0).shape().elements())
            .sample("7x7", NONE, of(2, 7, 7, 37), of(7), of(7))
            .sample("pixels across chunks", NONE, of(1, 30, 20, 5), of(30), of(20))
            .sample("one pixel", NONE, of(3, 1, 1, 5), of(1), of(1))
            .sample("transposed", NONE, of(2, 5, 6, 18).transposed(), of(5).layout(Layout.STRIDED), of(6))
            .sample("empty batch", NONE, of(0, 4, 4, 3), of(4), of(4))
            .sample("special values", NONE, of(1, 6, 7, 35).fill(Fill.SPECIAL), of(6), of(7))
            .error("row weights must have shape [4]", NONE, of(1, 4, 5, 3), of(5), of(5))
            .error("column weights must have shape [5]", NONE, of(1, 4, 5, 3), of(4), of(4));

    static final List<Op<?>> OPS = List.of(
            MAX_POOL, MAX_POOL_GRADIENT, MAX_POOL_SELECT, AVG_POOL, AVG_POOL_GRADIENT, GLOBAL_AVG_POOL, WEIGHTED_POOL);

    private Pooling() {}

    /** The largest number in each window: x[N,H,W,C] → [N,OH,OW,C]. NaN wins; padding is never chosen. */
    public static Tensor maxPool2d(Tensor x, PoolSpec spec) {
        return Engine.run(MAX_POOL, spec, x);
    }

    /** The average of each window: x[N,H,W,C] → [N,OH,OW,C]. */
    public static Tensor avgPool2d(Tensor x, PoolSpec spec) {
        return Engine.run(AVG_POOL, spec, x);
    }

    /** The average over all pixels: x[N,H,W,C] → [N,C]. */
    public static Tensor globalAvgPool(Tensor x) {
        return Engine.run(GLOBAL_AVG_POOL, NONE, x);
    }

    /** Σ over pixels (i, j) of x·rowWeights[i]·columnWeights[j]: x[N,H,W,C] → [N,C]. */
    public static Tensor weightedPool(Tensor x, Tensor rowWeights, Tensor columnWeights) {
        return Engine.run(WEIGHTED_POOL, NONE, x, rowWeights, columnWeights);
    }

    private static Tensor avgGradient(PoolSpec s, Tensor g, Shape x) {
        return Engine.run(AVG_POOL_GRADIENT, new PoolGradientSpec(s, x.dim(1), x.dim(2)), g);
    }

    private static Tensor[] weightedGradient(GradientCall<NoAttributes> c) {
        Shape x = c.inShape(0);
        Tensor g = Views.reshape(c.g(), x.with(1, 1).with(2, 1));
        Tensor rows = Views.reshape(c.in(1), x.dim(1), 1);
        Tensor dx = null;
        if (c.needs(0)) {
            Tensor weights = Views.reshape(Pointwise.mul(rows, c.in(2)), 1, x.dim(1), x.dim(2), 1);
            dx = Pointwise.mul(g, weights);
        }
        if (!c.needs(1) && !c.needs(2)) {
            return new Tensor[] {dx, null, null};
        }
        Tensor perPixel = Reductions.sum(Pointwise.mul(c.in(0), g), 0, 3);
        return new Tensor[] {
            dx,
            c.needs(1) ? Reductions.sum(Pointwise.mul(perPixel, c.in(2)), 1) : null,
            c.needs(2) ? Reductions.sum(Pointwise.mul(perPixel, rows), 0) : null
        };
    }

    private static TensorSpec image(TensorSpec x) {
        return Rules.rank(Rules.floating(x, "x"), 4, "x [N, H, W, C]");
    }

    private static SampleInput distinct(int... shape) {
        return of(shape).fill(Fill.DISTINCT);
    }

    /** What maximum and average over windows have in common. */
    private static Op<PoolSpec> windows(String name, Fill fill) {
        return Op.named(name, PoolSpec.class)
                .shapes((s, in) -> {
                    TensorSpec x = image(in.get(0));
                    return Rules.like(x, Windows.output(s, x.shape()));
                })
                .flops((s, in, out) -> (double) out.get(0).shape().elements() * s.kernelH() * s.kernelW())
                .sample("2x2", TWO, of(2, 4, 6, 19).fill(fill))
                .sample("2x2, odd image", TWO, of(1, 5, 7, 3).fill(fill))
                .sample(
                        "3x3, stride 2, ceil",
                        THREE.ceilMode(true),
                        of(1, 8, 6, 33).fill(fill))
                .sample("3x3, stride 2, pad 1", THREE.pad(1), of(1, 7, 8, 18).fill(fill))
                .sample(
                        "pad 1, not counted",
                        THREE.pad(1).countIncludePad(false),
                        of(1, 7, 8, 5).fill(fill))
                .sample(
                        "pad 1, ceil, counted",
                        THREE.pad(1).ceilMode(true),
                        of(1, 6, 6, 5).fill(fill))
                .sample(
                        "ceil drops a window beyond the edge",
                        PoolSpec.of(2, 3).pad(1).ceilMode(true),
                        of(1, 5, 5, 2).fill(fill))
                .sample(
                        "uneven windows, asymmetric pads",
                        UNEVEN,
                        of(1, 6, 9, 5).fill(fill))
                .sample("the whole image", PoolSpec.of(17, 1), of(1, 17, 17, 3).fill(fill))
                .sample("transposed", TWO, of(1, 4, 4, 18).fill(fill).transposed())
                .sample("empty batch", TWO, of(0, 4, 4, 3))
                .sample("special values", THREE.pad(1), of(1, 9, 9, 18).fill(Fill.SPECIAL))
                .error("does not fit", THREE, of(1, 2, 2, 3))
                .error("x [N, H, W, C] must have rank 4", TWO, of(4, 4, 3));
    }
}
