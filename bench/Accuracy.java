package org.reverie.bench;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.reverie.tensor.HostTensor;

/** Compares results: of two engines with each other, and of one with a computation in binary64. */
final class Accuracy {
    private static final int SAMPLES = 256;

    /** An odd number near 2³² / golden ratio: multiples of it lie evenly among the integers. */
    private static final int SPREAD = 0x9E3779B9;

    private Accuracy() {}

    /** Throws unless both have the same shapes and nearly the same numbers. */
    static void check(List<HostTensor> expected, List<HostTensor> found, double tolerance) {
        if (expected.size() != found.size()) {
            throw new IllegalStateException("the rival has " + found.size() + " results, not " + expected.size());
        }
        for (int r = 0; r < expected.size(); r++) {
            check(r, expected.get(r), found.get(r), tolerance);
        }
    }

    private static void check(int result, HostTensor expected, HostTensor found, double tolerance) {
        if (expected.shape().elements() != found.shape().elements()) {
            throw new IllegalStateException("result " + result + " of the rival has the shape " + found.shape()
                    + " instead of " + expected.shape());
        }
        double largest = 0;
        double off = 0;
        for (long i = 0; i < expected.shape().elements(); i++) {
            largest = Math.max(largest, Math.abs(expected.get(i)));
            off = Math.max(off, Math.abs(expected.get(i) - found.get(i)));
        }
        if (!(off <= tolerance * largest)) {
            throw new IllegalStateException("result " + result + " of the rival is off by " + off + " where " + largest
                    + " is the largest number; " + tolerance + " of that would pass");
        }
    }

    /** Throws unless both have the same shapes and the same bits; NaNs count as one value. */
    static void checkBits(List<HostTensor> expected, List<HostTensor> found) {
        if (expected.size() != found.size()) {
            throw new IllegalStateException("there are " + found.size() + " results, not " + expected.size());
        }
        for (int r = 0; r < expected.size(); r++) {
            if (!expected.get(r).shape().equals(found.get(r).shape())) {
                throw new IllegalStateException(
                        "result " + r + " has the shape " + found.get(r).shape() + " instead of "
                                + expected.get(r).shape());
            }
            float[] e = expected.get(r).toFloats();
            float[] f = found.get(r).toFloats();
            for (int i = 0; i < e.length; i++) {
                if (Float.floatToIntBits(e[i]) != Float.floatToIntBits(f[i])) {
                    throw new IllegalStateException(
                            "number " + i + " of result " + r + " is " + f[i] + ", not " + e[i]);
                }
            }
        }
    }

    /** The largest error among some numbers of a result, in parts of the largest of these; NaN if none is known. */
    static double error(HostTensor found, IntToDoubleFunction exact) {
        int n = Math.toIntExact(found.shape().elements());
        double largest = 0;
        double off = 0;
        for (int s = 0; s < SAMPLES; s++) {
            int i = Math.floorMod(s * SPREAD, n);
            double e = exact.applyAsDouble(i);
            largest = Math.max(largest, Math.abs(e));
            off = Math.max(off, Math.abs(found.get(i) - e));
        }
        return off / largest;
    }
}
