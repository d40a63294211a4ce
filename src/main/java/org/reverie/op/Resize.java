package org.reverie.op;

import static org.reverie.op.SampleInput.of;

import java.util.List;
import org.reverie.device.spec.ResizeGradientSpec;
import org.reverie.device.spec.ResizeSpec;
import org.reverie.device.spec.ResizeSpec.Mode;
import org.reverie.device.spec.ResizeTaps;
import org.reverie.op.SampleInput.Fill;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/**
 * Resizing of NHWC images, a linear map that is separate in columns and rows: first every row is resized, then every
 * column of the result. Each number is a contraction over its taps (rule 2; {@link ResizeTaps} has the weights). The
 * gradient is the same with both matrices transposed, again rows first.
 */
public final class Resize {
    /** x[N,H,W,C] → [N,height,width,C]. */
    static final Op<ResizeSpec> RESIZE = Op.named("resize2d", ResizeSpec.class)
            .shapes((s, in) -> {
                TensorSpec x = Rules.rank(Rules.floating(in.get(0), "x"), 4, "x [N, H, W, C]");
                checkExtents(x.shape().dim(1), x.shape().dim(2), s);
                return Rules.like(x, x.shape().with(1, s.height()).with(2, s.width()));
            })
            .reference(c -> {
                ResizeSpec s = c.attributes();
                Shape x = c.inShape(0);
                apply(c, ResizeTaps.of(s.mode(), x.dim(1), s.height()), ResizeTaps.of(s.mode(), x.dim(2), s.width()));
            })
            .gradient(c -> {
                Shape x = c.inShape(0);
                ResizeGradientSpec s = new ResizeGradientSpec(c.attributes(), x.dim(1), x.dim(2));
                return new Tensor[] {Engine.run(Resize.RESIZE_GRADIENT, s, c.g())};
            })
            .flops((s, in, out) -> 8.0 * out.get(0).shape().elements())
            .sample("nearest, up", new ResizeSpec(Mode.NEAREST, 6, 10), of(2, 3, 5, 7))
            .sample("nearest, odd factors", new ResizeSpec(Mode.NEAREST, 3, 8), of(1, 7, 5, 19))
            .sample("corners, up", new ResizeSpec(Mode.ALIGN_CORNERS, 7, 9), of(2, 4, 5, 18))
            .sample("corners, down", new ResizeSpec(Mode.ALIGN_CORNERS, 3, 4), of(1, 9, 11, 5))
            .sample("corners, to one pixel", new ResizeSpec(Mode.ALIGN_CORNERS, 1, 1), of(1, 4, 5, 3))
            .sample("half pixel, up", new ResizeSpec(Mode.HALF_PIXEL, 8, 9), of(2, 4, 5, 33))
            .sample("half pixel, down", new ResizeSpec(Mode.HALF_PIXEL, 3, 2), of(1, 9, 7, 5))
            .sample("antialias, up", new ResizeSpec(Mode.ANTIALIAS, 9, 7), of(1, 4, 5, 3))
            .sample("antialias, down", new ResizeSpec(Mode.ANTIALIAS, 3, 5), of(1, 11, 13, 19))
            .sample("antialias, taps across a chunk", new ResizeSpec(Mode.ANTIALIAS, 1, 2), of(1, 3, 600, 2))
            .sample("from one pixel", new ResizeSpec(Mode.HALF_PIXEL, 3, 4), of(2, 1, 1, 5))
            .sample("same size", new ResizeSpec(Mode.ALIGN_CORNERS, 4, 5), of(1, 4, 5, 3))
            .sample(
                    "transposed",
                    new ResizeSpec(Mode.HALF_PIXEL, 7, 3),
                    of(1, 4, 5, 6).transposed())
            .sample("empty batch", new ResizeSpec(Mode.HALF_PIXEL, 7, 3), of(0, 4, 5, 6))
            .sample(
                    "special values",
                    new ResizeSpec(Mode.HALF_PIXEL, 9, 9),
                    of(1, 6, 5, 17).fill(Fill.SPECIAL))
            .error("between extents of at least 1", new ResizeSpec(Mode.NEAREST, 0, 4), of(1, 4, 4, 3))
            .error("between extents of at least 1", new ResizeSpec(Mode.NEAREST, 2, 4), of(1, 0, 4, 3))
            .error("x [N, H, W, C] must have rank 4", new ResizeSpec(Mode.NEAREST, 2, 4), of(4, 4, 3));

    /** g[N,height,width,C] → the gradient of x[N,H,W,C]. */
    static final Op<ResizeGradientSpec> RESIZE_GRADIENT = Op.named("resize2d_gradient", ResizeGradientSpec.class)
            .shapes((s, in) -> {
                TensorSpec g = Rules.rank(Rules.floating(in.get(0), "the gradient"), 4, "the gradient");
                checkExtents(s.height(), s.width(), s.resize());
                Shape y = g.shape()
                        .with(1, s.resize().height())
                        .with(2, s.resize().width());
                Rules.shape(g, y, "the gradient");
                return Rules.like(g, y.with(1, s.height()).with(2, s.width()));
            })
            .reference(c -> {
                ResizeGradientSpec s = c.attributes();
                ResizeSpec r = s.resize();
                ResizeTaps rows = ResizeTaps.of(r.mode(), s.height(), r.height());
                ResizeTaps columns = ResizeTaps.of(r.mode(), s.width(), r.width());
                apply(c, rows.transposed(s.height()), columns.transposed(s.width()));
            })
            .gradient(c -> new Tensor[] {Engine.run(RESIZE, c.attributes().resize(), c.g())})
            .flops((s, in, out) -> 8.0 * in.get(0).shape().elements())
            .sample("nearest, up", back(Mode.NEAREST, 6, 10, 3, 5), of(2, 6, 10, 7))
            .sample("nearest, down", back(Mode.NEAREST, 3, 2, 7, 5), of(1, 3, 2, 19))
            .sample("corners, up", back(Mode.ALIGN_CORNERS, 7, 9, 4, 5), of(2, 7, 9, 18))
            .sample("corners, down", back(Mode.ALIGN_CORNERS, 3, 4, 9, 11), of(1, 3, 4, 5))
            .sample("half pixel, up", back(Mode.HALF_PIXEL, 8, 9, 4, 5), of(2, 8, 9, 33))
            .sample("antialias, down", back(Mode.ANTIALIAS, 3, 5, 11, 13), of(1, 3, 5, 19))
            .sample("to one pixel, across a chunk", back(Mode.HALF_PIXEL, 3, 600, 1, 1), of(1, 3, 600, 2))
            .sample("empty batch", back(Mode.HALF_PIXEL, 7, 3, 4, 5), of(0, 7, 3, 6))
            .sample(
                    "special values",
                    back(Mode.HALF_PIXEL, 9, 9, 6, 5),
                    of(1, 9, 9, 17).fill(Fill.SPECIAL))
            .error("the gradient must have shape [1, 7, 3, 6]", back(Mode.HALF_PIXEL, 7, 3, 4, 5), of(1, 4, 5, 6));

    static final List<Op<?>> OPS = List.of(RESIZE, RESIZE_GRADIENT);

    private Resize() {}

    /** Every pixel a copy of the one at ⌊i·in/out⌋ (−0 becomes +0): x[N,H,W,C] → [N,height,width,C]. */
    public static Tensor nearest2d(Tensor x, int height, int width) {
        return Engine.run(RESIZE, new ResizeSpec(Mode.NEAREST, height, width), x);
    }

    /** Linear between neighbouring pixels, or over all pixels under a triangle: x[N,H,W,C] → [N,height,width,C]. */
    public static Tensor bilinear2d(Tensor x, int height, int width, Mode mode) {
        return Engine.run(RESIZE, new ResizeSpec(mode, height, width), x);
    }

    private static void checkExtents(int height, int width, ResizeSpec s) {
        Rules.check(
                Math.min(Math.min(height, width), Math.min(s.height(), s.width())) >= 1,
                "resizes between extents of at least 1, not %d×%d to %d×%d",
                height,
                width,
                s.height(),
                s.width());
    }

    private static void apply(ReferenceCall<?> c, ResizeTaps rows, ResizeTaps columns) {
        int height = c.inShape(0).dim(1);
        int channels = c.inShape(0).dim(3);
        double[] wide = along(c.math(), c.in(0), columns, c.inShape(0).dim(2), channels);
        int line = c.outShape(0).dim(2) * channels;
        double[] y = along(c.math(), wide, rows, height, line);
        System.arraycopy(y, 0, c.out(0), 0, y.length);
    }

    /** Resizes the middle axis of x[outer, extent, inner]. */
    private static double[] along(Arithmetic m, double[] x, ResizeTaps taps, int extent, int inner) {
        int outer = inner == 0 ? 0 : x.length / (extent * inner);
        int out = taps.start().length;
        double[] y = new double[outer * out * inner];
        for (int i = 0; i < y.length; i++) {
            int o = i / inner % out;
            int first = (i / inner / out * extent + taps.start()[o]) * inner + i % inner;
            float[] weight = taps.weight()[o];
            y[i] = Ordered.contract(m, weight.length, t -> x[first + t * inner], t -> weight[t]);
        }
        return y;
    }

    private static ResizeGradientSpec back(Mode mode, int outHeight, int outWidth, int height, int width) {
        return new ResizeGradientSpec(new ResizeSpec(mode, outHeight, outWidth), height, width);
    }
}
