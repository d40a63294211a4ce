package org.reverie.device.cuda;

import org.reverie.device.spec.Activation;
import org.reverie.tensor.DType;
import org.reverie.tensor.Tensor;

/**
 * Softmax and norms along rows of 16-bit numbers that a block keeps ({@code kernels/cuda/fast_norm.cu}). Tensors are contiguous, the
 * last axis a multiple of 8.
 */
final class FastRows {
    private static final String FAMILY = "fast_norm";
    private static final int THREADS = 128;

    /** Numbers of a row at most, and bytes of what a block's warps tell each other. */
    private static final int WIDEST = 4096;

    private static final int SHARED = 32;

    private final CudaQueue queue;

    FastRows(CudaQueue queue) {
        this.queue = queue;
    }

    /** x [..., width] and y like it. */
    static boolean takes(Tensor x, Tensor y) {
        DType d = x.dtype();
        return FastTensors.isLow(d)
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(y, d)
                && x.dim(-1) % FastTensors.EIGHT == 0
                && x.dim(-1) <= WIDEST
                && x.elements() > 0;
    }

    /** As {@link #takes(Tensor, Tensor)}; weight and bias [width] may be null. */
    static boolean takes(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        return takes(x, y) && FastTensors.isParameter(weight, x.dtype()) && FastTensors.isParameter(bias, x.dtype());
    }

    void softmax(Tensor x, Tensor y) {
        queue.launch(FAMILY, "softmax_row_" + FastTensors.label(x.dtype()))
                .shared(SHARED)
                .at(y)
                .at(x)
                .i(x.dim(-1))
                .groups(x.elements() / x.dim(-1), THREADS);
    }

    /** y = activation(weight · (x − mean) / √(variance + epsilon) + bias). If x is yet to be joined from partial sums, so it is. */
    void normalize(double epsilon, Activation activation, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int width = x.dim(-1);
        String label = FastTensors.label(x.dtype());
        int[] norm = {
            width, Float.floatToRawIntBits((float) epsilon), FastFinish.parameter(weight), FastFinish.parameter(bias)
        };
        int[] finish = FastFinish.words(activation, 1, null, null, y.dtype());
        if (queue.postponed() instanceof FastGemm.Join join && join.makes(x)) {
            queue.takeOver();
            queue.launch(FAMILY, "join_normalized_" + label)
                    .shared(SHARED)
                    .l(join.y())
                    .l(join.residual())
                    .l(join.bias())
                    .l(join.parts())
                    .i(join.splits())
                    .i(join.rows())
                    .words(join.finish())
                    .l(CudaLaunch.address(y))
                    .l(weight == null ? 0 : CudaLaunch.address(weight))
                    .l(bias == null ? 0 : CudaLaunch.address(bias))
                    .words(norm)
                    .words(finish)
                    .groups(join.rows(), THREADS);
            return;
        }
        queue.launch(FAMILY, "normalize_row_" + label)
                .shared(SHARED)
                .at(y)
                .at(x)
                .at(weight)
                .at(bias)
                .words(norm)
                .words(finish)
                .groups(x.elements() / width, THREADS);
    }
}
