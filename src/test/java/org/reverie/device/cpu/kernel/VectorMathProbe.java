package org.reverie.device.cpu.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.MathProbe;
import org.reverie.device.cpu.PointwiseKernels.Unary;

/** The loops of the vector functions, on arrays. */
public final class VectorMathProbe implements MathProbe {
    @Override
    public void unary(String name, float[] x, float[] y, int n) {
        try (Arena arena = Arena.ofConfined()) {
            long bytes = 4L * n;
            MemorySegment memory = arena.allocate(3 * bytes, 64);
            long from = memory.address();
            MemorySegment.copy(x, 0, memory, ValueLayout.JAVA_FLOAT, 0, n);
            run(function(name), from, from + bytes, bytes, from + 2 * bytes);
            MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, bytes, y, 0, n);
        }
    }

    /** The function named as a method would be; null for a copy. */
    private static Unary function(String name) {
        return name.equals("copy")
                ? null
                : Unary.valueOf(name.replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT));
    }

    private static void run(Unary f, long x, long y, long bytes, long spare) {
        if (f == null) {
            copy(x, y, bytes);
        } else {
            UnaryLoops.run(f, x, y, bytes, spare);
        }
    }

    @Override
    public void pow(float[] x, float[] y, float[] result, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.pow(load(x, i), load(y, i)).intoArray(result, i);
        }
    }

    @Override
    public void random(boolean normal, long seed, long stream, long from, long to, long address) {
        if (normal) {
            PhiloxKernel.normal(seed, stream, from, to, address);
        } else {
            PhiloxKernel.uniform(seed, stream, from, to, address);
        }
    }

    @Override
    public double nanosPerFloat(String name, int n, int rounds) {
        float[] a = new float[n];
        for (int i = 0; i < n; i++) {
            a[i] = 6f * i / n - 3f;
        }
        try (Arena arena = Arena.ofConfined()) {
            long bytes = 4L * n;
            MemorySegment memory = arena.allocate(3 * bytes, 64);
            long x = memory.address();
            MemorySegment.copy(a, 0, memory, ValueLayout.JAVA_FLOAT, 0, n);
            boolean power = name.equals("pow");
            Unary f = power ? null : function(name);
            float[] b = new float[n];
            long start = processorTime();
            for (int i = 0; i < rounds; i++) {
                if (power) {
                    pow(a, a, b, n);
                } else {
                    run(f, x, x + bytes, bytes, x + 2 * bytes);
                }
            }
            return (processorTime() - start) / ((double) rounds * n);
        }
    }

    private static long processorTime() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static FloatVector load(float[] a, int i) {
        return FloatVector.fromArray(Lanes.F, a, i);
    }

    private static void copy(long x, long y, long bytes) {
        for (long i = 0; i < bytes; i += 4L * Lanes.N) {
            Lanes.store(Lanes.load(x + i), y + i);
        }
    }
}
