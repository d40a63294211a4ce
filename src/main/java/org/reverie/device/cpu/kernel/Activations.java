package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.N;

import org.reverie.device.spec.Activation;

/** Activations applied in place. */
final class Activations {
    private Activations() {}

    /** Applies {@code activation} to {@code n} floats, a multiple of the vector length. */
    static void apply(Activation activation, long x, int n) {
        switch (activation) {
            case NONE -> {}
            case RELU -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(Lanes.load(x + 4L * i).max(0f), x + 4L * i);
                }
            }
            case RELU6 -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(Lanes.load(x + 4L * i).max(0f).min(6f), x + 4L * i);
                }
            }
            case SILU -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(VectorMath.silu(Lanes.load(x + 4L * i)), x + 4L * i);
                }
            }
            case GELU -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(VectorMath.gelu(Lanes.load(x + 4L * i)), x + 4L * i);
                }
            }
            case GELU_TANH -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(VectorMath.geluTanh(Lanes.load(x + 4L * i)), x + 4L * i);
                }
            }
            case QUICK_GELU -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(VectorMath.quickGelu(Lanes.load(x + 4L * i)), x + 4L * i);
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(VectorMath.sigmoid(Lanes.load(x + 4L * i)), x + 4L * i);
                }
            }
            case TANH -> {
                for (int i = 0; i < n; i += N) {
                    Lanes.store(VectorMath.tanh(Lanes.load(x + 4L * i)), x + 4L * i);
                }
            }
        }
    }
}
