package org.reverie.device.cpu.kernel;

import java.lang.management.ManagementFactory;
import jdk.incubator.vector.FloatVector;
import org.reverie.device.cpu.MathProbe;

/** One loop per function, as a kernel would have it: a shared loop would be compiled for all of them at once. */
public final class VectorMathProbe implements MathProbe {
    @Override
    public void unary(String name, float[] x, float[] y, int n) {
        switch (name) {
            case "exp" -> exp(x, y, n);
            case "expm1" -> expm1(x, y, n);
            case "log" -> log(x, y, n);
            case "log1p" -> log1p(x, y, n);
            case "tanh" -> tanh(x, y, n);
            case "sigmoid" -> sigmoid(x, y, n);
            case "erf" -> erf(x, y, n);
            case "sin" -> sin(x, y, n);
            case "cos" -> cos(x, y, n);
            case "rsqrt" -> rsqrt(x, y, n);
            case "softplus" -> softplus(x, y, n);
            case "silu" -> silu(x, y, n);
            case "gelu" -> gelu(x, y, n);
            case "geluTanh" -> geluTanh(x, y, n);
            case "quickGelu" -> quickGelu(x, y, n);
            case "copy" -> copy(x, y, n);
            default -> throw new IllegalArgumentException("no vector function " + name);
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
        float[] x = new float[n];
        float[] y = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = 6f * i / n - 3f;
        }
        long start = processorTime();
        for (int i = 0; i < rounds; i++) {
            if (name.equals("pow")) {
                pow(x, x, y, n);
            } else {
                unary(name, x, y, n);
            }
        }
        return (processorTime() - start) / ((double) rounds * n);
    }

    private static long processorTime() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static FloatVector load(float[] a, int i) {
        return FloatVector.fromArray(Lanes.F, a, i);
    }

    private static void copy(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            load(x, i).intoArray(y, i);
        }
    }

    private static void exp(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.exp(load(x, i)).intoArray(y, i);
        }
    }

    private static void expm1(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.expm1(load(x, i)).intoArray(y, i);
        }
    }

    private static void log(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.log(load(x, i)).intoArray(y, i);
        }
    }

    private static void log1p(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.log1p(load(x, i)).intoArray(y, i);
        }
    }

    private static void tanh(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.tanh(load(x, i)).intoArray(y, i);
        }
    }

    private static void sigmoid(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.sigmoid(load(x, i)).intoArray(y, i);
        }
    }

    private static void erf(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.erf(load(x, i)).intoArray(y, i);
        }
    }

    private static void sin(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.sin(load(x, i)).intoArray(y, i);
        }
    }

    private static void cos(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.cos(load(x, i)).intoArray(y, i);
        }
    }

    private static void rsqrt(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.rsqrt(load(x, i)).intoArray(y, i);
        }
    }

    private static void softplus(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.softplus(load(x, i)).intoArray(y, i);
        }
    }

    private static void silu(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.silu(load(x, i)).intoArray(y, i);
        }
    }

    private static void gelu(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.gelu(load(x, i)).intoArray(y, i);
        }
    }

    private static void geluTanh(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.geluTanh(load(x, i)).intoArray(y, i);
        }
    }

    private static void quickGelu(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i += Lanes.N) {
            VectorMath.quickGelu(load(x, i)).intoArray(y, i);
        }
    }
}
