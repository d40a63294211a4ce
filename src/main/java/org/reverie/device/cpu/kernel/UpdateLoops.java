package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import jdk.incubator.vector.FloatVector;

/** Loops that update their operands in place. */
final class UpdateLoops {
    private UpdateLoops() {}

    static void axpy(int n, float a, long x, long y) {
        FloatVector factor = FloatVector.broadcast(F, a);
        int i = 0;
        for (; i <= n - N; i += N) {
            long at = y + 4L * i;
            Lanes.store(factor.fma(Lanes.load(x + 4L * i), Lanes.load(at)), at);
        }
        if (i < n) {
            FloatVector last = factor.fma(loadFirst(x + 4L * i, n - i), loadFirst(y + 4L * i, n - i));
            storeFirst(last, y + 4L * i, n - i);
        }
    }

    static void ema(int n, float rate, long value, long average) {
        FloatVector r = FloatVector.broadcast(F, rate);
        int i = 0;
        for (; i <= n - N; i += N) {
            FloatVector a = Lanes.load(average + 4L * i);
            Lanes.store(r.fma(Lanes.load(value + 4L * i).sub(a), a), average + 4L * i);
        }
        if (i < n) {
            FloatVector a = loadFirst(average + 4L * i, n - i);
            storeFirst(r.fma(loadFirst(value + 4L * i, n - i).sub(a), a), average + 4L * i, n - i);
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
            for (int i = 0; i < n; i += N) {
                step(n - i, p + 4L * i, m + 4L * i, v + 4L * i, g + 4L * i);
            }
        }

        /** The first {@code count} lanes of one vector. */
        private void step(int count, long p, long m, long v, long g) {
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
