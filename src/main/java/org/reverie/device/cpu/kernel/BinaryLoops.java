package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.PointwiseKernels.Binary;

/** Loops over functions of two numbers, one for each function (see {@link UnaryLoops}). */
final class BinaryLoops {
    private static final long V = 4L * Lanes.N;

    private BinaryLoops() {}

    /**
     * {@code y = f(a, b)} for {@code bytes} bytes, a multiple of the vector's; y may be a or b.
     *
     * @param spare twice as many bytes for what is known on the way
     */
    static void run(Binary f, long a, long b, long y, long bytes, long spare) {
        switch (f) {
            case ADD -> add(a, b, y, bytes);
            case SUB -> sub(a, b, y, bytes);
            case MUL -> mul(a, b, y, bytes);
            case DIV -> div(a, b, y, bytes);
            case MAXIMUM -> maximum(a, b, y, bytes);
            case MINIMUM -> minimum(a, b, y, bytes);
            case POW -> pow(a, b, y, bytes);
            case RELU_GRADIENT -> Slopes.relu(a, b, y, bytes);
            case RELU6_GRADIENT -> Slopes.relu6(a, b, y, bytes);
            case SILU_GRADIENT -> Slopes.silu(a, b, y, bytes, spare);
            case QUICK_GELU_GRADIENT -> Slopes.quickGelu(a, b, y, bytes, spare);
            case GELU_GRADIENT -> Slopes.gelu(a, b, y, bytes, spare);
            case GELU_TANH_GRADIENT -> Slopes.geluTanh(a, b, y, bytes, spare);
            case SIGMOID_GRADIENT -> Slopes.sigmoid(a, b, y, bytes, spare);
            case TANH_GRADIENT -> Slopes.tanh(a, b, y, bytes, spare);
            case SOFTPLUS_GRADIENT -> Slopes.softplus(a, b, y, bytes, spare);
        }
    }

    /** The four operations with one number on the right. */
    static void run(Binary f, long a, float b, long y, long bytes) {
        switch (f) {
            case ADD -> addNumber(a, b, y, bytes);
            case SUB -> subNumber(a, b, y, bytes);
            case MUL -> mulNumber(a, b, y, bytes);
            case DIV -> divNumber(a, b, y, bytes);
            default -> throw new IllegalArgumentException(f + " has no loop with a number");
        }
    }

    private static void add(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).add(load(b + i)), y + i);
        }
    }

    private static void sub(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).sub(load(b + i)), y + i);
        }
    }

    private static void mul(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).mul(load(b + i)), y + i);
        }
    }

    private static void div(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).div(load(b + i)), y + i);
        }
    }

    private static void maximum(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).max(load(b + i)), y + i);
        }
    }

    private static void minimum(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).min(load(b + i)), y + i);
        }
    }

    private static void pow(long a, long b, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.pow(load(a + i), load(b + i)), y + i);
        }
    }

    private static void addNumber(long a, float b, long y, long bytes) {
        FloatVector number = FloatVector.broadcast(F, b);
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).add(number), y + i);
        }
    }

    private static void subNumber(long a, float b, long y, long bytes) {
        FloatVector number = FloatVector.broadcast(F, b);
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).sub(number), y + i);
        }
    }

    private static void mulNumber(long a, float b, long y, long bytes) {
        FloatVector number = FloatVector.broadcast(F, b);
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).mul(number), y + i);
        }
    }

    private static void divNumber(long a, float b, long y, long bytes) {
        FloatVector number = FloatVector.broadcast(F, b);
        for (long i = 0; i < bytes; i += V) {
            store(load(a + i).div(number), y + i);
        }
    }
}
