package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Tiles.ROW;

import java.util.Arrays;
import org.reverie.device.cpu.ConvGeometry;
import org.reverie.device.cpu.ConvKernels;
import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Strided;
import org.reverie.numerics.Contract;

/**
 * Convolutions forward by {@link DirectConvolution}; their gradients as matrix products whose packing gathers the patches (implicit
 * GEMM), with groups as the batch.
 */
final class Convolutions implements ConvKernels {
    private final Contraction contraction;
    private final Spare spare = new Spare();

    Convolutions(Contraction contraction) {
        this.contraction = contraction;
    }

    @Override
    public void forward(ConvGeometry g, long x, long weights, long y, Epilogue epilogue) {
        if (few(g)) {
            pointwise(g, x, y, epilogue, group -> weights(g, weights, group));
            return;
        }
        float[] packed = spare.take(floats(g));
        pack(g, weights, packed, threads(g));
        direct(g, x, packed, y, epilogue);
        spare.give(packed);
    }

    @Override
    public float[] pack(ConvGeometry g, long weights) {
        float[] packed = new float[floats(g)];
        pack(g, weights, packed, 1);
        return packed;
    }

    private void pack(ConvGeometry g, long weights, float[] packed, int threads) {
        for (int group = 0; group < g.groups(); group++) {
            contraction.pack(weights(g, weights, group), packed(g, packed, group), g.groupOut(), g.terms(), threads);
        }
    }

    @Override
    public void forwardPacked(ConvGeometry g, long x, float[] packed, long y, Epilogue epilogue) {
        if (packed.length != floats(g)) {
            throw new IllegalArgumentException("packed weights have " + packed.length
                    + " floats, not those of this convolution at this vector width: " + g);
        }
        if (few(g)) {
            pointwise(g, x, y, epilogue, group -> packed(g, packed, group));
        } else {
            direct(g, x, packed, y, epilogue);
        }
    }

    private void direct(ConvGeometry g, long x, float[] packed, long y, Epilogue epilogue) {
        Window.Layout layout = new Window.Layout(g);
        for (int group = 0; group < g.groups(); group++) {
            new DirectConvolution(g, layout, x, packed(g, packed, group), y, epilogue, group)
                    .run(contraction.workers(), threads(g));
        }
    }

    private int threads(ConvGeometry g) {
        return contraction.threads((long) g.batch() * g.outHeight() * g.outWidth(), g.groupOut(), g.terms());
    }

    /** Floats of the packed weights. */
    private static int floats(ConvGeometry g) {
        return Math.multiplyExact(g.groups(), g.terms() * Contraction.roundUp(g.groupOut(), NR));
    }

    private static Panels.Packed packed(ConvGeometry g, float[] packed, int group) {
        return new Panels.Packed(packed, g.groupOut(), group * g.terms() * Contraction.roundUp(g.groupOut(), NR));
    }

    private static Panels.Right weights(ConvGeometry g, long weights, int group) {
        Strided b = new Strided(weights, 1, g.terms(), (long) g.groupOut() * g.terms());
        return new Panels.Matrix(b, group);
    }

    /** Whether there are too few pixels for a tile, and no taps: a narrow matrix product. */
    private static boolean few(ConvGeometry g) {
        return g.pointwise() && g.batch() * g.height() * g.width() < ConvTiles.PIXELS;
    }

    private interface Weights {
        Panels.Right of(int group);
    }

    private void pointwise(ConvGeometry g, long x, long y, Epilogue epilogue, Weights weights) {
        long pixel = 4L * g.inChannels();
        int pixels = g.batch() * g.height() * g.width();
        contraction.run(g.groups(), pixels, g.groupOut(), g.terms(), epilogue, group -> {
            Panels.Left left = new Panels.LeftMatrix(x + 4L * group * g.groupIn(), pixel, 4);
            return matrix(left, weights.of(group), y, epilogue, g.outChannels(), group * g.groupOut());
        });
    }

    private static Panels.Left patches(Taps taps, long image, long pixel, int channels) {
        return (row, rows, k, terms, a) -> {
            for (int p = 0; p < terms; p += Contract.CHUNK) {
                int kc = Math.min(Contract.CHUNK, terms - p);
                int at = Block.left(0, p / Contract.CHUNK);
                taps.gather(image, pixel, channels, row, rows, k + p, kc, a, at, ROW, true);
            }
        };
    }

    /** The columns {@code first} and on of an NHWC tensor with {@code channels} channels as the product's output. */
    private static Contraction.Matrix matrix(
            Panels.Left left, Panels.Right right, long out, Epilogue epilogue, int channels, int first) {
        long offset = 4L * first;
        long residual = epilogue.residual() == 0 ? 0 : epilogue.residual() + offset;
        long bias = epilogue.bias() == 0 ? 0 : epilogue.bias() + offset;
        return new Contraction.Matrix(
                left, right, out + offset, 4L * channels, residual, 4 * epilogue.residualRow(), bias, false);
    }

    @Override
    public void inputGradient(ConvGeometry g, long dy, long weights, long dx, Epilogue epilogue) {
        long pixel = 4L * g.outChannels();
        int channels = g.groupOut();
        int terms = g.kernelH() * g.kernelW() * channels;
        Taps taps = Taps.backward(g);
        int pixels = g.batch() * g.height() * g.width();
        contraction.run(g.groups(), pixels, g.groupIn(), terms, epilogue, group -> {
            Panels.Left left = patches(taps, dy + 4L * group * channels, pixel, channels);
            long w = weights + 4L * group * channels * g.terms();
            return matrix(left, turned(g, w), dx, epilogue, g.inChannels(), group * g.groupIn());
        });
    }

    /** A group's weights [O, KH, KW, I] as a matrix (kh, kw, o) × i. */
    private static Panels.Right turned(ConvGeometry g, long weights) {
        return (k, kc, col, cols, b, q) -> {
            for (int j = 0; j < cols; j += NR) {
                int width = Math.min(NR, cols - j);
                int to = q + j * kc;
                if (width < NR) {
                    Arrays.fill(b, to, to + NR * kc, 0f);
                }
                for (int p = 0; p < kc; p++) {
                    int tap = (k + p) / g.groupOut();
                    int o = (k + p) % g.groupOut();
                    long from = (long) o * g.terms() + (long) tap * g.groupIn() + col + j;
                    Packing.copy(weights + 4 * from, width, b, to + p * NR);
                }
            }
        };
    }

    @Override
    public void weightGradient(ConvGeometry g, long dy, long x, long dWeights) {
        long pixel = 4L * g.outChannels();
        Taps taps = Taps.forward(g);
        int pixels = g.batch() * g.outHeight() * g.outWidth();
        contraction.run(g.groups(), g.groupOut(), g.terms(), pixels, Epilogue.NONE, group -> {
            long from = dy + 4L * group * g.groupOut();
            Panels.Left left = new Panels.LeftMatrix(from, 4, pixel);
            Panels.Right right = patchRows(taps, x + 4L * group * g.groupIn(), 4L * g.inChannels(), g.groupIn());
            long out = dWeights + 4L * group * g.groupOut() * g.terms();
            return matrix(left, right, out, Epilogue.NONE, g.terms(), 0);
        });
    }

    /** The patches as a matrix, output positions × terms. */
    private static Panels.Right patchRows(Taps taps, long image, long pixel, int channels) {
        return (k, kc, col, cols, b, q) -> {
            for (int j = 0; j < cols; j += NR) {
                int width = Math.min(NR, cols - j);
                int to = q + j * kc;
                if (width < NR) {
                    Arrays.fill(b, to, to + NR * kc, 0f);
                }
                taps.gather(image, pixel, channels, k, kc, col + j, width, b, to, NR, false);
            }
        };
    }
}
