package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import jdk.incubator.vector.FloatVector;
import org.reverie.numerics.Contract;

/** Loops of attention's gradient, each along a row of the matrix of queries and keys or along sums. */
final class AttentionLoops {
    private static final long V = 4L * N;

    private AttentionLoops() {}

    /** {@code x = x · factor} for {@code bytes} bytes, a multiple of the vector's. */
    static void scale(long x, long bytes, float factor) {
        FloatVector f = FloatVector.broadcast(F, factor);
        for (long i = 0; i < bytes; i += V) {
            fromMemorySegment(F, MEMORY, x + i, ORDER).mul(f).intoMemorySegment(MEMORY, x + i, ORDER);
        }
    }

    /** {@code p = p / sum} and {@code product = dp · p} along {@code bytes} bytes of rows that are {@code ld} bytes apart. */
    static void probabilities(long p, long dp, long product, long ld, int rows, long bytes, long sums) {
        for (int r = 0; r < rows; r++) {
            FloatVector s = FloatVector.broadcast(F, Lanes.get(sums + 4L * r));
            for (long i = r * ld, end = r * ld + bytes; i < end; i += V) {
                FloatVector q = fromMemorySegment(F, MEMORY, p + i, ORDER).div(s);
                q.intoMemorySegment(MEMORY, p + i, ORDER);
                fromMemorySegment(F, MEMORY, dp + i, ORDER).mul(q).intoMemorySegment(MEMORY, product + i, ORDER);
            }
        }
    }

    /** {@code product = dp · p} for {@code bytes} bytes, a multiple of the vector's. */
    static void multiply(long p, long dp, long product, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector q = fromMemorySegment(F, MEMORY, p + i, ORDER);
            fromMemorySegment(F, MEMORY, dp + i, ORDER).mul(q).intoMemorySegment(MEMORY, product + i, ORDER);
        }
    }

    /**
     * {@code ds = (p · (dp − along)) · scale} along a row.
     *
     * @param p, dp addresses of the row
     * @param panels of {@link Tiles#NR} keys
     * @param right where the row goes as one of {@code rows} rows of the panels of a right operand: p to {@code ps}, ds to {@code dss}
     * @param left where it goes as a row of a packed left operand, {@code a}
     */
    static void slopes(
            long p,
            long dp,
            int panels,
            float along,
            float scale,
            float[] ps,
            float[] dss,
            int right,
            int rows,
            float[] a,
            int left) {
        FloatVector m = FloatVector.broadcast(F, along);
        FloatVector f = FloatVector.broadcast(F, scale);
        int chunk = Contract.CHUNK / NR;
        for (int j = 0; j < panels; j++) {
            FloatVector p0 = fromMemorySegment(F, MEMORY, p, ORDER);
            FloatVector p1 = fromMemorySegment(F, MEMORY, p + V, ORDER);
            FloatVector d0 =
                    p0.mul(fromMemorySegment(F, MEMORY, dp, ORDER).sub(m)).mul(f);
            FloatVector d1 =
                    p1.mul(fromMemorySegment(F, MEMORY, dp + V, ORDER).sub(m)).mul(f);
            p0.intoArray(ps, right);
            p1.intoArray(ps, right + N);
            d0.intoArray(dss, right);
            d1.intoArray(dss, right + N);
            int at = Block.left(0, j / chunk) + left + j % chunk * NR;
            d0.intoArray(a, at);
            d1.intoArray(a, at + N);
            right += rows * NR;
            p += 2 * V;
            dp += 2 * V;
        }
    }

    /** {@code x[left …] = x[left …] + x[right …]}, {@code n} floats, a multiple of the vector's. */
    static void add(float[] x, int left, int right, int n) {
        for (int i = 0; i < n; i += N) {
            FloatVector.fromArray(F, x, left + i)
                    .add(FloatVector.fromArray(F, x, right + i))
                    .intoArray(x, left + i);
        }
    }

    /** Copies {@code n} floats, a multiple of the vector's, to memory. */
    static void copy(float[] x, int at, int n, long to) {
        for (int i = 0; i < n; i += N) {
            FloatVector.fromArray(F, x, at + i).intoMemorySegment(MEMORY, to + 4L * i, ORDER);
        }
    }

    /** Writes the first {@code cols} floats of {@code rows} rows, {@code step} floats apart, one after the other. */
    static void store(float[] x, int step, int rows, int cols, long to) {
        for (int i = 0; i < rows; i++) {
            int j = 0;
            for (; j <= cols - N; j += N) {
                FloatVector.fromArray(F, x, i * step + j).intoMemorySegment(MEMORY, to + 4L * j, ORDER);
            }
            if (j < cols) {
                Lanes.storeFirst(FloatVector.fromArray(F, x, i * step + j), to + 4L * j, cols - j);
            }
            to += 4L * cols;
        }
    }
}
