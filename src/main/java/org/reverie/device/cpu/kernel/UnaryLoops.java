package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static org.reverie.device.cpu.kernel.Lanes.load;
import static org.reverie.device.cpu.kernel.Lanes.store;
import static org.reverie.device.cpu.kernel.VectorConstants.ONE;
import static org.reverie.device.cpu.kernel.VectorConstants.ZERO;

import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.PointwiseKernels.Unary;

/**
 * Loops over functions of one number. Each function has a loop of its own: behind an interface or a switch in the loop
 * the JIT would move every vector through the heap.
 */
final class UnaryLoops {
    private static final long V = 4L * Lanes.N;

    private UnaryLoops() {}

    /**
     * {@code y = f(x)} for {@code bytes} bytes, a multiple of the vector's; y may be x.
     *
     * @param spare as many bytes for what is known on the way
     */
    static void run(Unary f, long x, long y, long bytes, long spare) {
        switch (f) {
            case NEG -> neg(x, y, bytes);
            case ABS -> abs(x, y, bytes);
            case SIGN -> sign(x, y, bytes);
            case SQUARE -> square(x, y, bytes);
            case SQRT -> sqrt(x, y, bytes);
            case RSQRT -> rsqrt(x, y, bytes);
            case EXP -> ElementaryLoops.exp(x, y, bytes);
            case EXPM1 -> ElementaryLoops.expm1(x, y, bytes);
            case LOG -> ElementaryLoops.log(x, y, bytes);
            case LOG1P -> ElementaryLoops.log1p(x, y, bytes);
            case SIN -> ElementaryLoops.sin(x, y, bytes);
            case COS -> ElementaryLoops.cos(x, y, bytes);
            case ERF -> ElementaryLoops.erf(x, y, bytes);
            case RELU -> Activations.relu(x, y, bytes);
            case RELU6 -> Activations.relu6(x, y, bytes);
            case SILU -> Activations.silu(x, y, bytes);
            case GELU -> Activations.gelu(x, y, bytes);
            case GELU_TANH -> Activations.geluTanh(x, y, bytes);
            case QUICK_GELU -> Activations.quickGelu(x, y, bytes);
            case SIGMOID -> ElementaryLoops.sigmoid(x, y, bytes);
            case TANH -> ElementaryLoops.tanh(x, y, bytes);
            case SOFTPLUS -> softplus(x, y, bytes, spare);
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
            store(ONE.div(load(x + i).sqrt()), y + i);
        }
    }

    /** {@code max(x, 0) + log1p(exp(−|x|))}. */
    private static void softplus(long x, long y, long bytes, long spare) {
        softness(x, spare, bytes);
        for (long i = 0; i < bytes; i += V) {
            FloatVector v = FloatVector.fromMemorySegment(Lanes.F, Lanes.MEMORY, x + i, Lanes.ORDER);
            v.blend(ZERO, v.compare(LT, ZERO))
                    .add(FloatVector.fromMemorySegment(Lanes.F, Lanes.MEMORY, spare + i, Lanes.ORDER))
                    .intoMemorySegment(Lanes.MEMORY, y + i, Lanes.ORDER);
        }
    }

    /** {@code y = log1p(exp(−|x|))}; y is not x. */
    static void softness(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += V) {
            FloatVector.fromMemorySegment(Lanes.F, Lanes.MEMORY, x + i, Lanes.ORDER)
                    .abs()
                    .neg()
                    .intoMemorySegment(Lanes.MEMORY, y + i, Lanes.ORDER);
        }
        ElementaryLoops.expBelow(0f, y, y, bytes);
        ElementaryLoops.log1pOfFraction(y, y, bytes);
    }
}
