package org.reverie.device.cpu;

import java.util.List;
import java.util.Map;
import org.reverie.device.KernelCall;
import org.reverie.device.cpu.PointwiseKernels.Binary;
import org.reverie.device.cpu.PointwiseKernels.Unary;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.DdpmSpec;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.device.spec.SamplerStepSpec.Source;
import org.reverie.device.spec.SamplerStepSpec.Term;
import org.reverie.device.spec.TimestepSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** The steps of diffusion models on the fused kernels. */
final class DiffusionBindings {
    private final PointwiseKernels pointwise;
    private final FusedKernels fused;
    private final RandomKernels random;

    DiffusionBindings(PointwiseKernels pointwise, FusedKernels fused, RandomKernels random) {
        this.pointwise = pointwise;
        this.fused = fused;
        this.random = random;
    }

    void register(Map<String, CpuKernel> table) {
        table.put("q_sample", this::qSample);
        table.put("ddpm_step", this::ddpm);
        table.put("ddim_step", this::ddim);
        table.put("sampler_step", this::samplerStep);
        table.put("timestep_embedding", this::timestepEmbedding);
    }

    private void qSample(KernelCall call) {
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor noise = Operands.contiguous(call.in(1));
            int[] t = Operands.indices(call.op(), call.in(2), call.in(3).dim(0));
            if (x.elements() == 0) {
                return;
            }
            fused.combine(
                    entries(call.in(3), t),
                    entries(call.in(4), t),
                    Math.toIntExact(x.elements() / t.length),
                    Operands.address(x),
                    Operands.address(noise),
                    Operands.address(call.out(0)));
        }
    }

    private static float[] entries(Tensor table, int[] t) {
        float[] entries = new float[t.length];
        for (int i = 0; i < t.length; i++) {
            entries[i] = Numbers.getFloat(Operands.address(table) + 4 * table.stride(0) * t[i]);
        }
        return entries;
    }

    private void ddpm(KernelCall call) {
        DdpmSpec s = call.attributes(DdpmSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor e = Operands.contiguous(call.in(1));
            fused.denoise(
                    x.elements(),
                    (float) s.scale(),
                    (float) s.noise(),
                    Operands.address(x),
                    Operands.address(e),
                    Operands.address(call.out(0)));
            addNoise(call, (float) s.sigma());
        }
    }

    private void ddim(KernelCall call) {
        DdimSpec s = call.attributes(DdimSpec.class);
        try (Scope scope = Scope.open()) {
            Tensor x = Operands.contiguous(call.in(0));
            Tensor f = Operands.contiguous(call.in(1));
            fused.combine(
                    new float[] {(float) s.signal()},
                    new float[] {(float) s.prediction()},
                    Math.toIntExact(x.elements()),
                    Operands.address(x),
                    Operands.address(f),
                    Operands.address(call.out(0)));
            addNoise(call, (float) s.sigma());
        }
    }

    /** {@code y = fma(sigma, z, y)}, if there is a z. */
    private void addNoise(KernelCall call, float sigma) {
        if (call.in(2) != null) {
            Tensor z = Operands.contiguous(call.in(2));
            pointwise.axpy(z.elements(), sigma, Operands.address(z), Operands.address(call.out(0)));
        }
    }

    private void samplerStep(KernelCall call) {
        SamplerStepSpec s = call.attributes(SamplerStepSpec.class);
        Tensor y = call.out(0);
        long n = y.elements();
        try (Scope scope = Scope.open()) {
            long[] sources = new long[Source.values().length];
            sources[Source.STATE.ordinal()] = Operands.address(Operands.contiguous(call.in(0)));
            sources[Source.PREDICTION.ordinal()] = prediction(s, Operands.contiguous(call.in(1)), call);
            for (int i = 0; i < SamplerStepSpec.EARLIER && call.in(3 + i) != null; i++) {
                sources[Source.EARLIER_1.ordinal() + i] = Operands.address(Operands.contiguous(call.in(3 + i)));
            }
            if (!s.estimate().isEmpty()) {
                Tensor estimate = s.kept() == Source.ESTIMATE ? call.out(1) : like(y);
                sources[Source.ESTIMATE.ordinal()] = Operands.address(estimate);
                combine(s.estimate(), sources, n, Operands.address(estimate));
            }
            long to = Operands.address(y);
            combine(s.next(), sources, n, to);
            if (s.scale() != 1) {
                pointwise.binary(Binary.MUL, n, to, (float) s.scale(), to);
            }
            if (s.isNoisy() && n > 0) {
                Tensor noise = like(y);
                int each = Math.toIntExact(n / y.dim(0));
                long[] rows = rows(Operands.contiguous(call.in(2)));
                random.normalRows(s.seed(), s.stream(), 0, rows, each, Operands.address(noise));
                pointwise.axpy(n, (float) s.sigma(), Operands.address(noise), to);
            }
        }
    }

    private static Tensor like(Tensor y) {
        return Tensor.empty(y.device(), y.dtype(), y.shape());
    }

    private static long[] rows(Tensor index) {
        long[] rows = new long[Math.toIntExact(index.elements())];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = Operands.index(index, i);
        }
        return rows;
    }

    /** The prediction, or of two {@code u + guidance·(c − u)}. */
    private long prediction(SamplerStepSpec s, Tensor f, KernelCall call) {
        boolean kept = s.kept() == Source.PREDICTION;
        if (!s.isGuided()) {
            if (kept) {
                Operands.copy(f, call.out(1));
            }
            return Operands.address(f);
        }
        long n = call.out(0).elements();
        long u = Operands.address(f);
        long guided = Operands.address(kept ? call.out(1) : like(call.out(0)));
        pointwise.binary(Binary.SUB, n, u + n * Float.BYTES, u, guided);
        pointwise.binary(Binary.MUL, n, guided, (float) s.guidance(), guided);
        pointwise.binary(Binary.ADD, n, u, guided, guided);
        return guided;
    }

    private void combine(List<Term> terms, long[] sources, long n, long y) {
        float[] factors = new float[terms.size()];
        long[] from = new long[terms.size()];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) terms.get(i).factor();
            from[i] = sources[terms.get(i).source().ordinal()];
        }
        if (factors.length == 1) {
            pointwise.binary(Binary.MUL, n, from[0], factors[0], y);
            return;
        }
        fused.combine(new float[] {factors[0]}, new float[] {factors[1]}, Math.toIntExact(n), from[0], from[1], y);
        for (int i = 2; i < factors.length; i++) {
            pointwise.axpy(n, factors[i], from[i], y);
        }
    }

    private void timestepEmbedding(KernelCall call) {
        TimestepSpec s = call.attributes(TimestepSpec.class);
        Tensor y = call.out(0);
        try (Scope scope = Scope.open()) {
            Tensor t = Operands.contiguous(call.in(0));
            float[] frequencies = s.frequencies();
            Tensor phases = Tensor.empty(t.device(), DType.F32, Shape.of(t.dim(0), frequencies.length));
            Tensor waves = Tensor.empty(t.device(), DType.F32, phases.shape());
            long at = Operands.address(phases);
            for (int i = 0; i < t.dim(0); i++) {
                float time = (float) Operands.index(t, i);
                for (float f : frequencies) {
                    Numbers.setFloat(at, time * f);
                    at += 4;
                }
            }
            int half = s.dim() / 2;
            wave(Unary.COS, phases, waves, y, s.cosFirst() ? 0 : half);
            wave(Unary.SIN, phases, waves, y, s.cosFirst() ? half : 0);
        }
    }

    private void wave(Unary f, Tensor phases, Tensor waves, Tensor y, int column) {
        pointwise.unary(f, phases.elements(), Operands.address(phases), Operands.address(waves));
        Operands.copy(waves, y.view(waves.shape(), y.strides(), y.offset() + column));
    }
}
