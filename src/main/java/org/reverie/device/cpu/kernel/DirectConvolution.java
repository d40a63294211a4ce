package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.ConvTiles.PIXELS;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import org.reverie.device.cpu.ConvGeometry;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * A convolution with packed weights whose tiles read the image itself ({@link ConvTiles}), not gathered patches. A task is a
 * number of output rows, whose {@link Window} the worker copies, by a number of panels of output channels.
 */
final class DirectConvolution {
    /** Tasks for each thread, so that a thread that starts late does fewer. */
    private static final int TASKS = 6;

    /** Output pixels of a task, at least. */
    private static final int FEW = 4 * PIXELS;

    /** Floats of weights that stay in the second-level cache beside a window. */
    private static final int CACHED = 1 << 16;

    /** Most output channels that are finished together, so that their sums stay in the first-level cache. */
    private static final int WIDE = 512;

    private static final int CHUNK = Contract.CHUNK;

    private final ConvGeometry g;
    private final Window.Layout layout;
    private final Panels.Packed weights;
    private final Epilogue epilogue;

    /** Addresses of the group's first channels. */
    private final long x;

    private final long y;

    /** Output rows of a task, and panels. */
    private int rows;

    private int panels;
    private Place[] places;

    /** What a worker keeps from task to task of this convolution. */
    private static final class Place {
        final Window window;
        int first = -1;

        Place(Window window) {
            this.window = window;
        }
    }

    /** @param group its number; everything else belongs to the whole convolution */
    DirectConvolution(
            ConvGeometry g, Window.Layout layout, long x, Panels.Packed weights, long y, Epilogue epilogue, int group) {
        this.g = g;
        this.layout = layout;
        this.weights = weights;
        this.x = x + 4L * group * g.groupIn();
        long first = 4L * group * g.groupOut();
        this.y = y + first;
        this.epilogue = new Epilogue(
                epilogue.bias() == 0 ? 0 : epilogue.bias() + first,
                epilogue.residual() == 0 ? 0 : epilogue.residual() + first,
                epilogue.residualRow(),
                epilogue.activation());
    }

    void run(Workers workers, int threads) {
        int all = g.batch() * g.outHeight();
        int across = Math.ceilDiv(g.groupOut(), NR);
        int bands = Math.ceilDiv(all, layout.rows());
        int cuts = 1;
        if (threads > 1) {
            int want = TASKS * threads;
            if (g.terms() * across * NR > CACHED) {
                cuts = Math.min(across, Math.ceilDiv(want, bands));
            }
            int most = Math.max(1, all * g.outWidth() / FEW);
            bands = Math.max(bands, Math.min(most, Math.ceilDiv(want, cuts)));
        }
        rows = Math.ceilDiv(all, bands);
        panels = Math.ceilDiv(across, cuts);
        int down = Math.ceilDiv(all, rows);
        int columns = Math.ceilDiv(across, panels);
        places = new Place[workers.threads()];
        Workers.Body body = (task, worker) -> task(task / columns * rows, task % columns * panels, workers, worker);
        if (threads == 1) {
            workers.alone(down * columns, body);
        } else {
            workers.parallelFor(down * columns, body);
        }
    }

    private void task(int first, int panel, Workers workers, int worker) {
        Place place = places[worker];
        if (place == null) {
            place = new Place(new Window(layout));
            places[worker] = place;
        }
        Window window = place.window;
        if (place.first != first) {
            int count = Math.min(rows, g.batch() * g.outHeight() - first);
            window.fill(x, first, count, workers.floats(worker, 3, window.size(first, count)));
            place.first = first;
        }
        int begin = panel * NR;
        int end = Math.min(g.groupOut(), begin + panels * NR);
        int most = Math.clamp(CACHED / g.terms() / NR, 1, WIDE / NR) * NR;
        int levels = 33 - Integer.numberOfLeadingZeros(layout.runs.chunks());
        long strip = workers.memory(worker, 0, 4L * PIXELS * most + levels * Block.TILE);
        long pixel = (long) first * g.outWidth();
        for (int j = begin; j < end; j += most) {
            int columns = Math.min(most, end - j);
            for (int i = 0; i < window.count; i += PIXELS) {
                strip(window, i, j, columns, pixel + i, strip, strip + 4L * PIXELS * most);
            }
        }
    }

    /** A tile's pixels and {@code columns} output channels from {@code first} on, which go to row {@code row} of y. */
    private void strip(Window window, int i, int first, int columns, long row, long strip, long tree) {
        long ld = 4L * Contraction.roundUp(columns, NR);
        for (int j = 0; j < columns; j += NR) {
            int vectors = columns - j > N ? 2 : 1;
            sums(window, i, first + j, vectors, strip + 4L * j, ld, tree);
        }
        long ldc = 4L * g.outChannels();
        long ldr = 4 * epilogue.residualRow();
        long residual = epilogue.residual() == 0 ? 0 : epilogue.residual() + row * ldr + 4L * first;
        long bias = epilogue.bias() == 0 ? 0 : epilogue.bias() + 4L * first;
        int rows = Math.min(PIXELS, window.count - i);
        Strips.finish(
                strip, ld, rows, columns, y + row * ldc + 4L * first, ldc, bias, residual, ldr, epilogue.activation());
    }

    /** Leaves a tile's sums at {@code sum}; the chunks' wait at {@code tree}. */
    private void sums(Window window, int i, int column, int vectors, long sum, long ld, long tree) {
        int terms = g.terms();
        float[] b = weights.ready();
        if (terms <= CHUNK) {
            ConvTiles.run(
                    vectors, layout.runs, 0, window.floats, window.pixels, i, b, weights.at(0, terms, column), sum, ld);
            return;
        }
        long top = tree;
        for (int chunk = 0; chunk * CHUNK < terms; chunk++) {
            int k = chunk * CHUNK;
            int q = weights.at(k, Math.min(CHUNK, terms - k), column);
            ConvTiles.run(vectors, layout.runs, chunk, window.floats, window.pixels, i, b, q, top, Block.LD);
            for (int t = chunk; (t & 1) != 0; t >>= 1) {
                top -= Block.TILE;
                Finish.add(top, top + Block.TILE, top, PIXELS);
            }
            top += Block.TILE;
        }
        for (top -= Block.TILE; top > tree; top -= Block.TILE) {
            Finish.add(top - Block.TILE, top, top - Block.TILE, PIXELS);
        }
        Strips.copy(tree, PIXELS, vectors, sum, ld);
    }
}
