package org.reverie.device.opencl;

import org.reverie.device.kernels.Launch;
import org.reverie.device.kernels.Window;
import org.reverie.device.spec.ConvSpec;
import org.reverie.numerics.Contract;
import org.reverie.tensor.Tensor;

/**
 * Depthwise convolutions by whole vectors of channels: {@code kernels/opencl/strips.cl}. All tensors are contiguous. Fewer
 * channels than a vector has, and kernels of more taps than a chunk has terms, are left to the plain kernels.
 */
final class CpuDepthwise {
    private static final String FAMILY = "strips";

    /** Taps of a weight's gradient that a work item adds up. */
    private static final int TAPS = 4;

    private final ClQueue queue;
    private final int vector;

    CpuDepthwise(ClQueue queue) {
        this.queue = queue;
        this.vector = queue.device().vector();
    }

    private Launch launch(String kernel) {
        return queue.launchOwn(FAMILY, kernel, "#define WIDTH " + vector + "\n");
    }

    /** @param weight [kernel rows, kernel columns, channels] */
    private boolean takes(Tensor result, Tensor weight) {
        int taps = weight.dim(0) * weight.dim(1);
        return result.elements() > 0 && weight.dim(2) >= vector && taps > 0 && taps <= Contract.CHUNK;
    }

    private static int[] window(ConvSpec s, Tensor x, Tensor y, Tensor weight) {
        return Window.words(s, x.shape(), y.shape(), weight.dim(0), weight.dim(1));
    }

    /** Without the activation. */
    boolean convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        if (!takes(y, weight)) {
            return false;
        }
        launch("strip_depthwise")
                .dense(y)
                .words(window(s, x, y, weight))
                .dense(x)
                .dense(weight)
                .flag(bias != null)
                .dense(bias)
                .groups((long) y.dim(0) * y.dim(1), 1);
        return true;
    }

    boolean back(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        if (!takes(dx, weight)) {
            return false;
        }
        launch("strip_depthwise_back")
                .dense(dx)
                .words(window(s, dx, g, weight))
                .dense(g)
                .dense(weight)
                .groups((long) dx.dim(0) * dx.dim(1), 1);
        return true;
    }

    boolean weights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        if (!takes(dw, dw) || g.elements() == 0) {
            return false;
        }
        launch("strip_depthwise_weights")
                .dense(dw)
                .words(window(s, x, g, dw))
                .dense(x)
                .dense(g)
                .i((long) g.dim(0) * g.dim(1) * g.dim(2))
                .groups(Math.ceilDiv(dw.dim(0) * dw.dim(1), TAPS), Math.ceilDiv(dw.dim(2), vector), 1, 1);
        return true;
    }
}
