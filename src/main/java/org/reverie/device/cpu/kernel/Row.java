package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.cpu.Workers;
import org.reverie.device.spec.Activation;

/**
 * A row of NHWC pixels that a depthwise kernel has computed as vectors of channels, one block of channels after the
 * other.
 *
 * @param pixel the first pixel's number in the output
 * @param width pixels
 * @param channels channels of the output
 * @param c the first block's first channel
 * @param blocks vectors of channels; the last one may reach beyond the channels
 */
record Row(long pixel, int width, int channels, int c, int blocks) {
    /**
     * Adds bias and residual to the sums [block, pixel, lane], writes them to the output and applies the activation.
     */
    void store(float[] sums, long out, Epilogue epilogue, Workers workers, int worker) {
        int floats = width * N;
        for (int b = 0; b < blocks; b++) {
            int first = c + b * N;
            if (epilogue.bias() != 0) {
                addBias(sums, b * floats, floats, Lanes.loadFirst(epilogue.bias() + 4L * first, channels - first));
            }
            if (epilogue.residual() != 0) {
                long residual = epilogue.residual() + 4L * (pixel * epilogue.residualRow() + first);
                addResidual(sums, b * floats, floats, residual, 4L * epilogue.residualRow(), channels - first);
            }
        }
        long to = out + 4L * (pixel * channels + c);
        int whole = Math.min(blocks, (channels - c) / N);
        write(sums, floats, whole, to, 4L * channels);
        if (whole < blocks) {
            writeFirst(sums, whole * floats, floats, channels - c - whole * N, to + 4L * whole * N, 4L * channels);
        }
        if (epilogue.activation() != Activation.NONE) {
            Unary f = Unary.valueOf(epilogue.activation().name());
            int run = Math.min(blocks * N, channels - c);
            if (run == channels) {
                Elements.apply(f, width * channels, to, to, workers, worker);
            } else {
                for (int i = 0; i < width; i++) {
                    long at = to + 4L * i * channels;
                    Elements.apply(f, run, at, at, workers, worker);
                }
            }
        }
    }

    private static void addBias(float[] sums, int at, int floats, FloatVector bias) {
        for (int q = at; q < at + floats; q += N) {
            FloatVector.fromArray(F, sums, q).add(bias).intoArray(sums, q);
        }
    }

    private static void addResidual(float[] sums, int at, int floats, long residual, long pixel, int count) {
        for (int q = at; q < at + floats; q += N) {
            FloatVector.fromArray(F, sums, q)
                    .add(Lanes.loadFirst(residual, count))
                    .intoArray(sums, q);
            residual += pixel;
        }
    }

    private static void write(float[] sums, int floats, int blocks, long to, long pixel) {
        for (int b = 0; b < blocks; b++) {
            long at = to + 4L * b * N;
            for (int q = b * floats; q < (b + 1) * floats; q += N) {
                Lanes.store(FloatVector.fromArray(F, sums, q), at);
                at += pixel;
            }
        }
    }

    private static void writeFirst(float[] sums, int at, int floats, int count, long to, long pixel) {
        for (int q = at; q < at + floats; q += N) {
            Lanes.storeFirst(FloatVector.fromArray(F, sums, q), to, count);
            to += pixel;
        }
    }
}
