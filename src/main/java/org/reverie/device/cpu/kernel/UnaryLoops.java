package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.PointwiseKernels.Unary;

/**
 * Loops over functions of one number. Each function has a loop of its own: behind an interface or a switch in the loop
 * the JIT would move every vector through the heap.
 */
final class UnaryLoops {
    private static final long V = 4L * Lanes.N;

    private UnaryLoops() {}

    /** {@code y = f(x)} for {@code bytes} bytes, a multiple of the vector's. */
    static void run(Unary f, long x, long y, long bytes) {
        switch (f) {
            case NEG -> neg(x, y, bytes);
            case ABS -> abs(x, y, bytes);
            case SIGN -> sign(x, y, bytes);
            case SQUARE -> square(x, y, bytes);
            case SQRT -> sqrt(x, y, bytes);
            case RSQRT -> rsqrt(x, y, bytes);
            case EXP -> exp(x, y, bytes);
            case EXPM1 -> expm1(x, y, bytes);
            case LOG -> log(x, y, bytes);
            case LOG1P -> log1p(x, y, bytes);
            case SIN -> sin(x, y, bytes);
            case COS -> cos(x, y, bytes);
            case ERF -> erf(x, y, bytes);
            case RELU -> relu(x, y, bytes);
            case RELU6 -> relu6(x, y, bytes);
            case SILU -> silu(x, y, bytes);
            case GELU -> gelu(x, y, bytes);
            case GELU_TANH -> geluTanh(x, y, bytes);
            case QUICK_GELU -> quickGelu(x, y, bytes);
            case SIGMOID -> sigmoid(x, y, bytes);
            case TANH -> tanh(x, y, bytes);
            case SOFTPLUS -> softplus(x, y, bytes);
        }
    }

    private static void neg(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(x + i).neg(), y + i);
        }
    }

    private static void abs(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(x + i).abs(), y + i);
        }
    }

    private static void sign(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(v.blend(1f, v.compare(GT, 0f)).blend(-1f, v.compare(LT, 0f)), y + i);
        }
    }

    private static void square(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = load(x + i);
            store(v.mul(v), y + i);
        }
    }

    private static void sqrt(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(load(x + i).sqrt(), y + i);
        }
    }

    private static void rsqrt(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.rsqrt(load(x + i)), y + i);
        }
    }

    private static void exp(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.exp(load(x + i)), y + i);
        }
    }

    private static void expm1(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.expm1(load(x + i)), y + i);
        }
    }

    private static void log(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.log(load(x + i)), y + i);
        }
    }

    private static void log1p(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.log1p(load(x + i)), y + i);
        }
    }

    private static void sin(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.sin(load(x + i)), y + i);
        }
    }

    private static void cos(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.cos(load(x + i)), y + i);
        }
    }

    private static void erf(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.erf(load(x + i)), y + i);
        }
    }

    private static void relu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(relu(load(x + i)), y + i);
        }
    }

    private static void relu6(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(relu6(load(x + i)), y + i);
        }
    }

    private static void silu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.silu(load(x + i)), y + i);
        }
    }

    private static void gelu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.gelu(load(x + i)), y + i);
        }
    }

    private static void geluTanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.geluTanh(load(x + i)), y + i);
        }
    }

    private static void quickGelu(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.quickGelu(load(x + i)), y + i);
        }
    }

    private static void sigmoid(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.sigmoid(load(x + i)), y + i);
        }
    }

    private static void tanh(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.tanh(load(x + i)), y + i);
        }
    }

    private static void softplus(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            store(VectorMath.softplus(load(x + i)), y + i);
        }
    }

    /** +0 for every x up to 0, NaN for NaN. */
    private static FloatVector relu(FloatVector x) {
        return x.blend(0f, x.compare(LE, 0f));
    }

    private static FloatVector relu6(FloatVector x) {
        return relu(x).blend(6f, x.compare(GT, 6f));
    }
}
