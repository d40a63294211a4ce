package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import jdk.incubator.vector.FloatVector;

/** Loops that update their operands in place. */
final class UpdateLoops {
    private static final long V = 4L * N;

    private UpdateLoops() {}

    static void axpy(int n, float a, long x, long y) {
        FloatVector factor = FloatVector.broadcast(F, a);
        long bytes = n / N * V;
        for (long i = 0; i < bytes; i += V) {
            factor.fma(fromMemorySegment(F, MEMORY, x + i, ORDER), fromMemorySegment(F, MEMORY, y + i, ORDER))
                    .intoMemorySegment(MEMORY, y + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            storeFirst(factor.fma(loadFirst(x + bytes, rest), loadFirst(y + bytes, rest)), y + bytes, rest);
        }
    }

    static void ema(int n, float rate, long value, long average) {
        FloatVector r = FloatVector.broadcast(F, rate);
        long bytes = n / N * V;
        for (long i = 0; i < bytes; i += V) {
            FloatVector a = fromMemorySegment(F, MEMORY, average + i, ORDER);
            r.fma(fromMemorySegment(F, MEMORY, value + i, ORDER).sub(a), a)
                    .intoMemorySegment(MEMORY, average + i, ORDER);
        }
        int rest = n % N;
        if (rest > 0) {
            FloatVector a = loadFirst(average + bytes, rest);
            storeFirst(r.fma(loadFirst(value + bytes, rest).sub(a), a), average + bytes, rest);
        }
    }

    /** The factors of one step of AdamW. */
    record AdamW(
            float decay,
            float firstRate,
            float secondKept,
            float secondRate,
            float stepSize,
            float secondRoot,
            float epsilon) {
        void run(int n, long p, long m, long v, long g) {
            long bytes = n / N * V;
            whole(p, m, v, g, bytes);
            if (n % N > 0) {
                rest(n % N, p + bytes, m + bytes, v + bytes, g + bytes);
            }
        }

        private void whole(long p, long m, long v, long g, long bytes) {
            FloatVector rate = FloatVector.broadcast(F, firstRate);
            FloatVector kept2 = FloatVector.broadcast(F, secondKept);
            FloatVector rate2 = FloatVector.broadcast(F, secondRate);
            FloatVector root = FloatVector.broadcast(F, secondRoot);
            FloatVector least = FloatVector.broadcast(F, epsilon);
            FloatVector kept = FloatVector.broadcast(F, decay);
            FloatVector step = FloatVector.broadcast(F, -stepSize);
            for (long i = 0; i < bytes; i += V) {
                FloatVector gradient = fromMemorySegment(F, MEMORY, g + i, ORDER);
                FloatVector oldM = fromMemorySegment(F, MEMORY, m + i, ORDER);
                FloatVector newM = gradient.sub(oldM).fma(rate, oldM);
                FloatVector newV = gradient.mul(rate2)
                        .fma(
                                gradient,
                                fromMemorySegment(F, MEMORY, v + i, ORDER).mul(kept2));
                FloatVector d = newV.sqrt().div(root).add(least);
                newM.div(d)
                        .fma(step, fromMemorySegment(F, MEMORY, p + i, ORDER).mul(kept))
                        .intoMemorySegment(MEMORY, p + i, ORDER);
                newM.intoMemorySegment(MEMORY, m + i, ORDER);
                newV.intoMemorySegment(MEMORY, v + i, ORDER);
            }
        }

        /** The first {@code count} lanes of one vector, by the same operations. */
        private void rest(int count, long p, long m, long v, long g) {
            FloatVector gradient = loadFirst(g, count);
            FloatVector oldM = loadFirst(m, count);
            FloatVector newM = gradient.sub(oldM).fma(FloatVector.broadcast(F, firstRate), oldM);
            FloatVector keptV = loadFirst(v, count).mul(secondKept);
            FloatVector newV = gradient.mul(secondRate).fma(gradient, keptV);
            FloatVector d = newV.sqrt().div(secondRoot).add(epsilon);
            FloatVector kept = loadFirst(p, count).mul(decay);
            storeFirst(newM.div(d).fma(FloatVector.broadcast(F, -stepSize), kept), p, count);
            storeFirst(newM, m, count);
            storeFirst(newV, v, count);
        }
    }
}
