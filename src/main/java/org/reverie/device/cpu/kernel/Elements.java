package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.store;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.PointwiseKernels;
import org.reverie.device.cpu.Strided;
import org.reverie.device.cpu.Workers;

/**
 * Pointwise kernels: work is cut into runs, one task each; a run's whole vectors go through the loop of the function,
 * and the rest through the same loop by way of one vector of scratch.
 */
final class Elements implements PointwiseKernels {
    private static final long V = 4L * N;

    /** Elements in a task. */
    private static final int RUN = 1 << 14;

    /** Elements that go through all steps of a function together: some arrays of them fit the first cache. */
    static final int TILE = 1 << 11;

    private final Workers workers;

    Elements(Workers workers) {
        this.workers = workers;
    }

    /** A function on a run of {@code n} elements from element {@code first}. */
    private interface Run {
        void of(long first, int n, int worker);
    }

    private void each(long n, Run run) {
        int tasks = Math.toIntExact(Math.ceilDiv(n, RUN));
        workers.parallelFor(tasks, (task, worker) -> {
            long first = (long) task * RUN;
            run.of(first, (int) Math.min(RUN, n - first), worker);
        });
    }

    /** Bytes of the whole vectors in {@code n} elements. */
    private static long whole(int n) {
        return n / N * V;
    }

    @Override
    public void unary(Unary f, long n, long x, long y) {
        each(n, (first, count, worker) -> apply(f, count, x + 4 * first, y + 4 * first, workers, worker));
    }

    /** {@code y = f(x)} on the calling worker; y may be x. */
    static void apply(Unary f, int count, long x, long y, Workers workers, int worker) {
        long spare = workers.memory(worker, 4, 8L * TILE);
        long bytes = whole(count);
        for (long i = 0; i < bytes; i += 4L * TILE) {
            UnaryLoops.run(f, x + i, y + i, Math.min(4L * TILE, bytes - i), spare);
        }
        int rest = count % N;
        if (rest > 0) {
            long last = workers.memory(worker, 2, V);
            store(loadFirst(x + bytes, rest), last);
            UnaryLoops.run(f, last, last, V, spare);
            storeFirst(load(last), y + bytes, rest);
        }
    }

    @Override
    public void binary(Binary f, long n, long a, long b, long y) {
        each(n, (first, count, worker) -> {
            apply(f, count, a + 4 * first, b + 4 * first, y + 4 * first, workers, worker);
        });
    }

    /** {@code y = f(a, b)} on the calling worker; y may be a or b. */
    static void apply(Binary f, int count, long a, long b, long y, Workers workers, int worker) {
        long spare = workers.memory(worker, 4, 8L * TILE);
        long bytes = whole(count);
        for (long i = 0; i < bytes; i += 4L * TILE) {
            BinaryLoops.run(f, a + i, b + i, y + i, Math.min(4L * TILE, bytes - i), spare);
        }
        int rest = count % N;
        if (rest > 0) {
            long last = workers.memory(worker, 2, 2 * V);
            store(loadFirst(a + bytes, rest), last);
            store(loadFirst(b + bytes, rest), last + V);
            BinaryLoops.run(f, last, last + V, last, V, spare);
            storeFirst(load(last), y + bytes, rest);
        }
    }

    @Override
    public void binary(Binary f, long n, long a, float b, long y) {
        if (f.compareTo(Binary.DIV) <= 0) {
            each(n, (first, count, worker) -> {
                long bytes = whole(count);
                long from = a + 4 * first;
                long to = y + 4 * first;
                BinaryLoops.run(f, from, b, to, bytes);
                int rest = count % N;
                if (rest > 0) {
                    long spare = workers.memory(worker, 2, V);
                    store(loadFirst(from + bytes, rest), spare);
                    BinaryLoops.run(f, spare, b, spare, V);
                    storeFirst(load(spare), to + bytes, rest);
                }
            });
        } else {
            each(n, (first, count, worker) -> {
                long numbers = fill(b, count, worker, 3);
                apply(f, count, a + 4 * first, numbers, y + 4 * first, workers, worker);
            });
        }
    }

    /** Scratch with {@code count} times the number {@code value}. */
    private long fill(float value, int count, int worker, int slot) {
        long bytes = Math.ceilDiv(count, N) * V;
        long at = workers.memory(worker, slot, bytes);
        FloatVector v = FloatVector.broadcast(F, value);
        for (long i = 0; i < bytes; i += V) {
            store(v, at + i);
        }
        return at;
    }

    @Override
    public void binary(Binary f, int batch, int rows, int cols, Strided a, Strided b, long y) {
        if (batch <= 0 || rows <= 0 || cols <= 0) {
            return;
        }
        if (cols == 1 && a.row() <= 1 && b.row() <= 1 && rows > 1) {
            binary(f, 1, batch, rows, columns(a), columns(b), y);
            return;
        }
        int each = Math.max(1, RUN / cols);
        int cuts = Math.ceilDiv(rows, each);
        workers.parallelFor(Math.multiplyExact(batch, cuts), (task, worker) -> {
            int p = task / cuts;
            int begin = task % cuts * each;
            int end = Math.min(rows, begin + each);
            long atA = a.address() + 4 * (p * a.batch() + begin * a.row());
            long atB = b.address() + 4 * (p * b.batch() + begin * b.row());
            long to = y + 4 * (((long) p * rows + begin) * cols);
            rows(f, end - begin, cols, atA, a, atB, b, to, worker);
        });
    }

    /** Matrices of one column, seen as the rows of one matrix. */
    private static Strided columns(Strided s) {
        return new Strided(s.address(), s.batch(), s.row(), 0);
    }

    private void rows(Binary f, int rows, int cols, long a, Strided sa, long b, Strided sb, long y, int worker) {
        for (int done = 0; done < rows * cols; ) {
            int i = done / cols;
            int j = done % cols;
            int count = Math.min(RUN, cols - j);
            boolean same = sa.col() == 1 && sb.col() == 1 && sa.row() == cols && sb.row() == cols;
            if (same) {
                count = Math.min(RUN, rows * cols - done);
            }
            long left = operand(a + 4 * (i * sa.row() + j * sa.col()), sa.col(), count, worker, 1);
            long right = operand(b + 4 * (i * sb.row() + j * sb.col()), sb.col(), count, worker, 3);
            apply(f, count, left, right, y + 4L * done, workers, worker);
            done += count;
        }
    }

    private long operand(long address, long col, int count, int worker, int slot) {
        return col == 0 ? fill(Lanes.get(address), count, worker, slot) : address;
    }

    @Override
    public void axpy(long n, float a, long x, long y) {
        each(n, (first, count, worker) -> UpdateLoops.axpy(count, a, x + 4 * first, y + 4 * first));
    }

    @Override
    public void ema(long n, float rate, long value, long average) {
        each(n, (first, count, worker) -> UpdateLoops.ema(count, rate, value + 4 * first, average + 4 * first));
    }

    @Override
    public void adamw(
            long n,
            long p,
            long m,
            long v,
            long g,
            float decay,
            float firstRate,
            float secondKept,
            float secondRate,
            float stepSize,
            float secondRoot,
            float epsilon) {
        UpdateLoops.AdamW step =
                new UpdateLoops.AdamW(decay, firstRate, secondKept, secondRate, stepSize, secondRoot, epsilon);
        each(n, (first, count, worker) -> {
            long at = 4 * first;
            step.run(count, p + at, m + at, v + at, g + at);
        });
    }

    @Override
    public void fromHalf(long n, long x, long y) {
        each(n, (first, count, worker) -> {
            for (long i = first; i < first + count; i++) {
                Lanes.set(y + 4 * i, Float.float16ToFloat(shortAt(x + 2 * i)));
            }
        });
    }

    @Override
    public void fromBfloat(long n, long x, long y) {
        each(n, (first, count, worker) -> {
            for (long i = first; i < first + count; i++) {
                Lanes.set(y + 4 * i, Float.intBitsToFloat(shortAt(x + 2 * i) << 16));
            }
        });
    }

    @Override
    public void fromBytes(long n, long x, long y) {
        each(n, (first, count, worker) -> {
            for (long i = first; i < first + count; i++) {
                Lanes.set(y + 4 * i, Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, x + i) & 0xff);
            }
        });
    }

    private static short shortAt(long address) {
        return Lanes.MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, address);
    }
}
