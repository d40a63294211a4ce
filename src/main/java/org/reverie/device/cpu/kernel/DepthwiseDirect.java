package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.DepthwiseTiles.WIDTH;
import static org.reverie.device.cpu.kernel.Lanes.N;

import java.util.Arrays;
import org.reverie.device.cpu.ConvGeometry;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;

/**
 * The depthwise convolutions that networks are made of, 3×3 and 5×5 with stride 1 or 2 and at most the "same" padding,
 * read straight from the image by {@link DepthwiseTiles}: pixels outside, channels inside, as they lie in memory. Rows and
 * columns of the padding are read from a stretch of zeros.
 */
final class DepthwiseDirect {
    /** Bytes of a tile's outputs from which a task goes down the columns, to find the kernel's rows in the first cache. */
    private static final long TALL = 4 << 10;

    /** Tasks for each thread, so that a thread that starts late does fewer. */
    private static final int TASKS = 4;

    private final Workers workers;

    DepthwiseDirect(Workers workers) {
        this.workers = workers;
    }

    /** Whether this class computes such a convolution. */
    static boolean fits(ConvGeometry g, Epilogue epilogue) {
        int kernel = g.kernelW();
        int stride = g.strideW();
        int padRight = (g.outWidth() - 1) * stride + kernel - g.width() - g.padLeft();
        return (kernel == 3 || kernel == 5)
                && g.kernelH() == kernel
                && (stride == 1 || stride == 2)
                && g.dilationH() == 1
                && g.dilationW() == 1
                && Math.max(g.padLeft(), padRight) <= kernel / 2
                && g.inChannels() >= N
                && g.outWidth() >= WIDTH
                && g.outHeight() > 0
                && epilogue.residual() == 0;
    }

    void forward(ConvGeometry g, long x, long weights, long y, Epilogue epilogue) {
        int cuts = workers.threads() == 1 ? 1 : Math.ceilDiv(TASKS * workers.threads(), Math.max(1, g.batch()));
        int rows = Math.ceilDiv(g.outHeight(), cuts);
        int tasks = Math.ceilDiv(g.outHeight(), rows);
        workers.parallelFor(Math.multiplyExact(g.batch(), tasks), (task, worker) -> {
            int first = task % tasks * rows;
            Image image = new Image(g, task / tasks, x, weights, y, epilogue, workers, worker);
            image.rows(first, Math.min(g.outHeight(), first + rows));
        });
    }

    /** What a task knows of its image. */
    private static final class Image {
        private final ConvGeometry g;
        private final int kernel;
        private final int stride;

        /** Input columns under a tile. */
        private final int span;

        /** Bytes from pixel to pixel. */
        private final long pixel;

        private final long x;
        private final long weights;
        private final long bias;
        private final long y;
        private final Unary activation;
        private final Workers workers;
        private final int worker;

        /** As many +0 as a tile reads of a row. */
        private final long zeros;

        /** See {@link DepthwiseTiles}. */
        private final long[] at;

        Image(ConvGeometry g, int n, long x, long weights, long y, Epilogue epilogue, Workers workers, int worker) {
            this.g = g;
            this.weights = weights;
            this.workers = workers;
            this.worker = worker;
            kernel = g.kernelW();
            stride = g.strideW();
            span = (WIDTH - 1) * stride + kernel;
            pixel = 4L * g.inChannels();
            this.x = x + (long) n * g.height() * g.width() * pixel;
            this.y = y + (long) n * g.outHeight() * g.outWidth() * pixel;
            zeros = workers.memory(worker, 0, (span + 1) * pixel);
            Lanes.MEMORY.asSlice(zeros, span * pixel).fill((byte) 0);
            bias = epilogue.bias() == 0 ? nothing(zeros + span * pixel) : epilogue.bias();
            activation = epilogue.activation() == Activation.NONE
                    ? null
                    : Unary.valueOf(epilogue.activation().name());
            at = new long[kernel * kernel];
        }

        /** A bias that changes no sum, not even −0. */
        private long nothing(long to) {
            for (long c = 0; c < pixel; c += 4) {
                Lanes.set(to + c, -0f);
            }
            return to;
        }

        /** The output's rows {@code from} to {@code to - 1}. */
        void rows(int from, int to) {
            int width = g.outWidth();
            int panel = WIDTH * pixel < TALL ? width : WIDTH;
            for (int left = 0; left < width; left += panel) {
                int right = Math.min(width, left + panel);
                for (int i = from; i < to; i++) {
                    for (int j = left; j < right; j += WIDTH) {
                        // The last tile is moved to the left until it fits: what both compute is the same.
                        tile(i, Math.min(j, width - WIDTH));
                    }
                }
            }
        }

        /** The pixels j to j + WIDTH - 1 of row i. */
        private void tile(int i, int j) {
            int left = j * stride - g.padLeft();
            for (int r = 0; r < kernel; r++) {
                point(r, i * g.strideH() - g.padTop() + r, left);
            }
            long to = y + ((long) i * g.outWidth() + j) * pixel;
            long whole = pixel / (4L * N) * (4L * N);
            run(0, whole, to);
            if (whole < pixel) {
                run(pixel - 4L * N, pixel, to);
            }
            if (activation != null) {
                Elements.apply(activation, WIDTH * g.inChannels(), to, to, workers, worker);
            }
        }

        /** Sets the addresses of kernel row r, which lies over a row of the image from column {@code left} on. */
        private void point(int r, int row, int left) {
            int rim = kernel / 2;
            int first = r * kernel;
            if (row < 0 || row >= g.height()) {
                Arrays.fill(at, first, first + kernel, zeros);
                return;
            }
            long line = x + ((long) row * g.width() + left) * pixel;
            at[first + rim] = line + rim * pixel;
            for (int q = 0; q < rim; q++) {
                int opposite = span - rim + q;
                at[first + q] = left + q < 0 ? zeros : line + q * pixel;
                at[first + rim + 1 + q] = left + opposite >= g.width() ? zeros : line + opposite * pixel;
            }
        }

        private void run(long from, long to, long y) {
            if (kernel == 3 && stride == 1) {
                DepthwiseTiles.tile3(at, from, to, pixel, weights, bias, y);
            } else if (kernel == 3) {
                DepthwiseTiles.tile3By2(at, from, to, pixel, weights, bias, y);
            } else if (stride == 1) {
                DepthwiseTiles.tile5(at, from, to, pixel, weights, bias, y);
            } else {
                DepthwiseTiles.tile5By2(at, from, to, pixel, weights, bias, y);
            }
        }
    }
}
