package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import org.reverie.device.cpu.ConvGeometry;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.PoolKernels;
import org.reverie.device.cpu.Strided;
import org.reverie.device.cpu.Workers;

/**
 * Pooling: vectors run over channels. An average is the depthwise convolution with a kernel of ones, and a division.
 */
final class Pools implements PoolKernels {
    private final Workers workers;
    private final Depthwise depthwise;
    private final MatrixProducts products;
    private final ColumnSums columns;

    Pools(Workers workers, Depthwise depthwise, MatrixProducts products) {
        this.workers = workers;
        this.depthwise = depthwise;
        this.products = products;
        columns = new ColumnSums(workers);
    }

    @Override
    public void max(Windows w, long x, long y) {
        workers.parallelFor(Math.multiplyExact(w.batch(), w.outHeight()), (task, worker) -> {
            for (int j = 0; j < w.outWidth(); j++) {
                Window window = Window.of(w, task / w.outHeight(), task % w.outHeight(), j);
                long to = y + 4L * ((long) task * w.outWidth() + j) * w.channels();
                for (int c = 0; c < w.channels(); c += N) {
                    storeFirst(max(w, window, x, c), to + 4L * c, w.channels() - c);
                }
            }
        });
    }

    private static FloatVector max(Windows w, Window window, long x, int c) {
        FloatVector best = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
        for (int h = window.top; h < window.bottom; h++) {
            for (int v = window.left; v < window.right; v++) {
                long at = x + 4L * (window.pixel(w, h, v) * w.channels() + c);
                FloatVector value = loadFirst(at, w.channels() - c);
                best = best.blend(value, beats(value, best));
            }
        }
        return best;
    }

    /** Whether a later number takes the place of the best so far. */
    private static VectorMask<Float> beats(FloatVector later, FloatVector best) {
        return later.compare(GT, best).or(later.test(IS_NAN).andNot(best.test(IS_NAN)));
    }

    /** The pixels of one window that lie in the image. */
    private record Window(int image, int top, int bottom, int left, int right) {
        static Window of(Windows w, int image, int i, int j) {
            int top = i * w.strideH() - w.padTop();
            int left = j * w.strideW() - w.padLeft();
            return new Window(
                    image,
                    Math.max(0, top),
                    Math.min(w.height(), top + w.kernelH()),
                    Math.max(0, left),
                    Math.min(w.width(), left + w.kernelW()));
        }

        long pixel(Windows w, int h, int v) {
            return ((long) image * w.height() + h) * w.width() + v;
        }
    }

    @Override
    public void maxGradient(Windows w, long x, long g, long dx) {
        perImage(w, dx, (image, i, j, from) -> {
            Window window = Window.of(w, image, i, j);
            for (int c = 0; c < w.channels(); c += N) {
                routeMax(w, window, x, c, g + from + 4L * c, dx);
            }
        });
    }

    /** Adds one vector of g to the places of the maxima: at each tap, the lanes whose maximum is there. */
    private static void routeMax(Windows w, Window window, long x, int c, long g, long dx) {
        int count = w.channels() - c;
        FloatVector max = max(w, window, x, c);
        FloatVector gradient = loadFirst(g, count);
        VectorMask<Float> open = F.indexInRange(0, count);
        VectorMask<Float> nan = max.test(IS_NAN);
        for (int h = window.top; h < window.bottom; h++) {
            for (int v = window.left; v < window.right; v++) {
                long offset = 4L * (window.pixel(w, h, v) * w.channels() + c);
                FloatVector value = loadFirst(x + offset, count);
                VectorMask<Float> here =
                        value.eq(max).or(value.test(IS_NAN).and(nan)).and(open);
                FloatVector sum = loadFirst(dx + offset, count);
                storeFirst(sum.blend(sum.add(gradient), here), dx + offset, count);
                open = open.andNot(here);
            }
        }
    }

    private interface Output {
        /** @param offset bytes from the output's start to its channels */
        void visit(int image, int i, int j, long offset);
    }

    /** Sets dx to +0 and visits the outputs of each image in order; an image is one task, so that order is kept. */
    private void perImage(Windows w, long dx, Output output) {
        long bytes = 4L * w.height() * w.width() * w.channels();
        workers.parallelFor(w.batch(), (image, worker) -> {
            Lanes.MEMORY.asSlice(dx + image * bytes, bytes).fill((byte) 0);
            for (int i = 0; i < w.outHeight(); i++) {
                for (int j = 0; j < w.outWidth(); j++) {
                    long pixel = ((long) image * w.outHeight() + i) * w.outWidth() + j;
                    output.visit(image, i, j, 4L * pixel * w.channels());
                }
            }
        });
    }

    @Override
    public void average(Windows w, Count count, long x, long y) {
        ConvGeometry g = new ConvGeometry(
                w.batch(),
                w.height(),
                w.width(),
                w.channels(),
                w.outHeight(),
                w.outWidth(),
                w.channels(),
                w.kernelH(),
                w.kernelW(),
                w.strideH(),
                w.strideW(),
                1,
                1,
                w.padTop(),
                w.padLeft(),
                w.channels());
        depthwise.sums(g, x, y);
        workers.parallelFor(Math.multiplyExact(w.batch(), w.outHeight()), (task, worker) -> {
            for (int j = 0; j < w.outWidth(); j++) {
                long at = y + 4L * ((long) task * w.outWidth() + j) * w.channels();
                divide(at, w.channels(), count.at(task % w.outHeight(), j), at);
            }
        });
    }

    private static void divide(long x, int n, float divisor, long y) {
        for (int c = 0; c < n; c += N) {
            storeFirst(loadFirst(x + 4L * c, n - c).div(divisor), y + 4L * c, n - c);
        }
    }

    @Override
    public void averageGradient(Windows w, Count count, long g, long dx) {
        perImage(w, dx, (image, i, j, from) -> {
            Window window = Window.of(w, image, i, j);
            float divisor = count.at(i, j);
            for (int c = 0; c < w.channels(); c += N) {
                int left = w.channels() - c;
                FloatVector share = loadFirst(g + from + 4L * c, left).div(divisor);
                for (int h = window.top; h < window.bottom; h++) {
                    for (int v = window.left; v < window.right; v++) {
                        long at = dx + 4L * (window.pixel(w, h, v) * w.channels() + c);
                        storeFirst(loadFirst(at, left).add(share), at, left);
                    }
                }
            }
        });
    }

    @Override
    public void globalAverage(int batch, int pixels, int channels, long x, long y) {
        columns.run(batch, pixels, channels, x, 0, y);
        divide(y, Math.multiplyExact(batch, channels), pixels, y);
    }

    @Override
    public void weighted(int batch, int pixels, int channels, long x, long weights, long y) {
        Strided w = Strided.rows(weights, pixels);
        Strided image = new Strided(x, channels, 1, (long) pixels * channels);
        products.gemm(batch, 1, channels, pixels, w, image, new Strided(y, channels, 1, channels), Epilogue.NONE);
    }
}
