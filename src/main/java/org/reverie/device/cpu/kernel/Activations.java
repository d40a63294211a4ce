package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;

import org.reverie.device.spec.Activation;

/**
 * Activations applied in place. Each has a method of its own: compiled together, they would exceed the graph up to which
 * the JIT inlines, and their vectors would pass through the heap.
 */
final class Activations {
    private Activations() {}

    /** Applies {@code activation} to {@code n} floats, a multiple of the vector length. */
    static void apply(Activation activation, long x, int n) {
        switch (activation) {
            case NONE -> {}
            case RELU -> relu(x, n);
            case RELU6 -> relu6(x, n);
            case SILU -> silu(x, n);
            case GELU -> gelu(x, n);
            case GELU_TANH -> geluTanh(x, n);
            case QUICK_GELU -> quickGelu(x, n);
            case SIGMOID -> sigmoid(x, n);
            case TANH -> tanh(x, n);
        }
    }

    private static void relu(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(Lanes.load(x + 4L * i).max(0f), x + 4L * i);
        }
    }

    private static void relu6(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(Lanes.load(x + 4L * i).max(0f).min(6f), x + 4L * i);
        }
    }

    private static void silu(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(VectorMath.silu(Lanes.load(x + 4L * i)), x + 4L * i);
        }
    }

    private static void gelu(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(VectorMath.gelu(Lanes.load(x + 4L * i)), x + 4L * i);
        }
    }

    private static void geluTanh(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(VectorMath.geluTanh(Lanes.load(x + 4L * i)), x + 4L * i);
        }
    }

    private static void quickGelu(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(VectorMath.quickGelu(Lanes.load(x + 4L * i)), x + 4L * i);
        }
    }

    private static void sigmoid(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(VectorMath.sigmoid(Lanes.load(x + 4L * i)), x + 4L * i);
        }
    }

    private static void tanh(long x, int n) {
        for (int i = 0; i < n; i += N) {
            Lanes.store(VectorMath.tanh(Lanes.load(x + 4L * i)), x + 4L * i);
        }
    }
}
