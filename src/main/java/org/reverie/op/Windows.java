package org.reverie.op;

import org.reverie.device.spec.PoolSpec;
import org.reverie.tensor.Shape;

/** The windows of a pooling, for references: image x[N,H,W,C] and result y[N,OH,OW,C]. */
record Windows(PoolSpec spec, Shape x, Shape y) {
    interface Visitor {
        /** One pixel of the image: its element in the visited channel, and the number of the tap that is on it. */
        void visit(int index, int tap);
    }

    /** Visits the window of output element o, pixels of the image only, row by row. */
    void of(int o, Visitor visitor) {
        int channel = o % y.dim(3);
        int left = column(o) * spec.strideW() - spec.padLeft();
        int top = row(o) * spec.strideH() - spec.padTop();
        for (int kh = 0; kh < spec.kernelH(); kh++) {
            for (int kw = 0; kw < spec.kernelW(); kw++) {
                int pixel = ConvTaps.index(x, image(o), top + kh, left + kw);
                if (pixel >= 0) {
                    visitor.visit(pixel + channel, kh * spec.kernelW() + kw);
                }
            }
        }
    }

    int count(int o) {
        return spec.count(row(o), column(o), x.dim(1), x.dim(2));
    }

    /** The element of the window that is its maximum: the first NaN, else the first of the largest. */
    int argMax(int o, double[] values) {
        int[] best = {-1};
        of(o, (i, tap) -> {
            if (best[0] < 0 || beats(values[i], values[best[0]])) {
                best[0] = i;
            }
        });
        return best[0];
    }

    private static boolean beats(double later, double earlier) {
        return Double.isNaN(later) ? !Double.isNaN(earlier) : later > earlier;
    }

    private int row(int o) {
        return o / y.dim(3) / y.dim(2) % y.dim(1);
    }

    private int column(int o) {
        return o / y.dim(3) % y.dim(2);
    }

    private int image(int o) {
        return o / y.dim(3) / y.dim(2) / y.dim(1);
    }

    /** The shape of the result, or a refusal. */
    static Shape output(PoolSpec s, Shape x) {
        int height = s.outputHeight(x.dim(1));
        int width = s.outputWidth(x.dim(2));
        Rules.check(
                height > 0 && width > 0,
                "the %d×%d window does not fit the image %s with its pads",
                s.kernelH(),
                s.kernelW(),
                x);
        return x.with(1, height).with(2, width);
    }
}
