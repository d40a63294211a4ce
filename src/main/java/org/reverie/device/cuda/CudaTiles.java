package org.reverie.device.cuda;

import org.reverie.device.kernels.Ending;
import org.reverie.device.kernels.Launch;
import org.reverie.device.kernels.NormLayout;
import org.reverie.device.kernels.Tiles;
import org.reverie.device.kernels.View;
import org.reverie.device.spec.Activation;
import org.reverie.device.spec.AttentionSpec;
import org.reverie.device.spec.ConvSpec;
import org.reverie.device.spec.MatmulSpec;
import org.reverie.device.spec.PhaseTaps;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Exact contractions by tiles in shared memory: {@code kernels/cuda/tiles.cu}. */
final class CudaTiles implements Tiles {
    private static final String FAMILY = "tiles";
    private static final int[] NO_EPILOGUE = Ending.NONE.words();
    private static final int MOVES_ALONG_K = 0;
    private static final int MOVES_ALONG_ROWS = 1;
    private static final int MOVES_FOUR_ROWS = 2;
    private static final int QUAD = 4;

    /** Of narrower groups most of a tile would be idle. */
    private static final int NARROWEST_GROUP = 16;

    private static final int WARP = 32;
    private static final int MOST_WARPS = 16;
    private static final int SEGMENT = 4096;

    /** As the kernel normalize_groups has it. */
    private static final int MOST_IN_A_GROUP = 32 * SEGMENT;

    private final CudaQueue queue;
    private final CudaAttention attention;
    private final CudaDepthwise depthwise;
    private final CudaGroups groups;
    private final int units;

    /** @param units multiprocessors of the device */
    CudaTiles(CudaQueue queue, int units) {
        this.queue = queue;
        this.attention = new CudaAttention(queue);
        this.depthwise = new CudaDepthwise(queue);
        this.groups = new CudaGroups(queue);
        this.units = units;
    }

    /** The struct Matrix: element (i, k) lies at i row + k step. */
    private static int[] matrix(long row, long step, int rows, long start) {
        int order = MOVES_ALONG_K;
        if (row == 1 && step != 1) {
            boolean quads = step % QUAD == 0 && rows % QUAD == 0 && start % QUAD == 0;
            order = quads ? MOVES_FOUR_ROWS : MOVES_ALONG_ROWS;
        }
        return new int[] {Math.toIntExact(row), Math.toIntExact(step), order};
    }

    /** One matrix of a batch of them: rows are along `row`. */
    private static int[] matrix(Tensor t, int row, int step) {
        long start = t.offset();
        for (int a = 0; a < t.rank() - 2; a++) {
            start |= t.stride(a); // any that is no multiple of four
        }
        return matrix(t.stride(row), t.stride(step), t.dim(row), start);
    }

    @Override
    public void multiply(Tensor a, Tensor b, MatmulSpec s, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        Shape batch = y.shape().without(-1).without(-1);
        int depth = a.dim(s.transposeA() ? -2 : -1);
        int columns = y.dim(-1);
        TileExtent extent =
                TileExtent.of(units, Math.toIntExact(batch.elements()), y.dim(-2), columns, depth, y.offset());
        run(
                extent,
                "tile_matrices_",
                y,
                rowsOf(y.dim(-2), columns),
                NO_EPILOGUE,
                null,
                null,
                l -> l.memory(a)
                        .view(View.matrices(a, batch))
                        .words(matrix(a, s.transposeA() ? -1 : -2, s.transposeA() ? -2 : -1))
                        .memory(b)
                        .view(View.matrices(b, batch))
                        .words(matrix(b, s.transposeB() ? -2 : -1, s.transposeB() ? -1 : -2)));
    }

    @Override
    public void linear(Tensor x, Tensor weight, Tensor bias, Tensor residual, Activation activation, Tensor y) {
        if (y.elements() == 0) {
            return;
        }
        int depth = weight.dim(1);
        int width = weight.dim(0);
        int rows = Math.toIntExact(y.elements() / width);
        run(
                TileExtent.of(units, 1, rows, width, depth, y.offset()),
                "tile_matrices_",
                y,
                rowsOf(rows, width),
                new Ending(bias, residual, activation).words(),
                bias,
                residual,
                l -> l.memory(x)
                        .view(View.start(x))
                        .words(matrix(depth, 1, rows, x.offset()))
                        .memory(weight)
                        .view(View.start(weight))
                        .words(matrix(weight, 0, 1)));
    }

    @Override
    public boolean takesGroups(ConvSpec s, Tensor x, Tensor weight, Tensor y) {
        return Math.min(x.dim(3), y.dim(3)) / s.groups() >= NARROWEST_GROUP || CudaGroups.takes(s, x, weight, y);
    }

    /** Groups are batches whose rows lie beside each other. */
    @Override
    public void convolve(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor residual, Tensor y) {
        if (CudaGroups.takes(s, x, weight, y)) {
            groups.forward(s, x, weight, new Ending(bias, residual, s.activation()), y);
            return;
        }
        int columns = y.dim(3) / s.groups();
        int depth = Math.toIntExact(weight.elements() / y.dim(3));
        int pixels = Math.toIntExact(y.elements() / y.dim(3));
        run(
                TileExtent.of(units, s.groups(), pixels, columns, depth, y.offset()),
                "tile_windows_",
                y,
                new int[] {1, 1, y.dim(3), 0, 0, columns},
                new Ending(bias, residual, s.activation()).words(),
                bias,
                residual,
                l -> l.dense(x)
                        .words(window(s, x, y, weight.dim(2)))
                        .dense(weight)
                        .words(matrix(depth, 1, columns, weight.offset())));
    }

    /** Phase by phase of the stride. */
    @Override
    public void convolveBack(ConvSpec s, Tensor g, Tensor weight, Tensor bias, Activation activation, Tensor dx) {
        if (CudaGroups.takes(s, dx, weight, g)) {
            groups.back(s, g, weight, new Ending(bias, null, activation), dx);
            return;
        }
        PhaseTaps.each(
                s,
                dx.dim(1),
                dx.dim(2),
                weight.dim(1),
                weight.dim(2),
                (down, right) ->
                        phase(s, down, right, g, weight, new Ending(bias, null, activation).words(), bias, dx));
    }

    private void phase(
            ConvSpec s,
            PhaseTaps down,
            PhaseTaps right,
            Tensor g,
            Tensor weight,
            int[] epilogue,
            Tensor bias,
            Tensor dx) {
        int outputs = g.dim(3) / s.groups();
        int columns = dx.dim(3) / s.groups();
        int channels = dx.dim(3);
        int width = dx.dim(2);
        int depth = down.taps() * right.taps() * outputs;
        int first = (down.first() * width + right.first()) * channels;
        try (Scope scope = Scope.open()) {
            Tensor taps = taps(down, right, weight, s.groups(), outputs, columns);
            int rows = dx.dim(0) * down.count() * right.count();
            run(
                    TileExtent.of(units, s.groups(), rows, columns, depth, dx.offset() + first),
                    "tile_windows_",
                    dx,
                    first,
                    new int[] {
                        down.count(),
                        right.count(),
                        dx.dim(1) * width * channels,
                        s.strideH() * width * channels,
                        s.strideW() * channels,
                        columns
                    },
                    epilogue,
                    bias,
                    null,
                    l -> l.dense(g)
                            .words(new int[] {
                                g.dim(1),
                                g.dim(2),
                                outputs,
                                g.dim(3),
                                down.count(),
                                right.count(),
                                1,
                                1,
                                down.shift() - (down.taps() - 1) * down.reach(),
                                right.shift() - (right.taps() - 1) * right.reach(),
                                down.reach(),
                                right.reach(),
                                right.taps()
                            })
                            .dense(taps)
                            .words(matrix(1, columns, columns, 0)));
        }
    }

    /** The weights of a phase from the last tap to the first, as [groups, taps, outputs, channels]. */
    private Tensor taps(PhaseTaps down, PhaseTaps right, Tensor weight, int groups, int outputs, int channels) {
        long rowOfTaps = (long) weight.dim(2) * channels;
        long filter = weight.dim(1) * rowOfTaps;
        Shape shape = Shape.of(groups, down.taps(), right.taps(), outputs, channels);
        View turned = View.of(
                shape,
                new long[] {outputs * filter, -down.period() * rowOfTaps, -right.period() * (long) channels, filter, 1},
                weight.offset() + down.descending(0) * rowOfTaps + right.descending(0) * (long) channels);
        Tensor taps = Tensor.empty(weight.device(), DType.F32, shape);
        queue.launch("select", "copy_4")
                .memory(weight)
                .view(turned)
                .memory(taps)
                .view(View.of(taps))
                .i(taps.elements())
                .items(taps.elements());
        return taps;
    }

    @Override
    public void convolveWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        if (CudaGroups.takes(s, x, dw, g)) {
            int channels = dw.dim(3);
            int taps = dw.dim(1) * dw.dim(2);
            int[] own = CudaGroups.words(dw, g.dim(3) / s.groups(), g.dim(3));
            inParts(window(s, x, g, dw.dim(2)), own, taps * channels, channels, x, g, dw);
            return;
        }
        int outputs = g.dim(3);
        int rows = outputs / s.groups();
        int pixels = Math.toIntExact(g.elements() / outputs);
        int columns = Math.toIntExact(dw.elements() / outputs);
        run(
                TileExtent.of(units, s.groups(), rows, columns, pixels, dw.offset()),
                "tile_weights_",
                dw,
                rowsOf(rows, columns),
                NO_EPILOGUE,
                null,
                null,
                l -> l.dense(g)
                        .words(matrix(1, outputs, rows, g.offset()))
                        .dense(x)
                        .words(window(s, x, g, dw.dim(2))));
    }

    @Override
    public boolean depthwise(ConvSpec s, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        return depthwise.forward(s, x, weight, bias, y);
    }

    @Override
    public boolean depthwiseBack(ConvSpec s, Tensor g, Tensor weight, Tensor dx) {
        return depthwise.back(s, g, weight, dx);
    }

    @Override
    public boolean attend(AttentionSpec s, int[] look, Tensor q, Tensor k, Tensor v, Tensor mask, Tensor y) {
        return attention.attend(s, look, q, k, v, mask, y);
    }

    /** Statistics and result in one kernel, one block of warps to a mean. */
    @Override
    public boolean normalize(NormLayout layout, Tensor x, Tensor weight, Tensor bias, Tensor y) {
        int each = layout.spatial() * layout.channels();
        if (each == 0 || each > MOST_IN_A_GROUP) {
            return false;
        }
        queue.launch("norm", "normalize_groups")
                .dense(y)
                .i(each)
                .words(layout.words(weight, bias))
                .dense(x)
                .dense(weight)
                .dense(bias)
                .groups(layout.means(), WARP * Math.min(MOST_WARPS, Math.ceilDiv(each, SEGMENT)));
        return true;
    }

    /** Every channel is a group. */
    @Override
    public boolean depthwiseWeights(ConvSpec s, Tensor x, Tensor g, Tensor dw) {
        if (dw.elements() == 0 || g.elements() == 0) {
            return false;
        }
        int channels = dw.dim(2);
        int[] window = window(s.groups(channels), x, g, dw.dim(1));
        inParts(window, new int[] {dw.dim(0), 1, channels}, 1, channels, x, g, dw);
        return true;
    }

    /** The gradient of a weight whose outputs and taps lie so far apart, in parts, for the pixels are many and the weights few. */
    private void inParts(int[] window, int[] own, int output, int tap, Tensor x, Tensor g, Tensor dw) {
        int pixels = Math.toIntExact(g.elements() / g.dim(3));
        TileExtent extent = TileExtent.inMostParts(Math.toIntExact(dw.elements()), pixels, dw.offset());
        int[] places = rowsOf(1, 0);
        try (Scope scope = Scope.open()) {
            Tensor parts = like(dw, extent.parts() * extent.elements());
            queue.launch(FAMILY, "group_weight_parts")
                    .memory(parts)
                    .i(parts.elements())
                    .words(window)
                    .words(own)
                    .i(output)
                    .i(tap)
                    .i(pixels)
                    .i(extent.chunks())
                    .dense(x)
                    .dense(g)
                    .items(parts.elements());
            join(extent, extent.words(places), dw, 0, places, NO_EPILOGUE, null, null, parts);
        }
    }

    /** The struct Window of a convolution from x to y. */
    static int[] window(ConvSpec s, Tensor x, Tensor y, int tapColumns) {
        return new int[] {
            x.dim(1),
            x.dim(2),
            x.dim(3) / s.groups(),
            x.dim(3),
            y.dim(1),
            y.dim(2),
            s.strideH(),
            s.strideW(),
            -s.padTop(),
            -s.padLeft(),
            s.dilationH(),
            s.dilationW(),
            tapColumns
        };
    }

    /** The struct Places of matrices whose rows lie one behind the other. */
    private static int[] rowsOf(int rows, int columns) {
        return new int[] {1, 1, columns, 0, 0, Math.multiplyExact(rows, columns)};
    }

    private interface Operands {
        Launch add(Launch launch);
    }

    private void run(
            TileExtent extent,
            String kernel,
            Tensor y,
            int[] places,
            int[] epilogue,
            Tensor bias,
            Tensor residual,
            Operands operands) {
        run(extent, kernel, y, 0, places, epilogue, bias, residual, operands);
    }

    /** @param first where the first row lies in y */
    private void run(
            TileExtent extent,
            String kernel,
            Tensor y,
            int first,
            int[] places,
            int[] epilogue,
            Tensor bias,
            Tensor residual,
            Operands operands) {
        int[] words = extent.words(places);
        try (Scope scope = Scope.open()) {
            Tensor parts = extent.parts() == 1 ? null : like(y, extent.parts() * extent.elements());
            Tensor scratch = extent.scratch() == 0 ? null : like(y, extent.scratch());
            Launch launch = queue.launch(FAMILY, kernel + extent.tile())
                    .memory(y)
                    .i(y.offset() + first)
                    .words(words)
                    .words(places)
                    .words(epilogue)
                    .dense(bias)
                    .dense(residual)
                    .memory(parts)
                    .memory(scratch);
            operands.add(launch).groups(extent.blocks(), extent.threads());
            if (parts != null) {
                join(extent, words, y, first, places, epilogue, bias, residual, parts);
            }
        }
    }

    private void join(
            TileExtent extent,
            int[] words,
            Tensor y,
            int first,
            int[] places,
            int[] epilogue,
            Tensor bias,
            Tensor residual,
            Tensor parts) {
        queue.launch(FAMILY, "join_parts")
                .memory(y)
                .i(y.offset() + first)
                .i(extent.elements())
                .words(words)
                .words(places)
                .words(epilogue)
                .dense(bias)
                .dense(residual)
                .memory(parts)
                .items(extent.elements());
    }

    private static Tensor like(Tensor t, long count) {
        return Tensor.empty(t.device(), DType.F32, Shape.of(Math.toIntExact(count)));
    }
}
