package org.reverie.device.cuda;

import org.reverie.device.kernels.Window;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Convolutions of 16-bit images and their gradients: {@code kernels/cuda/fast_conv.cu}; of one pixel with stride 1, products of
 * matrices. All tensors are contiguous, one group, channels and outputs multiples of 8; images of fewer channels than 8, with which
 * networks begin, are copied with zeros behind them.
 */
final class FastConv {
    private static final String FAMILY = "fast_conv";

    /** Where the struct Product has the number of splits. */
    private static final int SPLITS = 3;

    /** Where the struct Window has the dilations and the pads. */
    private static final int DILATION = 10;

    private static final int PAD = 12;

    private final CudaQueue queue;
    private final int units;
    private final FastGemm gemm;
    private final FastHopper hopper;

    /** @param hopper null on other cards */
    FastConv(CudaQueue queue, int units, FastGemm gemm, FastHopper hopper) {
        this.queue = queue;
        this.units = units;
        this.gemm = gemm;
        this.hopper = hopper;
    }

    /** Whether x [N, H, W, C], weight [O, KH, KW, C] and y [N, OH, OW, O], or gradients in their place, can be taken. */
    static boolean takes(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        return x.dim(3) % FastTensors.EIGHT == 0 && takesOutputs(s, x, weight, y);
    }

    /** The same, without gradients: where C is less than 8 too. */
    static boolean takesForward(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        return (x.dim(3) % FastTensors.EIGHT == 0 || x.dim(3) < FastTensors.EIGHT) && takesOutputs(s, x, weight, y);
    }

    private static boolean takesOutputs(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        DType d = x.dtype();
        return FastTensors.isLow(d)
                && s.groups() == 1
                && FastTensors.isPlain(x, d)
                && FastTensors.isPlain(weight, d)
                && FastTensors.isPlain(y, d)
                && y.dim(3) % FastTensors.EIGHT == 0
                && x.elements() > 0
                && y.elements() > 0
                && pixels(x) < 1 << 28
                && pixels(y) < 1 << 28;
    }

    /** Whether every output pixel reads one input pixel, at its own place. */
    private static boolean isPointwise(ConvSpec s, Tensor weight) {
        return weight.dim(1) == 1
                && weight.dim(2) == 1
                && s.strideH() == 1
                && s.strideW() == 1
                && (s.padTop() | s.padLeft() | s.padBottom() | s.padRight()) == 0;
    }

    private static long pixels(Tensor image) {
        return image.elements() / image.dim(3);
    }

    private static Tensor matrix(Tensor t, int columns) {
        int rows = Math.toIntExact(t.elements() / columns);
        return t.view(Shape.of(rows, columns), new long[] {columns, 1}, t.offset());
    }

    /** A tensor of fewer channels than 8 with zeros behind them. */
    private Tensor padded(Tensor t) {
        int rows = Math.toIntExact(pixels(t));
        Tensor wide = Tensor.empty(t.device(), t.dtype(), t.shape().with(3, FastTensors.EIGHT));
        queue.launch("fast_channels", "pad_channels_" + FastTensors.label(t.dtype()))
                .at(wide)
                .at(t)
                .i(rows)
                .i(t.dim(3))
                .items(rows);
        return wide;
    }

    /** Addends may be null. */
    void convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y) {
        if (x.dim(3) < FastTensors.EIGHT) {
            try (Scope scope = Scope.open()) {
                convolve(s, padded(x), padded(weight), bias, residual, y);
            }
            return;
        }
        int outputs = y.dim(3);
        int rows = Math.toIntExact(pixels(y));
        int[] finish = FastFinish.words(s.activation(), 1, bias, residual, y.dtype());
        if (isPointwise(s, weight)) {
            FastGemm.Operands o = FastGemm.Operands.linear(x, matrix(weight, x.dim(3)), rows);
            gemm.multiply(o, finish, bias, residual, y);
            return;
        }
        int depth = Math.toIntExact(weight.elements() / outputs);
        int[] window = window(s, x.shape(), y.shape(), weight);
        if (hopper != null && FastHopper.takes(x, outputs, depth)) {
            hopper.convolve(window, x, weight, rows, finish, bias, residual, y);
            return;
        }
        FastTile tile = FastTile.of(rows, outputs, 1, units);
        run(
                x.dtype(),
                tile,
                rows,
                outputs,
                depth,
                finish,
                bias,
                residual,
                y,
                (to, product, words) -> queue.launch(FAMILY, "convolve_" + suffix(tile, x))
                        .shared(tile.shared())
                        .at(to)
                        .at(product[SPLITS] > 1 ? null : residual)
                        .at(product[SPLITS] > 1 ? null : bias)
                        .at(x)
                        .at(weight)
                        .words(window)
                        .words(product)
                        .words(words)
                        .groups(tile.count(rows, outputs), product[SPLITS], 1, tile.threads()));
    }

    /** Whether the gradient of the input can be taken: strides of 1. */
    static boolean goesBack(ConvSpec s) {
        return s.strideH() == 1 && s.strideW() == 1;
    }

    /** The gradient of x from that of y. */
    void convolveBack(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        int channels = dx.dim(3);
        int outputs = g.dim(3);
        int rows = Math.toIntExact(pixels(dx));
        if (isPointwise(s, weight)) {
            int[] finish = FastFinish.words(Activation.NONE, 1, null, null, dx.dtype());
            FastGemm.Operands o = FastGemm.Operands.of(
                    matrix(g, outputs), matrix(weight, channels), new MatmulSpec(false, false), matrix(dx, channels));
            gemm.multiply(o, finish, null, null, dx);
            return;
        }
        ConvSpec walk = new ConvSpec(1, 1, 1, 1, 0, 0, 0, 0, 1, Activation.NONE);
        int[] window = window(walk, g.shape(), dx.shape(), weight);
        window[DILATION] = -s.dilationH();
        window[DILATION + 1] = -s.dilationW();
        window[PAD] = -s.padTop();
        window[PAD + 1] = -s.padLeft();
        int depth = Math.toIntExact(weight.elements() / channels);
        gradient("convolve_back_", g, weight, window, rows, channels, depth, dx);
    }

    /** The gradient of the weight from x and that of y. */
    void convolveWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        int outputs = g.dim(3);
        int columns = Math.toIntExact(dw.elements() / outputs);
        int depth = Math.toIntExact(pixels(g));
        gradient("convolve_weights_", x, g, window(s, x.shape(), g.shape(), dw), outputs, columns, depth, dw);
    }

    /** Rows by columns of sums of so many products of an image's and another tensor's. */
    private void gradient(
            String kernel, Tensor image, Tensor other, int[] window, int rows, int columns, int depth, Tensor result) {
        FastTile tile = FastTile.of(rows, columns, 1, units);
        run(
                image.dtype(),
                tile,
                rows,
                columns,
                depth,
                FastFinish.words(Activation.NONE, 1, null, null, result.dtype()),
                null,
                null,
                result,
                (to, product, words) -> queue.launch(FAMILY, kernel + suffix(tile, image))
                        .shared(tile.shared())
                        .at(to)
                        .at(image)
                        .at(other)
                        .words(window)
                        .words(product)
                        .words(words)
                        .groups(tile.count(rows, columns), product[SPLITS], 1, tile.threads()));
    }

    /** Starts a kernel that writes a result, or its parts. */
    private interface Start {
        void to(Tensor result, int[] product, int[] finish);
    }

    private void run(
            DType dtype,
            FastTile tile,
            int rows,
            int columns,
            int depth,
            int[] finish,
            Tensor bias,
            Tensor residual,
            Tensor y,
            Start start) {
        int splits = tile.splits(rows, columns, depth, units);
        int[] product = {rows, columns, depth, splits};
        if (splits == 1) {
            start.to(y, product, finish);
        } else {
            FastGemm.split(
                    queue,
                    dtype,
                    splits,
                    rows,
                    columns,
                    finish,
                    bias,
                    residual,
                    y,
                    parts -> start.to(parts, product, FastFinish.sums()));
        }
    }

    private static String suffix(FastTile tile, Tensor t) {
        return tile.name() + "_" + FastTensors.label(t.dtype());
    }

    /** The struct Window of the kernels. */
    static int[] window(ConvSpec s, Shape x, Shape y, Tensor weight) {
        return Window.words(s, x, y, weight.dim(1), weight.dim(2));
    }
}
