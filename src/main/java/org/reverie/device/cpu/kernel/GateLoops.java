package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.loadFirst;
import static org.reverie.device.cpu.kernel.Lanes.storeFirst;

import jdk.incubator.vector.FloatVector;

/** Loops over formulas with elementary functions in them, a loop for each (see {@link UnaryLoops}). */
final class GateLoops {
    private GateLoops() {}

    /** x = (a, b): {@code y = a · gelu(b)}. */
    static void geglu(int n, long x, long y) {
        long b = x + 4L * n;
        for (int i = 0; i < n; i += N) {
            FloatVector gate = VectorMath.gelu(loadFirst(b + 4L * i, n - i));
            storeFirst(loadFirst(x + 4L * i, n - i).mul(gate), y + 4L * i, n - i);
        }
    }

    /** The gradient of a: {@code da = g · gelu(b)}. */
    static void gegluGate(int n, long x, long g, long dx) {
        long b = x + 4L * n;
        for (int i = 0; i < n; i += N) {
            FloatVector gate = VectorMath.gelu(loadFirst(b + 4L * i, n - i));
            storeFirst(loadFirst(g + 4L * i, n - i).mul(gate), dx + 4L * i, n - i);
        }
    }

    /** The gradient of b: {@code db = (g · a) · gelu′(b)}. */
    static void gegluSlope(int n, long x, long g, long dx) {
        long b = x + 4L * n;
        long db = dx + 4L * n;
        for (int i = 0; i < n; i += N) {
            FloatVector arrived = loadFirst(g + 4L * i, n - i).mul(loadFirst(x + 4L * i, n - i));
            storeFirst(Slopes.gelu(loadFirst(b + 4L * i, n - i), arrived), db + 4L * i, n - i);
        }
    }

    /** {@code (max(x, 0) − x · z) + log1p(exp(−|x|))}. */
    static void logisticLoss(int n, long x, long z, long y) {
        for (int i = 0; i < n; i += N) {
            FloatVector v = loadFirst(x + 4L * i, n - i);
            FloatVector line = v.max(0f).sub(v.mul(loadFirst(z + 4L * i, n - i)));
            FloatVector bend = VectorMath.log1p(VectorMath.exp(v.abs().neg()));
            storeFirst(line.add(bend), y + 4L * i, n - i);
        }
    }

    /** {@code weight · (sigmoid(x) − z)}. */
    static void logisticGradient(int n, float weight, long x, long z, long y) {
        for (int i = 0; i < n; i += N) {
            FloatVector s = VectorMath.sigmoid(loadFirst(x + 4L * i, n - i));
            storeFirst(s.sub(loadFirst(z + 4L * i, n - i)).mul(weight), y + 4L * i, n - i);
        }
    }
}
