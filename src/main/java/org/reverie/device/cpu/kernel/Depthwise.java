package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.ConvGeometry;
import org.reverie.device.cpu.DepthwiseKernels;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;
import org.reverie.numerics.Contract;

/** Depthwise convolutions: a task is one vector of channels of some rows of one image. */
final class Depthwise implements DepthwiseKernels {
    /** Rows that a task has at least, so that packing the rows above the first one stays small beside the work. */
    private static final int MIN_ROWS = 8;

    private final Workers workers;

    Depthwise(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void forward(ConvGeometry g, long x, long weights, long y, Epilogue epilogue) {
        run(g.batch(), window(g), x, perBlock(weights, g), y, epilogue);
    }

    /** The same weights, a vector for each tap, for every block of channels. */
    void forward(ConvGeometry g, long x, float[] weights, long y) {
        Weights same = (c, worker) -> weights;
        run(g.batch(), window(g), x, same, y, Epilogue.NONE);
    }

    /** A vector for each tap, of the channels from c. */
    private interface Weights {
        float[] of(int c, int worker);
    }

    private Weights perBlock(long weights, ConvGeometry g) {
        int taps = g.kernelH() * g.kernelW();
        return (c, worker) -> {
            float[] w = workers.floats(worker, 2, taps * N);
            packWeights(weights, taps, g.inChannels(), c, w);
            return w;
        };
    }

    @Override
    public void inputGradient(ConvGeometry g, long dy, long weights, long dx) {
        RowWindow.Axis rows = new RowWindow.Axis(
                g.height(), g.kernelH(), 1, g.padTop(), -g.dilationH(), g.outHeight(), g.strideH());
        RowWindow.Axis cols = new RowWindow.Axis(
                g.width(), g.kernelW(), 1, g.padLeft(), -g.dilationW(), g.outWidth(), g.strideW());
        run(g.batch(), new RowWindow(rows, cols, g.inChannels()), dy, perBlock(weights, g), dx, Epilogue.NONE);
    }

    private static RowWindow window(ConvGeometry g) {
        RowWindow.Axis rows = new RowWindow.Axis(
                g.outHeight(), g.kernelH(), g.strideH(), -g.padTop(), g.dilationH(), g.height(), 1);
        RowWindow.Axis cols = new RowWindow.Axis(
                g.outWidth(), g.kernelW(), g.strideW(), -g.padLeft(), g.dilationW(), g.width(), 1);
        return new RowWindow(rows, cols, g.inChannels());
    }

    private void run(int batch, RowWindow window, long image, Weights weights, long out, Epilogue epilogue) {
        int channels = window.channels();
        int gridRows = window.rows().grid();
        if (batch <= 0 || channels <= 0 || gridRows <= 0 || window.cols().grid() <= 0) {
            return;
        }
        int blocks = Math.ceilDiv(channels, N);
        int wanted = Math.ceilDiv(4 * workers.threads(), batch * blocks);
        int cuts = Math.max(1, Math.min(wanted, gridRows / MIN_ROWS));
        int rows = Math.ceilDiv(gridRows, cuts);
        workers.parallelFor(batch * blocks * cuts, (task, worker) -> {
            // Blocks of channels of the same rows follow each other: they read the same cache lines and pages.
            int block = task % blocks;
            int cut = task / blocks % cuts;
            int n = task / blocks / cuts;
            int begin = cut * rows;
            int end = Math.min(gridRows, begin + rows);
            if (begin < end) {
                rows(window, image, weights, out, epilogue, n, block * N, begin, end, worker);
            }
        });
    }

    private void rows(
            RowWindow window,
            long images,
            Weights weights,
            long out,
            Epilogue epilogue,
            int n,
            int c,
            int begin,
            int end,
            int worker) {
        RowWindow.Axis rows = window.rows();
        RowWindow.Axis cols = window.cols();
        int taps = rows.kernel() * cols.kernel();
        int floats = cols.grid() * N;
        long image = images + 4L * n * rows.image() * cols.image() * window.channels();
        float[] ring = workers.floats(worker, 0, window.size());
        float[] y = workers.floats(worker, 1, floats);
        float[] w = weights.of(c, worker);
        int[] offsets = new int[taps];
        ChunkTree tree = new ChunkTree(floats);
        int packed = rows.low(begin);
        for (int row = begin; row < end; row++) {
            int low = rows.low(row);
            int high = low + rows.span();
            window.pack(image, c, Math.max(packed, low), high, ring);
            packed = high;
            window.offsets(row, offsets);
            for (int k = 0; k < taps; k += Contract.CHUNK) {
                int stop = Math.min(taps, k + Contract.CHUNK);
                Arrays.fill(y, 0, floats, 0f);
                for (int t = k; t < stop; ) {
                    t = DepthwiseRows.taps(ring, offsets, t, stop, w, y, floats);
                }
                if (stop < taps) {
                    tree.push(y);
                } else {
                    tree.finish(y);
                }
            }
            long pixel = ((long) n * rows.grid() + row) * cols.grid();
            store(y, cols.grid(), window.channels(), c, out, pixel, epilogue, worker);
        }
    }

    private static void packWeights(long weights, int taps, int channels, int c, float[] w) {
        for (int k = 0; k < taps; k++) {
            Lanes.loadFirst(weights + 4L * ((long) k * channels + c), channels - c)
                    .intoArray(w, k * N);
        }
    }

    /** Writes one vector of channels of {@code width} pixels, with the epilogue. */
    private void store(
            float[] y, int width, int channels, int c, long out, long pixel, Epilogue epilogue, int worker) {
        int count = Math.min(N, channels - c);
        long to = out + 4L * (pixel * channels + c);
        if (epilogue.bias() != 0) {
            FloatVector bias = Lanes.loadFirst(epilogue.bias() + 4L * c, count);
            for (int q = 0; q < width * N; q += N) {
                FloatVector.fromArray(F, y, q).add(bias).intoArray(y, q);
            }
        }
        if (epilogue.residual() != 0) {
            long residual = epilogue.residual() + 4L * (pixel * epilogue.residualRow() + c);
            for (int i = 0; i < width; i++) {
                FloatVector r = Lanes.loadFirst(residual + 4L * i * epilogue.residualRow(), count);
                FloatVector.fromArray(F, y, i * N).add(r).intoArray(y, i * N);
            }
        }
        if (epilogue.activation() != Activation.NONE) {
            long row = workers.memory(worker, 1, 4L * width * N);
            for (int q = 0; q < width * N; q += N) {
                Lanes.store(FloatVector.fromArray(F, y, q), row + 4L * q);
            }
            Activations.apply(epilogue.activation(), row, width * N);
            for (int i = 0; i < width; i++) {
                Lanes.storeFirst(Lanes.load(row + 4L * i * N), to + 4L * i * channels, count);
            }
        } else {
            for (int i = 0; i < width; i++) {
                Lanes.storeFirst(FloatVector.fromArray(F, y, i * N), to + 4L * i * channels, count);
            }
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
                window.pack(image, c, Math.max(packed, low), high, ring);
                packed = high;
                window.offsets(row, offsets);
                long line = dy + 4L * ((((long) n * g.outHeight() + row) * width) * channels + c);
                for (int i = 0; i < width; i++) {
                    Lanes.loadFirst(line + 4L * i * channels, channels - c).intoArray(d, i * N);
                }
                for (int i = 0; i < width; ) {
                    if (inChunk == Contract.CHUNK) {
                        tree.push(sums);
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
        tree.finish(sums);
        for (int k = 0; k < taps; k++) {
            long to = dWeights + 4L * ((long) k * channels + c);
            Lanes.storeFirst(FloatVector.fromArray(F, sums, k * N), to, channels - c);
        }
    }
}
