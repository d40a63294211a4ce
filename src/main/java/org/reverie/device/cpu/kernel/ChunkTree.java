package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** Adds vectors of chunk sums by the pairwise tree of rule 2: a binary counter whose digits are vectors. */
final class ChunkTree {
    private final int n;
    private float[][] digits = new float[4][];
    private int pushed;

    /** @param n floats in a vector of sums, a multiple of the vector length */
    ChunkTree(int n) {
        this.n = n;
    }

    /** Takes the next chunk's sums, which start at {@code at} and are overwritten. */
    void push(float[] sums, int at) {
        int level = 0;
        for (; (pushed >> level & 1) != 0; level++) {
            add(digits[level], sums, at);
        }
        if (level == digits.length) {
            digits = Arrays.copyOf(digits, 2 * level);
        }
        if (digits[level] == null) {
            digits[level] = new float[n];
        }
        System.arraycopy(sums, at, digits[level], 0, n);
        pushed++;
    }

    /** Takes the last chunk's sums and leaves the total in them. */
    void finish(float[] sums, int at) {
        for (int level = 0; pushed >> level != 0; level++) {
            if ((pushed >> level & 1) != 0) {
                add(digits[level], sums, at);
            }
        }
        pushed = 0;
    }

    /** right = left + right. */
    private void add(float[] left, float[] right, int at) {
        for (int i = 0; i < n; i += N) {
            FloatVector.fromArray(F, left, i)
                    .add(FloatVector.fromArray(F, right, at + i))
                    .intoArray(right, at + i);
        }
    }
}
