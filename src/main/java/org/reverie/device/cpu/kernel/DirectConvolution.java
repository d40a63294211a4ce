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
    private static final int SMALL = 1 << 17;

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
            if (g.terms() * across * NR > SMALL) {
                cuts = Math.min(across, Math.ceilDiv(want, bands));
            }
            int most = Math.max(1, all * g.outWidth() / FEW);
            bands = Math.max(bands, Math.min(most, Math.ceilDiv(want, cuts)));
        }
        rows = Math.ceilDiv(all, bands);
        panels = Math.ceilDiv(across, cuts);
        int down = Math.ceilDiv(all, rows);
        int columns = Math.ceilDiv(across, panels);
        places = new Place[threads];
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
        long sum =
                workers.memory(worker, 0, (2 + 32 - Integer.numberOfLeadingZeros(layout.runs.chunks())) * Block.TILE);
        long pixel = (long) first * g.outWidth();
        if (g.terms() * (end - begin) <= SMALL) {
            for (int i = 0; i < window.count; i += PIXELS) {
                for (int j = begin; j < end; j += NR) {
                    tile(window, i, j, pixel, sum);
                }
            }
        } else {
            for (int j = begin; j < end; j += NR) {
                for (int i = 0; i < window.count; i += PIXELS) {
                    tile(window, i, j, pixel, sum);
                }
            }
        }
    }

    /** The tile of the window's pixels from {@code i} on and output channels from {@code j} on. */
    private void tile(Window window, int i, int j, long pixel, long sum) {
        int width = Math.min(NR, g.groupOut() - j);
        int vectors = width > N ? 2 : 1;
        int terms = g.terms();
        float[] b = weights.ready();
        long top = sum;
        for (int chunk = 0; chunk * CHUNK < terms; chunk++) {
            int k = chunk * CHUNK;
            int q = weights.at(k, Math.min(CHUNK, terms - k), j);
            ConvTiles.run(vectors, layout.runs, chunk, window.floats, window.pixels, i, b, q, top);
            for (int t = chunk; (t & 1) != 0; t >>= 1) {
                top -= Block.TILE;
                Finish.add(top, top + Block.TILE, top, PIXELS);
            }
            top += Block.TILE;
        }
        for (top -= Block.TILE; top > sum; top -= Block.TILE) {
            Finish.add(top - Block.TILE, top, top - Block.TILE, PIXELS);
        }
        long row = pixel + i;
        long ldc = 4L * g.outChannels();
        long ldr = 4 * epilogue.residualRow();
        long residual = epilogue.residual() == 0 ? 0 : epilogue.residual() + row * ldr + 4L * j;
        long bias = epilogue.bias() == 0 ? 0 : epilogue.bias() + 4L * j;
        int r = Math.min(PIXELS, window.count - i);
        Finish.store(sum, r, width, y + row * ldc + 4L * j, ldc, bias, residual, ldr, epilogue.activation());
    }
}
