package org.reverie.device.kernels;

import java.util.Map;
import java.util.stream.IntStream;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.ConvInputGradientSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.ConvTransposeSpec;
import org.reverie.device.spec.ConvWeightGradientSpec;
import org.reverie.device.spec.LinearSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Matrix products and convolutions: {@code kernels/common/contraction.h}. */
final class ContractionBindings {
    private static final String FAMILY = "contraction";

    private final KernelQueue queue;
    private final Tiles tiles;

    /** @param tiles the tiles of the device's kind; null for the plain kernels alone */
    ContractionBindings(KernelQueue queue, Tiles tiles) {
        this.queue = queue;
        this.tiles = tiles;
    }

    void register(Map<String, Binding> table) {
        table.put("matmul", this::matmul);
        table.put("linear", this::linear);
        table.put("conv2d", this::conv);
        table.put("conv2d_input_gradient", call -> inputGradient(call, false));
        table.put("conv2d_weight_gradient", call -> weightGradient(call, false));
        table.put("conv_transpose2d", this::convTranspose);
        table.put("depthwise_conv2d", this::depthwise);
        table.put("depthwise_input_gradient", call -> inputGradient(call, true));
        table.put("depthwise_weight_gradient", call -> weightGradient(call, true));
    }

    private Tensor dense(Tensor t) {
        return ShapingBindings.contiguous(queue, t);
    }

    private void matmul(KernelCall call) {
        multiply(call.in(0), call.in(1), call.attributes(MatmulSpec.class), call.out(0));
    }

    /** a[…, m, k] · b[…, k, n], either turned around first, into y. */
    void multiply(Tensor a, Tensor b, MatmulSpec s, Tensor y) {
        Shape batch = y.shape().without(-1).without(-1);
        if (tiles != null && a.dim(s.transposeA() ? -2 : -1) > 0) {
            tiles.multiply(a, b, s, y);
            return;
        }
        queue.launch(FAMILY, "contract_matrices")
                .dense(y)
                .i(y.elements())
                .i(y.dim(-2))
                .i(y.dim(-1))
                .i(a.dim(s.transposeA() ? -2 : -1))
                .memory(a)
                .places(View.matrices(a, batch))
                .i(a.stride(s.transposeA() ? -1 : -2))
                .i(a.stride(s.transposeA() ? -2 : -1))
                .memory(b)
                .places(View.matrices(b, batch))
                .i(b.stride(s.transposeB() ? -1 : -2))
                .i(b.stride(s.transposeB() ? -2 : -1))
                .ending(Ending.NONE)
                .items(y.elements());
    }

    private void linear(KernelCall call) {
        Tensor y = call.out(0);
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            Tensor weight = call.in(1);
            Tensor bias = dense(call.in(2));
            Tensor residual = dense(call.in(3));
            int k = weight.dim(1);
            int n = weight.dim(0);
            Activation activation = call.attributes(LinearSpec.class).activation();
            if (tiles != null && k > 0) {
                tiles.linear(x, weight, bias, residual, activation, y);
                return;
            }
            queue.launch(FAMILY, "contract_matrices")
                    .dense(y)
                    .i(y.elements())
                    .i(y.elements() / Math.max(1, n))
                    .i(n)
                    .i(k)
                    .memory(x)
                    .places(View.start(x))
                    .i(k)
                    .i(1)
                    .memory(weight)
                    .places(View.start(weight))
                    .i(weight.stride(1))
                    .i(weight.stride(0))
                    .ending(new Ending(bias, residual, activation))
                    .items(y.elements());
        }
    }

    /**
     * The struct Conv of the kernels, of a convolution from x to y.
     *
     * @param weight [O, KH, KW, C / groups], or [KH, KW, C] for a depthwise convolution
     */
    private static int[] geometry(ConvSpec s, Tensor x, Tensor y, Tensor weight, boolean depthwise) {
        int first = depthwise ? 0 : 1;
        int kernelHeight = weight.dim(first);
        int kernelWidth = weight.dim(first + 1);
        int last = weight.dim(-1);
        int[] grouping = depthwise
                ? new int[] {last, 1, last, 0}
                : new int[] {s.groups(), kernelHeight * kernelWidth * last, last, 1};
        int[] window = Window.words(s, x.shape(), y.shape(), kernelHeight, kernelWidth);
        return IntStream.concat(IntStream.of(window), IntStream.of(grouping)).toArray();
    }

    /** Whether the tiles take a convolution from x to y, or a gradient of it, with so many elements and terms to add. */
    private boolean tiled(ConvSpec s, boolean depthwise, Tensor x, Tensor weight, Tensor y, long elements, long terms) {
        return tiles != null
                && !depthwise
                && elements > 0
                && terms > 0
                && (s.groups() == 1 || tiles.takesGroups(s, x, weight, y));
    }

    private void conv(KernelCall call) {
        convolve(call, false, call.in(3));
    }

    private void depthwise(KernelCall call) {
        convolve(call, true, null);
    }

    private void convolve(KernelCall call, boolean depthwise, Tensor addend) {
        ConvSpec s = call.attributes(ConvSpec.class);
        Tensor y = call.out(0);
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            Tensor weight = dense(call.in(1));
            Tensor bias = dense(call.in(2));
            Tensor residual = dense(addend);
            if (tiled(s, depthwise, x, weight, y, y.elements(), weight.elements())) {
                tiles.convolve(s, x, weight, bias, residual, y);
                return;
            }
            if (tiles != null && depthwise && tiles.depthwise(s, x, weight, bias, y)) {
                return;
            }
            queue.launch(FAMILY, "convolve")
                    .dense(y)
                    .i(y.elements())
                    .words(geometry(s, x, y, weight, depthwise))
                    .dense(x)
                    .dense(weight)
                    .ending(new Ending(bias, residual, s.activation()))
                    .items(y.elements());
        }
    }

    private void inputGradient(KernelCall call, boolean depthwise) {
        back(call, call.attributes(ConvInputGradientSpec.class).conv(), depthwise, null, Activation.NONE);
    }

    private void convTranspose(KernelCall call) {
        ConvSpec s = call.attributes(ConvTransposeSpec.class).conv();
        back(call, s, false, call.in(2), s.activation());
    }

    private void back(KernelCall call, ConvSpec s, boolean depthwise, Tensor addend, Activation activation) {
        Tensor dx = call.out(0);
        try (Scope scope = Scope.open()) {
            Tensor g = dense(call.in(0));
            Tensor weight = dense(call.in(1));
            Tensor bias = dense(addend);
            if (tiled(s, depthwise, dx, weight, g, dx.elements(), g.elements())
                    && s.reachesAll(weight.dim(1), weight.dim(2))) {
                tiles.convolveBack(s, g, weight, bias, activation, dx);
                return;
            }
            if (tiles != null && depthwise && tiles.depthwiseBack(s, g, weight, dx)) {
                return;
            }
            queue.launch(FAMILY, "convolve_back")
                    .dense(dx)
                    .i(dx.elements())
                    .words(geometry(s, dx, g, weight, depthwise))
                    .dense(g)
                    .dense(weight)
                    .biasAlone(new Ending(bias, null, activation))
                    .items(dx.elements());
        }
    }

    private void weightGradient(KernelCall call, boolean depthwise) {
        ConvSpec s = call.attributes(ConvWeightGradientSpec.class).conv();
        Tensor dw = call.out(0);
        try (Scope scope = Scope.open()) {
            Tensor x = dense(call.in(0));
            Tensor g = dense(call.in(1));
            if (tiled(s, depthwise, x, dw, g, dw.elements(), g.elements())) {
                tiles.convolveWeights(s, x, g, dw);
                return;
            }
            if (tiles != null && depthwise && tiles.depthwiseWeights(s, x, g, dw)) {
                return;
            }
            queue.launch(FAMILY, "convolve_weights")
                    .dense(dw)
                    .i(dw.elements())
                    .words(geometry(s, x, g, dw, depthwise))
                    .dense(x)
                    .dense(g)
                    .i((long) g.dim(0) * g.dim(1) * g.dim(2))
                    .items(dw.elements());
        }
    }
}
