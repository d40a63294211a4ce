package org.reverie.device.cuda;

import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Kernels over 16-bit tensors that memory bounds: depthwise convolutions ({@code kernels/cuda/fast_depthwise.cu}), group norm and
 * softmax ({@code fast_norm.cu}). Tensors are contiguous, the last axis a multiple of 8.
 */
final class FastImages {
    private static final String DEPTHWISE = "fast_depthwise";
    private static final String NORM = "fast_norm";

    /** Neighbouring pixels of a thread of a depthwise convolution; threads of its blocks, and of those of a softmax. */
    private static final int STRIP = 4;

    private static final int THREADS = 128;

    /** Of the blocks that sum a group's numbers: channels, threads, bytes of shared memory. */
    private static final int CHANNELS = 64;

    private static final int SUMMING = 256;
    private static final int SUMMING_BYTES = 32 * 2 * CHANNELS * Float.BYTES;

    /** Pixels of a part at least, and parts at most. */
    private static final int PIXELS_OF_PART = 64;

    private static final int MOST_PARTS = 64;

    /** Numbers of a row that a block keeps at most, and what its warps tell each other. */
    private static final int WIDEST_ROW = 4096;

    private static final int ROW_BYTES = 32;

    /** Groups of a block that works out their statistics. */
    private static final int GROUPS = 8;

    private final CudaQueue queue;
    private final int units;

    FastImages(CudaQueue queue, int units) {
        this.queue = queue;
        this.units = units;
    }

    /** x [N, H, W, C], weight [K, K, C] with K 3 or 5, strides 1 or 2. */
    static boolean takes(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        DType d = x.dtype();
        int taps = weight.dim(0);
        return FastTensors.isLow(d)
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(weight, d)
                && FastTensors.isPlain(y, d)
                && FastTensors.isParameter(bias, d)
                && x.dim(3) % FastTensors.EIGHT == 0
                && (taps == 3 || taps == 5)
                && weight.dim(1) == taps
                && (s.strideH() == 1 || s.strideH() == 2)
                && s.strideW() == s.strideH()
                && s.dilationH() == 1
                && s.dilationW() == 1;
    }

    void depthwise(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int taps = weight.dim(0);
        long threads = (long) y.dim(0) * y.dim(1) * Math.ceilDiv(y.dim(2), STRIP) * (y.dim(3) / FastTensors.EIGHT);
        queue.launch(
                        DEPTHWISE,
                        "depthwise_" + taps + "x" + taps + "_by_" + s.strideH() + "_" + FastTensors.label(x.dtype()))
                .at(y)
                .at(bias)
                .at(x)
                .at(weight)
                .words(new int[] {x.dim(1), x.dim(2), x.dim(3), y.dim(1), y.dim(2), s.padTop(), s.padLeft(), x.dim(0)})
                .words(FastFinish.words(s.activation(), 1, bias, null, y.dtype()))
                .groups(Math.ceilDiv(threads, THREADS), THREADS);
    }

    /** x [N, …, C]; weight and bias [C] may be null. */
    static boolean takes(Tensor x, Tensor weight, Tensor bias, Tensor y) {
        DType d = x.dtype();
        return FastTensors.isLow(d)
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(y, d)
                && FastTensors.isParameter(weight, d)
                && FastTensors.isParameter(bias, d)
                && x.dim(-1) % FastTensors.EIGHT == 0
                && x.elements() > 0
                && x.dim(0) <= CudaLaunch.LARGEST_Y;
    }

    void groupNorm(GroupNormSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int images = x.dim(0);
        int channels = x.dim(-1);
        int pixels = Math.toIntExact(x.elements() / images / channels);
        int across = Math.ceilDiv(channels, CHANNELS);
        long wanted = Math.ceilDiv(4L * units, (long) images * across);
        int parts = (int) Math.clamp(wanted, 1, Math.clamp(pixels / PIXELS_OF_PART, 1, MOST_PARTS));
        String label = FastTensors.label(x.dtype());
        int[] norm = {
            images,
            pixels,
            channels,
            s.groups(),
            parts,
            Float.floatToRawIntBits((float) s.epsilon()),
            FastFinish.parameter(weight),
            FastFinish.parameter(bias)
        };
        try (Scope scope = Scope.open()) {
            Tensor sums = Tensor.empty(x.device(), DType.F32, Shape.of(images, parts, 2, channels));
            Tensor statistics = Tensor.empty(x.device(), DType.F32, Shape.of(images, s.groups(), 2));
            queue.launch(NORM, "group_sums_" + label)
                    .shared(SUMMING_BYTES)
                    .at(sums)
                    .at(x)
                    .words(norm)
                    .groups(across, parts, images, SUMMING);
            queue.launch(NORM, "group_statistics_" + label)
                    .at(statistics)
                    .at(sums)
                    .at(x)
                    .words(norm)
                    .groups(Math.ceilDiv(images * s.groups(), GROUPS), SUMMING);
            queue.launch(NORM, "group_apply_" + label)
                    .at(y)
                    .at(x)
                    .at(statistics)
                    .at(weight)
                    .at(bias)
                    .words(norm)
                    .words(FastFinish.words(s.activation(), 1, null, null, y.dtype()))
                    .items(x.elements() / FastTensors.EIGHT);
        }
    }

    /** x [..., width], whose rows a block keeps. */
    static boolean takesRows(Tensor x, Tensor y) {
        DType d = x.dtype();
        return FastTensors.isLow(d)
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(y, d)
                && x.dim(-1) % FastTensors.EIGHT == 0
                && x.dim(-1) <= WIDEST_ROW
                && x.elements() > 0;
    }

    void softmax(Tensor x, Tensor y) {
        queue.launch(NORM, "softmax_row_" + FastTensors.label(x.dtype()))
                .shared(ROW_BYTES)
                .at(y)
                .at(x)
                .i(x.dim(-1))
                .groups(x.elements() / x.dim(-1), THREADS);
    }
}
