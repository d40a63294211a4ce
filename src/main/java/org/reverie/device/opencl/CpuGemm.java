package org.reverie.device.opencl;

import java.util.function.Supplier;
import org.reverie.device.kernels.Launch;
import org.reverie.device.kernels.Tiles;
import org.reverie.device.kernels.View;
import org.reverie.device.kernels.Window;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Contractions by tiles of vectors, for OpenCL devices that are CPUs: {@code kernels/opencl/gemm.cl}; and the other kernels for them. */
final class CpuGemm implements Tiles {
    private static final String FAMILY = "gemm";

    private final ClQueue queue;
    private final Supplier<CpuTile> choice;
    private final CpuPanels panels;
    private final CpuDepthwise depthwise;
    private final CpuAttention attention;

    CpuGemm(ClQueue queue) {
        this(queue, () -> queue.tuning().cpu());
    }

    /** @param choice the tile of the next product */
    CpuGemm(ClQueue queue, Supplier<CpuTile> choice) {
        this.queue = queue;
        this.choice = choice;
        this.panels = new CpuPanels(queue, choice);
        this.depthwise = new CpuDepthwise(queue);
        this.attention = new CpuAttention(queue, choice, panels);
    }

    private Launch launch(String kernel) {
        return queue.launchOwn(FAMILY, kernel, choice.get().definitions(queue.device()));
    }

    /** A work item, alone in its group, for each tile. */
    private void run(Launch launch, int height, int panels, int batch) {
        CpuTile tile = choice.get();
        launch.groups(Math.ceilDiv(height, tile.rows()), Math.ceilDiv(panels, tile.panels()), batch, 1);
    }

    private static View steps(int depth, long step) {
        return View.of(Shape.of(depth), new long[] {step}, 0);
    }

    /** a[…, m, k] · b[…, k, n], either turned around first, into y; k is at least 1. */
    @Override
    public void multiply(Tensor a, Tensor b, MatmulSpec s, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        int depth = a.dim(s.transposeA() ? -2 : -1);
        Shape batch = y.shape().without(-1).without(-1);
        int count = Math.toIntExact(batch.elements());
        try (Scope scope = Scope.open()) {
            // One matrix for the whole batch is packed once.
            boolean shared = b.rank() == 2;
            Tensor packed = panels.pack(
                    b,
                    View.matrices(b, shared ? Shape.SCALAR : batch),
                    shared ? 1 : count,
                    steps(depth, b.stride(s.transposeB() ? -1 : -2)),
                    b.stride(s.transposeB() ? -2 : -1),
                    depth,
                    y.dim(-1));
            multiply(
                    y,
                    count,
                    y.dim(-2),
                    y.dim(-1),
                    depth,
                    a,
                    View.matrices(a, batch),
                    a.stride(s.transposeA() ? -1 : -2),
                    a.stride(s.transposeA() ? -2 : -1),
                    packed,
                    shared,
                    null,
                    null);
        }
    }

    /** x and the addends are contiguous; the weight may be any view. */
    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        int depth = weight.dim(1);
        int width = weight.dim(0);
        Tensor packed = panels.pack(
                weight, View.start(weight), 1, steps(depth, weight.stride(1)), weight.stride(0), depth, width);
        int count = Math.toIntExact(y.elements() / width);
        multiply(y, 1, count, width, depth, x, View.start(x), depth, 1, packed, true, bias, residual);
        activate(y, activation);
    }

    private void multiply(
            Tensor y,
            int batch,
            int height,
            int width,
            int depth,
            Tensor a,
            View starts,
            long row,
            long step,
            Tensor packed,
            boolean shared,
            Tensor bias,
            Tensor residual) {
        int across = panels.across(width);
        run(
                launch("gemm_matrices")
                        .dense(y)
                        .i(height)
                        .i(width)
                        .i(depth)
                        .memory(a)
                        .places(starts)
                        .i(row)
                        .i(step)
                        .memory(packed)
                        .i(across)
                        .i(shared ? 0 : across)
                        .words(addends(bias, residual))
                        .dense(bias)
                        .dense(residual),
                height,
                across,
                batch);
    }

    /** A convolution of one group. All tensors are contiguous. */
    @Override
    public void convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y) {
        int outputs = y.dim(3);
        int depth = Math.toIntExact(weight.elements() / outputs);
        Tensor packed = panels.pack(weight, View.start(weight), 1, steps(depth, 1), depth, depth, outputs);
        int across = panels.across(outputs);
        int pixels = Math.toIntExact(y.elements() / outputs);
        run(
                launch("gemm_convolve")
                        .dense(y)
                        .i(pixels)
                        .words(Window.words(s, x.shape(), y.shape(), weight.dim(1), weight.dim(2)))
                        .dense(x)
                        .memory(packed)
                        .i(across)
                        .i(depth)
                        .words(addends(bias, residual))
                        .dense(bias)
                        .dense(residual),
                pixels,
                across,
                1);
        activate(y, s.activation());
    }

    /** The input gradient of a convolution of one group, phase by phase of the stride, with an epilogue. */
    @Override
    public void convolveBack(ConvSpec s, Tensor g, Tensor weight, Tensor bias, Activation activation, Tensor dx) {
        PhaseTaps.each(
                s,
                dx.dim(1),
                dx.dim(2),
                weight.dim(1),
                weight.dim(2),
                (down, right) -> phase(s, down, right, g, weight, bias, dx));
        activate(dx, activation);
    }

    private void phase(ConvSpec s, PhaseTaps down, PhaseTaps right, Tensor g, Tensor weight, Tensor bias, Tensor dx) {
        int outputs = g.dim(3);
        int channels = dx.dim(3);
        int depth = down.taps() * right.taps() * outputs;
        long rowOfTaps = (long) weight.dim(2) * channels;
        long each = weight.dim(1) * rowOfTaps;
        View steps = View.of(
                Shape.of(down.taps(), right.taps(), outputs),
                new long[] {-down.period() * rowOfTaps, -right.period() * (long) channels, each},
                down.descending(0) * rowOfTaps + right.descending(0) * (long) channels);
        Tensor packed = panels.pack(weight, View.start(weight), 1, steps, 1, depth, channels);
        int across = panels.across(channels);
        int pixels = dx.dim(0) * down.count() * right.count();
        run(
                launch("gemm_convolve_back")
                        .dense(dx)
                        .i(pixels)
                        .words(Window.words(s, dx.shape(), g.shape(), weight.dim(1), weight.dim(2)))
                        .words(Geometry.phase(down, right))
                        .dense(g)
                        .memory(packed)
                        .i(across)
                        .i(depth)
                        .words(addends(bias, null))
                        .dense(bias),
                pixels,
                across,
                1);
    }

    /** The weight gradient of a convolution of one group. */
    @Override
    public void convolveWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        int outputs = g.dim(3);
        int depth = Math.toIntExact(g.elements() / outputs);
        Tensor packed = panels.pack(g, View.start(g), 1, steps(depth, outputs), 1, depth, outputs);
        int across = panels.across(outputs);
        int taps = Math.toIntExact(dw.elements() / outputs);
        run(
                launch("gemm_convolve_weights")
                        .dense(dw)
                        .i(taps)
                        .words(Window.words(s, x.shape(), g.shape(), dw.dim(1), dw.dim(2)))
                        .dense(x)
                        .memory(packed)
                        .i(across)
                        .i(depth),
                taps,
                across,
                1);
    }

    @Override
    public boolean depthwise(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        boolean taken = depthwise.convolve(s, x, weight, bias, y);
        if (taken) {
            activate(y, s.activation());
        }
        return taken;
    }

    @Override
    public boolean depthwiseBack(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        return depthwise.back(s, g, weight, dx);
    }

    @Override
    public boolean depthwiseWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        return depthwise.weights(s, x, g, dw);
    }

    @Override
    public boolean attend(AttentionSpec s, int[] look, Tensor q, Tensor k, Tensor v, Tensor mask, Tensor y) {
        return attention.attend(s, look, q, k, v, mask, y);
    }

    private static int[] addends(Tensor bias, Tensor residual) {
        return new int[] {bias == null ? 0 : 1, residual == null ? 0 : 1};
    }

    /** The last part of an epilogue, in place. */
    private void activate(Tensor y, Activation activation) {
        if (activation != Activation.NONE) {
            queue.launch("pointwise", "activate_all")
                    .dense(y)
                    .i(y.elements())
                    .i(activation.ordinal())
                    .items(y.elements());
        }
    }
}
