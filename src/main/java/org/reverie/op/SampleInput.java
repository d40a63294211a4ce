package org.reverie.op;

import java.util.SplittableRandom;
import org.reverie.tensor.DType;
import org.reverie.tensor.Device;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * A recipe for one input tensor.
 *
 * @param fill what the numbers are
 * @param bound for {@link Fill#INDEX}: numbers are 0 … bound − 1
 * @param layout how the tensor lies in memory; the logical shape is {@code shape} in every case
 */
public record SampleInput(DType dtype, Shape shape, Fill fill, int bound, Layout layout) {
    /** Distributions. */
    public enum Fill {
        /** Standard normal. */
        NORMAL,
        /** Standard normal, but at least 0.1 away from 0, for functions with a kink there. */
        AWAY_FROM_ZERO,
        /** Uniform in [0.1, 2). */
        POSITIVE,
        /** Pairwise distinct numbers, far enough apart that a gradient check does not reorder them. */
        DISTINCT,
        /** Whole numbers 0 … bound − 1. */
        INDEX,
        /** Normal numbers mixed with ±0, ±∞, NaN, subnormals and the largest floats. Not for gradient checks. */
        SPECIAL,
        ZERO
    }

    /** Memory layouts of the same logical tensor. */
    public enum Layout {
        CONTIGUOUS,
        /** The last two axes are swapped in memory. */
        TRANSPOSED,
        /** Every second element of a tensor twice as wide in the last axis, starting at 1. */
        STRIDED,
        /** The first axis has stride 0: one slice, repeated. */
        BROADCAST
    }

    public static SampleInput of(int... shape) {
        return new SampleInput(DType.F32, Shape.of(shape), Fill.NORMAL, 0, Layout.CONTIGUOUS);
    }

    public static SampleInput index(int bound, int... shape) {
        return new SampleInput(DType.I32, Shape.of(shape), Fill.INDEX, bound, Layout.CONTIGUOUS);
    }

    /** A U8 mask of zeros and ones. */
    public static SampleInput mask(int... shape) {
        return new SampleInput(DType.U8, Shape.of(shape), Fill.INDEX, 2, Layout.CONTIGUOUS);
    }

    public SampleInput fill(Fill f) {
        return new SampleInput(dtype, shape, f, bound, layout);
    }

    public SampleInput layout(Layout l) {
        return new SampleInput(dtype, shape, fill, bound, l);
    }

    public SampleInput transposed() {
        return layout(Layout.TRANSPOSED);
    }

    public SampleInput as(DType type) {
        return new SampleInput(type, shape, fill, bound, layout);
    }

    public boolean checksGradient() {
        return dtype == DType.F32 && fill != Fill.SPECIAL;
    }

    /** The tensor, in the current scope; the same numbers for the same seed on every device. */
    public Tensor make(Device device, long seed) {
        Shape stored = switch (layout) {
            case CONTIGUOUS -> shape;
            case TRANSPOSED -> shape.with(-1, shape.dim(-2)).with(-2, shape.dim(-1));
            case STRIDED -> shape.with(-1, 2 * shape.dim(-1) + 1);
            case BROADCAST -> shape.with(0, 1);
        };
        Tensor t = Tensor.from(device, numbers(device, stored, seed));
        long[] strides = t.strides();
        int last = shape.rank() - 1;
        switch (layout) {
            case CONTIGUOUS -> {
                return t;
            }
            case TRANSPOSED -> {
                long s = strides[last];
                strides[last] = strides[last - 1];
                strides[last - 1] = s;
                return t.view(shape, strides, 0);
            }
            case STRIDED -> {
                strides[last] = 2;
                return t.view(shape, strides, 1);
            }
            default -> {
                strides[0] = 0;
                return t.view(shape, strides, 0);
            }
        }
    }

    private HostTensor numbers(Device device, Shape stored, long seed) {
        DType type = dtype == DType.F32 ? device.computeType() : dtype;
        HostTensor host = HostTensor.allocate(type, stored);
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < stored.elements(); i++) {
            HostNumbers.set(host, i, number(random, i, stored.elements()));
        }
        return host;
    }

    private static final float[] EDGES = {
        0f,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        1e-40f,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        88.8f,
        -87.4f,
        -104f,
        1f,
        -1f,
        0.5f,
        16777217f
    };

    private double number(SplittableRandom random, long i, long n) {
        return switch (fill) {
            case NORMAL -> (float) random.nextGaussian();
            case AWAY_FROM_ZERO -> {
                double g = random.nextGaussian();
                yield (float) (g + Math.copySign(0.1, g));
            }
            case POSITIVE -> (float) random.nextDouble(0.1, 2);
            // a multiplicative permutation of 0 … n − 1, scaled to a few units
            case DISTINCT -> (float) ((i * 2654435761L % 1000003L) / 250000.0 - 2 + i * 1e-7);
            case INDEX -> random.nextInt(bound);
            case SPECIAL ->
                random.nextInt(3) == 0
                        ? EDGES[random.nextInt(EDGES.length)]
                        : (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-6, 4)));
            case ZERO -> 0;
        };
    }

    @Override
    public String toString() {
        return dtype.label()
                + shape
                + (layout == Layout.CONTIGUOUS ? "" : " " + layout.name().toLowerCase(java.util.Locale.ROOT));
    }
}
