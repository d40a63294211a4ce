package org.reverie.device.opencl;

import org.reverie.device.kernels.Ending;
import org.reverie.device.kernels.Window;
import org.reverie.device.spec.ConvSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Tensor;

/**
 * Depthwise convolutions by vectors of four channels: {@code kernels/opencl/depthwise.cl}. All tensors are contiguous. Channels
 * that are no multiple of four, and kernels of more taps than a chunk has terms, are left to the plain kernels.
 */
final class GpuDepthwise {
    private static final String FAMILY = "depthwise";
    private static final int VECTOR = 4;

    /** Pixels of a row that a work item makes. */
    private static final int STRIP = 4;

    private final ClQueue queue;
    private final Slices slices;

    GpuDepthwise(ClQueue queue, Slices slices) {
        this.queue = queue;
        this.slices = slices;
    }

    private static boolean takes(Tensor result, int channels, Tensor weight) {
        return result.elements() > 0
                && channels % VECTOR == 0
                && weight.dim(0) * weight.dim(1) > 0
                && weight.dim(0) * weight.dim(1) <= Contract.CHUNK;
    }

    private static int[] window(ConvSpec s, Tensor x, Tensor y, Tensor weight) {
        return Window.words(s, x.shape(), y.shape(), weight.dim(0), weight.dim(1));
    }

    boolean convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        if (!takes(y, x.dim(3), weight)) {
            return false;
        }
        long items = (long) y.dim(0) * y.dim(1) * Math.ceilDiv(y.dim(2), STRIP) * (y.dim(3) / VECTOR);
        queue.launchOwn(FAMILY, "depthwise_convolve")
                .dense(y)
                .i(items)
                .words(window(s, x, y, weight))
                .dense(x)
                .dense(weight)
                .biasAlone(new Ending(bias, null, s.activation()))
                .items(items);
        return true;
    }

    boolean back(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        if (!takes(dx, dx.dim(3), weight)) {
            return false;
        }
        long items = dx.elements() / VECTOR;
        queue.launchOwn(FAMILY, "depthwise_back")
                .dense(dx)
                .i(items)
                .words(window(s, dx, g, weight))
                .dense(g)
                .dense(weight)
                .items(items);
        return true;
    }

    boolean weights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        if (!takes(dw, dw.dim(2), dw) || g.elements() == 0) {
            return false;
        }
        int elements = Math.toIntExact(dw.elements());
        int pixels = g.dim(0) * g.dim(1) * g.dim(2);
        Slices.Cut cut = slices.cut(pixels, Math.ceilDiv(elements / VECTOR, queue.usualGroup()));
        Tensor target = slices.target(cut, elements, dw);
        long items = (long) elements / VECTOR * cut.slices();
        queue.launchOwn(FAMILY, "depthwise_weights")
                .dense(target)
                .i(items)
                .i(cut.chunks())
                .i(elements)
                .i(pixels)
                .words(window(s, x, g, dw))
                .dense(x)
                .dense(g)
                .items(items);
        slices.fold(cut, target, elements, dw.dim(2), Geometry.ROWS_IN_ORDER, Ending.NONE, dw);
        return true;
    }
}
