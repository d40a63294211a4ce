package org.reverie.device.opencl;

import org.reverie.device.kernels.Ending;
import org.reverie.device.kernels.Launch;
import org.reverie.device.kernels.NormLayout;
import org.reverie.device.kernels.Tiles;
import org.reverie.device.kernels.View;
import org.reverie.device.kernels.Window;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.Device;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Contractions by tiles in local memory, for GPUs: {@code kernels/opencl/tile.cl}; and the other kernels for GPUs. */
final class GpuTiles implements Tiles {
    private static final String FAMILY = "tile";

    /** Which tile a product of this size takes, of so many matrices on a device. */
    interface Choice {
        TileShape of(Device device, long rows, long columns, long matrices);
    }

    private final ClQueue queue;
    private final Choice choice;
    private final Slices slices;
    private final GpuDepthwise depthwise;
    private final GpuAttention attention;
    private final GpuNorm norm;

    /** @param mostChunks chunks of 256 terms that one group adds, a power of two up to {@link Slices#MOST_CHUNKS} */
    GpuTiles(ClQueue queue, Choice choice, int mostChunks) {
        this.queue = queue;
        this.choice = choice;
        this.slices = new Slices(queue, mostChunks);
        this.depthwise = new GpuDepthwise(queue, slices);
        this.attention = new GpuAttention(queue);
        this.norm = new GpuNorm(queue);
    }

    /** One contraction: matrices of the batch, their rows and columns, terms of a sum, and how it is cut up. */
    private final class Product {
        private final int matrices;
        private final int rows;
        private final int columns;
        private final int depth;
        private final TileShape tile;
        private final Slices.Cut cut;

        Product(Device device, int matrices, int rows, int columns, int depth) {
            this.matrices = matrices;
            this.rows = rows;
            this.columns = columns;
            this.depth = depth;
            this.tile = choice.of(device, rows, columns, matrices);
            this.cut = slices.cut(depth, matrices * tile.groups(rows, columns));
        }

        private int elements() {
            return Math.multiplyExact(Math.multiplyExact(matrices, rows), columns);
        }

        /** A launch that has the result, or the place for the slices' sums, and the struct Work. */
        Launch launch(String kernel, Tensor target) {
            return queue.launchOwn(FAMILY, kernel, tile.definitions())
                    .dense(target)
                    .words(new int[] {rows, columns, depth, cut.slices(), cut.chunks(), elements()});
        }

        Tensor target(Tensor y) {
            return slices.target(cut, elements(), y);
        }

        Ending ending(Ending e) {
            return cut.slices() > 1 ? Ending.NONE : e;
        }

        void start(Launch launch) {
            launch.groups(
                    Math.ceilDiv(rows, tile.rows()),
                    Math.ceilDiv(columns, tile.columns()),
                    (long) matrices * cut.slices(),
                    tile.items());
        }

        void finish(Tensor target, int[] place, Ending e, Tensor y) {
            slices.fold(cut, target, elements(), columns, place, e, y);
        }
    }

    /** Where the matrices of an operand begin, and how far it is from line to line and from step to step of k. */
    private record Operand(Tensor t, View starts, long line, long step) {
        static Operand of(Tensor t, long line, long step) {
            return new Operand(t, View.start(t), line, step);
        }
    }

    @Override
    public void multiply(Tensor a, Tensor b, MatmulSpec s, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        Shape batch = y.shape().without(-1).without(-1);
        int depth = a.dim(s.transposeA() ? -2 : -1);
        Product p = new Product(y.device(), Math.toIntExact(batch.elements()), y.dim(-2), y.dim(-1), depth);
        multiply(
                p,
                new Operand(
                        a,
                        View.matrices(a, batch),
                        a.stride(s.transposeA() ? -1 : -2),
                        a.stride(s.transposeA() ? -2 : -1)),
                new Operand(
                        b,
                        View.matrices(b, batch),
                        b.stride(s.transposeB() ? -2 : -1),
                        b.stride(s.transposeB() ? -1 : -2)),
                Ending.NONE,
                y);
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        int depth = weight.dim(1);
        int columns = weight.dim(0);
        Product p = new Product(y.device(), 1, Math.toIntExact(y.elements() / columns), columns, depth);
        multiply(
                p,
                Operand.of(x, depth, 1),
                Operand.of(weight, weight.stride(0), weight.stride(1)),
                new Ending(bias, residual, activation),
                y);
    }

    private void multiply(Product p, Operand a, Operand b, Ending e, Tensor y) {
        try (Scope scope = Scope.open()) {
            Tensor target = p.target(y);
            p.start(p.launch("tile_matrices", target)
                    .memory(a.t())
                    .places(a.starts())
                    .i(a.line())
                    .i(a.step())
                    .memory(b.t())
                    .places(b.starts())
                    .i(b.step())
                    .i(b.line())
                    .ending(p.ending(e)));
            p.finish(target, Geometry.ROWS_IN_ORDER, e, y);
        }
    }

    @Override
    public void convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y) {
        int outputs = y.dim(3);
        Product p = new Product(
                y.device(),
                1,
                Math.toIntExact(y.elements() / outputs),
                outputs,
                Math.toIntExact(weight.elements() / outputs));
        Ending e = new Ending(bias, residual, s.activation());
        Tensor target = p.target(y);
        p.start(p.launch("tile_windows", target)
                .words(Window.words(s, x.shape(), y.shape(), weight.dim(1), weight.dim(2)))
                .dense(x)
                .dense(weight)
                .ending(p.ending(e)));
        p.finish(target, Geometry.ROWS_IN_ORDER, e, y);
    }

    @Override
    public void convolveBack(ConvSpec s, Tensor g, Tensor weight, Tensor bias, Activation activation, Tensor dx) {
        PhaseTaps.each(
                s,
                dx.dim(1),
                dx.dim(2),
                weight.dim(1),
                weight.dim(2),
                (down, right) -> phase(s, down, right, g, weight, new Ending(bias, null, activation), dx));
    }

    private void phase(ConvSpec s, PhaseTaps down, PhaseTaps right, Tensor g, Tensor weight, Ending e, Tensor dx) {
        int channels = dx.dim(3);
        int rowOfTaps = weight.dim(2) * channels;
        Product p = new Product(
                dx.device(),
                1,
                dx.dim(0) * down.count() * right.count(),
                channels,
                down.taps() * right.taps() * g.dim(3));
        int[] place = Geometry.place(down, right, dx.shape());
        Tensor target = p.target(dx);
        p.start(p.launch("tile_back", target)
                .words(Window.words(s, dx.shape(), g.shape(), weight.dim(1), weight.dim(2)))
                .words(Geometry.phase(down, right))
                .words(new int[] {
                    down.descending(0) * rowOfTaps + right.descending(0) * channels,
                    -down.period() * rowOfTaps,
                    -right.period() * channels,
                    weight.dim(1) * rowOfTaps
                })
                .words(p.cut.slices() > 1 ? Geometry.ROWS_IN_ORDER : place)
                .dense(g)
                .dense(weight)
                .biasAlone(p.ending(e)));
        p.finish(target, place, e, dx);
    }

    @Override
    public void convolveWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        int outputs = g.dim(3);
        Product p = new Product(
                dw.device(),
                1,
                outputs,
                Math.toIntExact(dw.elements() / outputs),
                Math.toIntExact(g.elements() / outputs));
        Tensor target = p.target(dw);
        p.start(p.launch("tile_weights", target)
                .words(Window.words(s, x.shape(), g.shape(), dw.dim(1), dw.dim(2)))
                .dense(x)
                .dense(g));
        p.finish(target, Geometry.ROWS_IN_ORDER, Ending.NONE, dw);
    }

    @Override
    public boolean depthwise(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        return depthwise.convolve(s, x, weight, bias, y);
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

    @Override
    public boolean normalize(NormLayout layout, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        return norm.normalize(layout, x, weight, bias, y);
    }
}
