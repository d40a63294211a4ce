package org.reverie.device.cuda;

import org.reverie.device.kernels.Ending;
import org.reverie.device.spec.ConvSpec;
import org.reverie.tensor.Tensor;

/**
 * Exact depthwise convolutions and their input gradients of the usual kernels and strides, four channels of neighbouring pixels
 * to a thread: {@code kernels/cuda/depthwise.cuh}.
 */
final class CudaDepthwise {
    private static final String FAMILY = "tiles";
    private static final int QUAD = 4;

    /** Pixels of a row to a thread, as the kernels have it. */
    private static final int ROW_PIXELS = 4;

    private final CudaQueue queue;

    CudaDepthwise(CudaQueue queue) {
        this.queue = queue;
    }

    private static boolean takes(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        int kernel = weight.dim(0);
        return kernel == weight.dim(1)
                && (kernel == 3 || kernel == 5)
                && s.strideH() == s.strideW()
                && s.strideH() <= 2
                && s.dilationH() == 1
                && s.dilationW() == 1
                && (x.dim(3) | x.offset() | weight.offset() | y.offset()) % QUAD == 0;
    }

    /** Whether y was computed; the bias may be null. */
    boolean forward(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        if (!takes(s, x, weight, y)) {
            return false;
        }
        int kernel = weight.dim(0);
        long items = (long) y.dim(0) * y.dim(1) * Math.ceilDiv(y.dim(2), ROW_PIXELS) * (y.dim(3) / QUAD);
        queue.launch(FAMILY, "depthwise_" + kernel + "_" + s.strideH())
                .dense(y)
                .i(items)
                .words(CudaTiles.window(s, x, y, kernel))
                .dense(x)
                .dense(weight)
                .biasAlone(new Ending(bias, null, s.activation()))
                .items(items);
        return true;
    }

    /** Whether dx, the slopes of x, was computed from those of y. */
    boolean back(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        if (!takes(s, dx, weight, g)) {
            return false;
        }
        int kernel = weight.dim(0);
        int stride = s.strideW();
        int columns = Math.ceilDiv(dx.dim(2) + s.padLeft() % stride, ROW_PIXELS);
        long items = (long) dx.dim(0) * dx.dim(1) * columns * (dx.dim(3) / QUAD);
        queue.launch(FAMILY, "depthwise_back_" + kernel + "_" + stride)
                .dense(dx)
                .i(items)
                .words(new int[] {
                    g.dim(1),
                    g.dim(2),
                    g.dim(3),
                    g.dim(3),
                    dx.dim(1),
                    dx.dim(2),
                    1,
                    1,
                    s.padTop(),
                    s.padLeft(),
                    1,
                    1,
                    kernel
                })
                .dense(g)
                .dense(weight)
                .items(items);
        return true;
    }
}
