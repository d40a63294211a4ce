package org.reverie.device.cuda;

import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.GroupNormSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Kernels over 16-bit images that memory bounds: depthwise convolutions ({@code kernels/cuda/fast_depthwise.cu}), means and factors
 * of channels ({@code fast_channels.cu}) and group norm ({@code fast_norm.cu}). Tensors are contiguous, the last axis a multiple of 8.
 */
final class FastImages {
    private static final String DEPTHWISE = "fast_depthwise";
    private static final String NORM = "fast_norm";
    private static final String POOL = "fast_channels";

    /** Neighbouring pixels of a thread of a depthwise convolution; threads of its blocks. */
    private static final int STRIP = 4;

    private static final int WARP = 32;

    /** Columns or depth of a linear layer, at most, of which each number has a warp. */
    private static final int NARROW = 128;

    private static final int THREADS = 128;

    /** Chunks of eight channels of a block that pools what it convolves, at most. */
    private static final int MOST_ACROSS = 16;

    /** Of the blocks that sum a group's or a channel's numbers: channels, threads, of which so many share a pixel. */
    private static final int CHANNELS = 64;

    private static final int SUMMING = 256;
    private static final int LANES = CHANNELS / FastTensors.EIGHT;
    private static final int SUMMING_BYTES = SUMMING / LANES * 2 * CHANNELS * Float.BYTES;

    /** Pixels of a part at least, and parts at most. */
    private static final int PIXELS_OF_PART = 64;

    private static final int MOST_PARTS = 64;

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

    /**
     * A depthwise convolution that is started when the next call is made: pooling its result sums the channels on the way. Numbers are
     * addresses.
     *
     * @param geometry the struct Depthwise
     * @param finish the struct Finish
     */
    private record Depthwise(
            CudaQueue queue,
            String kernel,
            DType dtype,
            Shape result,
            long y,
            long bias,
            long x,
            long weight,
            int[] geometry,
            int[] finish)
            implements CudaQueue.Postponed {
        /** Whether this is what will make a tensor. */
        boolean makes(Tensor t) {
            return t.dtype() == dtype && CudaLaunch.address(t) == y && t.shape().equals(result);
        }

        /** Strips of an image. */
        private int strips() {
            return result.dim(1) * Math.ceilDiv(result.dim(2), STRIP);
        }

        @Override
        public void start() {
            long threads = (long) result.dim(0) * strips() * chunks();
            queue.launch(DEPTHWISE, "depthwise_" + kernel)
                    .l(y)
                    .l(bias)
                    .l(x)
                    .l(weight)
                    .words(geometry)
                    .words(finish)
                    .groups(Math.ceilDiv(threads, THREADS), THREADS);
        }

        private int chunks() {
            return result.dim(3) / FastTensors.EIGHT;
        }

        /** Blocks that share the channels among them. */
        private int groups() {
            return Math.ceilDiv(chunks(), MOST_ACROSS);
        }

        private int across() {
            return Math.ceilDiv(chunks(), groups());
        }

        int parts(int units) {
            return FastImages.parts(units, (long) groups() * result.dim(0), strips() / (THREADS / across()));
        }

        /** Makes the sums of each channel too, [images, parts, channels]. */
        void startPooled(Tensor sums) {
            int across = across();
            int parts = sums.dim(1);
            queue.launch(DEPTHWISE, "depthwise_pooled_" + kernel)
                    .shared(THREADS / across * across * FastTensors.EIGHT * Float.BYTES)
                    .l(y)
                    .l(CudaLaunch.address(sums))
                    .l(bias)
                    .l(x)
                    .l(weight)
                    .words(geometry)
                    .words(finish)
                    .i(across)
                    .i(parts)
                    .groups(groups(), parts, result.dim(0), THREADS);
        }
    }

    void depthwise(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int taps = weight.dim(0);
        queue.postpone(new Depthwise(
                queue,
                taps + "x" + taps + "_by_" + s.strideH() + "_" + FastTensors.label(x.dtype()),
                y.dtype(),
                y.shape(),
                CudaLaunch.address(y),
                bias == null ? 0 : CudaLaunch.address(bias),
                CudaLaunch.address(x),
                CudaLaunch.address(weight),
                new int[] {x.dim(1), x.dim(2), x.dim(3), y.dim(1), y.dim(2), s.padTop(), s.padLeft(), x.dim(0)},
                FastFinish.words(s.activation(), 1, bias, null, y.dtype())));
    }

    /** Into how many parts to cut images' pixels, so that a few blocks come to a multiprocessor. */
    private static int parts(int units, long blocks, int most) {
        return (int) Math.clamp(Math.ceilDiv(4L * units, blocks), 1, Math.clamp(most, 1, MOST_PARTS));
    }

    /** x [..., depth] · weight [columns, depth]ᵀ where one side is so narrow that the matrix units would idle. */
    static boolean takesNarrow(Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y) {
        DType d = x.dtype();
        return FastTensors.isLow(d)
                && residual == null
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(weight, d)
                && FastTensors.isPlain(y, d)
                && FastTensors.isParameter(bias, d)
                && y.elements() > 0
                && Math.min(weight.dim(0), weight.dim(1)) <= NARROW;
    }

    void narrowLinear(Activation activation, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int columns = weight.dim(0);
        queue.launch(POOL, "narrow_linear_" + FastTensors.label(x.dtype()))
                .at(y)
                .at(x)
                .at(weight)
                .at(bias)
                .i(y.elements() / columns)
                .i(columns)
                .i(weight.dim(1))
                .words(FastFinish.words(activation, 1, bias, null, y.dtype()))
                .groups(Math.ceilDiv(y.elements(), SUMMING / WARP), SUMMING);
    }

    /** x [N, H, W, C], and its means y [N, C] or another image. */
    static boolean takesChannels(Tensor x, Tensor y) {
        DType d = x.dtype();
        return FastTensors.isLow(d)
                && x.rank() == 4
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(y, d)
                && x.dim(3) % FastTensors.EIGHT == 0
                && x.elements() > 0
                && x.dim(0) <= CudaLaunch.LARGEST_Y;
    }

    /** The mean of each channel. If x is yet to be made by a depthwise convolution, so it is. */
    void pool(Tensor x, Tensor y) {
        int images = x.dim(0);
        int channels = x.dim(3);
        int pixels = x.dim(1) * x.dim(2);
        int across = Math.ceilDiv(channels, CHANNELS);
        Depthwise before = queue.postponed() instanceof Depthwise d && d.makes(x) ? d : null;
        int parts =
                before == null ? parts(units, (long) images * across, pixels / PIXELS_OF_PART) : before.parts(units);
        try (Scope scope = Scope.open()) {
            Tensor sums = Tensor.empty(x.device(), DType.F32, Shape.of(images, parts, channels));
            if (before != null
                    && queue.postponed() == before) { // where memory is short, taking it starts what is postponed
                queue.takeOver();
                before.startPooled(sums);
            } else {
                queue.launch(POOL, "channel_sums_" + FastTensors.label(x.dtype()))
                        .shared(SUMMING / LANES * CHANNELS * Float.BYTES)
                        .at(sums)
                        .at(x)
                        .words(new int[] {images, pixels, channels, parts})
                        .groups(across, parts, images, SUMMING);
            }
            queue.launch(POOL, "channel_means_" + FastTensors.label(x.dtype()))
                    .at(y)
                    .at(sums)
                    .words(new int[] {images, pixels, channels, parts})
                    .items((long) images * channels / FastTensors.EIGHT);
        }
    }

    /** x [N, H, W, C] and a number for each of its channels [N, 1, 1, C]. */
    static boolean takesScale(Tensor x, Tensor factors, Tensor y) {
        return takesChannels(x, y)
                && FastTensors.isPlain(factors, x.dtype())
                && y.shape().equals(x.shape())
                && factors.shape().equals(Shape.of(x.dim(0), 1, 1, x.dim(3)));
    }

    void scale(Tensor x, Tensor factors, Tensor y) {
        queue.launch(POOL, "scale_channels_" + FastTensors.label(x.dtype()))
                .at(y)
                .at(x)
                .at(factors)
                .words(new int[] {x.dim(0), x.dim(1) * x.dim(2), x.dim(3), 1})
                .items(x.elements() / FastTensors.EIGHT);
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
        int parts = parts(units, (long) images * across, pixels / PIXELS_OF_PART);
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
}
