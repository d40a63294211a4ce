package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.ConvGeometry;
import org.reverie.device.cpu.DepthwiseKernels;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * Depthwise convolutions: those that networks are made of directly ({@link DepthwiseDirect}), any other and the gradients by way
 * of packed rows ({@link RowWindow}). There, a task is some rows of one image and as many vectors of channels as have their rings of
 * packed rows near; it goes down the rows and, in each, along the channels, so that memory is read and written in
 * order.
 */
final class Depthwise implements DepthwiseKernels {
    /** Rows of a task: enough to make packing the rows above the first one small beside the work. */
    private static final int ROWS = 16;

    /** Floats in a task's rings, to stay in the second-level cache. */
    private static final int RINGS = 48 << 10;

    private final Workers workers;
    private final DepthwiseDirect direct;

    Depthwise(Workers workers) {
        this.workers = workers;
        direct = new DepthwiseDirect(workers);
    }

    @Override
    public void forward(ConvGeometry g, long x, long weights, long y, Epilogue epilogue) {
        if (DepthwiseDirect.fits(g, epilogue)) {
            direct.forward(g, x, weights, y, epilogue);
        } else {
            packed(g, x, weights, y, epilogue);
        }
    }

    /** By way of packed rows, for any geometry. */
    void packed(ConvGeometry g, long x, long weights, long y, Epilogue epilogue) {
        run(g.batch(), window(g), x, perBlock(weights, g), y, epilogue);
    }

    /** The sum of each window. */
    void sums(ConvGeometry g, long x, long y) {
        int floats = g.kernelH() * g.kernelW() * N;
        run(g.batch(), window(g), x, (c, w, at) -> Arrays.fill(w, at, at + floats, 1f), y, Epilogue.NONE);
    }

    /** A vector for each tap, of the channels from c. */
    private interface Weights {
        void pack(int c, float[] w, int at);
    }

    private Weights perBlock(long weights, ConvGeometry g) {
        int taps = g.kernelH() * g.kernelW();
        return (c, w, at) -> packWeights(weights, taps, g.inChannels(), c, w, at);
    }

    @Override
    public void inputGradient(ConvGeometry g, long dy, long weights, long dx) {
        RowWindow.Axis rows =
                new RowWindow.Axis(g.height(), g.kernelH(), 1, g.padTop(), -g.dilationH(), g.outHeight(), g.strideH());
        RowWindow.Axis cols =
                new RowWindow.Axis(g.width(), g.kernelW(), 1, g.padLeft(), -g.dilationW(), g.outWidth(), g.strideW());
        run(g.batch(), new RowWindow(rows, cols, g.inChannels()), dy, perBlock(weights, g), dx, Epilogue.NONE);
    }

    private static RowWindow window(ConvGeometry g) {
        RowWindow.Axis rows =
                new RowWindow.Axis(g.outHeight(), g.kernelH(), g.strideH(), -g.padTop(), g.dilationH(), g.height(), 1);
        RowWindow.Axis cols =
                new RowWindow.Axis(g.outWidth(), g.kernelW(), g.strideW(), -g.padLeft(), g.dilationW(), g.width(), 1);
        return new RowWindow(rows, cols, g.inChannels());
    }

    private void run(int batch, RowWindow window, long image, Weights weights, long out, Epilogue epilogue) {
        int channels = window.channels();
        int gridRows = window.rows().grid();
        if (batch <= 0 || channels <= 0 || gridRows <= 0 || window.cols().grid() <= 0) {
            return;
        }
        int blocks = Math.ceilDiv(channels, N);
        int group = Math.clamp(RINGS / window.size(), 1, blocks);
        int groups = Math.ceilDiv(blocks, group);
        int cuts = Math.ceilDiv(gridRows, ROWS);
        int rows = Math.ceilDiv(gridRows, cuts);
        workers.parallelFor(batch * groups * cuts, (task, worker) -> {
            int first = task % groups * group;
            int cut = task / groups % cuts;
            Part part = new Part(
                    task / groups / cuts,
                    first,
                    Math.min(blocks, first + group),
                    cut * rows,
                    Math.min(gridRows, (cut + 1) * rows));
            part(window, part, image, weights, out, epilogue, worker);
        });
    }

    /** Some vectors of channels of some rows of image n. */
    private record Part(int n, int firstBlock, int endBlock, int firstRow, int endRow) {}

    private void part(
            RowWindow window, Part part, long images, Weights weights, long out, Epilogue epilogue, int worker) {
        RowWindow.Axis rows = window.rows();
        RowWindow.Axis cols = window.cols();
        int taps = rows.kernel() * cols.kernel();
        int floats = cols.grid() * N;
        int blocks = part.endBlock - part.firstBlock;
        long image = images + 4L * part.n * rows.image() * cols.image() * window.channels();
        float[] ring = workers.floats(worker, 0, blocks * window.size());
        float[] sums = workers.floats(worker, 1, blocks * floats);
        float[] w = workers.floats(worker, 2, blocks * taps * N);
        for (int b = 0; b < blocks; b++) {
            weights.pack((part.firstBlock + b) * N, w, b * taps * N);
        }
        int[] offsets = new int[taps];
        ChunkTree tree = new ChunkTree(floats);
        int packed = rows.low(part.firstRow);
        for (int i = part.firstRow; i < part.endRow; i++) {
            int low = rows.low(i);
            int high = low + rows.span();
            window.offsets(i, offsets);
            long pixel = ((long) part.n * rows.grid() + i) * cols.grid();
            window.pack(image, part.firstBlock * N, blocks, Math.max(packed, low), high, ring);
            packed = high;
            for (int b = 0; b < blocks; b++) {
                contract(ring, b * window.size(), offsets, w, b * taps * N, taps, tree, sums, b * floats, floats);
            }
            Row row = new Row(pixel, cols.grid(), window.channels(), part.firstBlock * N, blocks);
            row.store(sums, out, epilogue, workers, worker);
        }
    }

    /** One row: all taps in order, chunk by chunk. */
    private static void contract(
            float[] ring,
            int base,
            int[] offsets,
            float[] w,
            int first,
            int taps,
            ChunkTree tree,
            float[] y,
            int at,
            int floats) {
        for (int k = 0; k < taps; k += Contract.CHUNK) {
            int stop = Math.min(taps, k + Contract.CHUNK);
            Arrays.fill(y, at, at + floats, 0f);
            for (int t = k; t < stop; ) {
                t = DepthwiseRows.taps(ring, base, offsets, t, stop, w, first, y, at, floats);
            }
            if (stop < taps) {
                tree.push(y, at);
            } else {
                tree.finish(y, at);
            }
        }
    }

    private static void packWeights(long weights, int taps, int channels, int c, float[] w, int at) {
        for (int k = 0; k < taps; k++) {
            Lanes.loadFirst(weights + 4L * ((long) k * channels + c), channels - c)
                    .intoArray(w, at + k * N);
        }
    }

    @Override
    public void weightGradient(ConvGeometry g, long dy, long x, long dWeights) {
        RowWindow window = window(g);
        workers.parallelFor(Math.ceilDiv(g.inChannels(), N), (block, worker) -> {
            weights(g, window, dy, x, dWeights, block * N, worker);
        });
    }

    private void weights(ConvGeometry g, RowWindow window, long dy, long x, long dWeights, int c, int worker) {
        int channels = g.inChannels();
        int taps = g.kernelH() * g.kernelW();
        int width = g.outWidth();
        float[] ring = workers.floats(worker, 0, window.size());
        float[] d = workers.floats(worker, 1, width * N);
        float[] sums = workers.floats(worker, 2, taps * N);
        int[] offsets = new int[taps];
        ChunkTree tree = new ChunkTree(taps * N);
        Arrays.fill(sums, 0, taps * N, 0f);
        int inChunk = 0;
        for (int n = 0; n < g.batch(); n++) {
            long image = x + 4L * n * g.height() * g.width() * channels;
            int packed = window.rows().low(0);
            for (int row = 0; row < g.outHeight(); row++) {
                int low = window.rows().low(row);
                int high = low + window.rows().span();
                window.pack(image, c, 1, Math.max(packed, low), high, ring);
                packed = high;
                window.offsets(row, offsets);
                long line = dy + 4L * ((((long) n * g.outHeight() + row) * width) * channels + c);
                for (int i = 0; i < width; i++) {
                    Lanes.loadFirst(line + 4L * i * channels, channels - c).intoArray(d, i * N);
                }
                for (int i = 0; i < width; ) {
                    if (inChunk == Contract.CHUNK) {
                        tree.push(sums, 0);
                        Arrays.fill(sums, 0, taps * N, 0f);
                        inChunk = 0;
                    }
                    int stop = Math.min(width, i + Contract.CHUNK - inChunk);
                    DepthwiseRows.gradient(ring, offsets, taps, d, i * N, stop * N, sums);
                    inChunk += stop - i;
                    i = stop;
                }
            }
        }
        tree.finish(sums, 0);
        for (int k = 0; k < taps; k++) {
            long to = dWeights + 4L * ((long) k * channels + c);
            Lanes.storeFirst(FloatVector.fromArray(F, sums, k * N), to, channels - c);
        }
    }
}
