package org.reverie.device.kernels;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.reverie.device.KernelCall;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.DdpmSpec;
import org.reverie.device.spec.EmaSpec;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.device.spec.SamplerStepSpec.Term;
import org.reverie.device.spec.SgdSpec;
import org.reverie.device.spec.TimestepSpec;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Steps of optimisers, averages and diffusion models: {@code kernels/common/update.h}. */
public final class UpdateBindings {
    private static final String FAMILY = "update";

    private final KernelQueue queue;
    private final IndexChecks checks;

    UpdateBindings(KernelQueue queue, IndexChecks checks) {
        this.queue = queue;
        this.checks = checks;
    }

    void register(Map<String, Binding> table) {
        table.put("adamw_step", this::adamw);
        table.put("sgd_step", this::sgd);
        table.put("ema_update", this::ema);
        table.put("all_finite", this::allFinite);
        table.put("q_sample", this::qSample);
        table.put("ddpm_step", call -> {
            DdpmSpec s = call.attributes(DdpmSpec.class);
            step(call, s.scale(), s.noise(), s.sigma());
        });
        table.put("ddim_step", call -> {
            DdimSpec s = call.attributes(DdimSpec.class);
            step(call, s.signal(), s.prediction(), s.sigma());
        });
        table.put("sampler_step", this::samplerStep);
        table.put("timestep_embedding", this::timestepEmbedding);
    }

    private Launch launch(KernelCall call) {
        return queue.launch(FAMILY, "op_" + call.op());
    }

    private void adamw(KernelCall call) {
        AdamWSpec s = call.attributes(AdamWSpec.class);
        long n = call.out(0).elements();
        launch(call)
                .dense(call.out(0))
                .dense(call.out(1))
                .dense(call.out(2))
                .view(call.in(3))
                .i(n)
                .words(adamw(s))
                .dense(finite(call))
                .flag(finite(call) != null)
                .items(n);
    }

    /** What says whether a step of AdamW is made at all, or null. */
    public static Tensor finite(KernelCall call) {
        return call.inputs().length == 5 ? call.in(4) : null;
    }

    /** The struct AdamW of the kernels. */
    public static int[] adamw(AdamWSpec s) {
        return new int[] {
            bits(s.gradientFactor()),
            bits(s.decay()),
            bits(s.firstRate()),
            bits(s.secondRate()),
            bits(s.secondKept()),
            bits(s.secondRoot()),
            bits(s.epsilon()),
            bits(s.stepSize())
        };
    }

    private void allFinite(KernelCall call) {
        Tensor flag = call.out(0);
        queue.upload(MemorySegment.ofArray(new int[] {1}), flag.buffer(), flag.offset() * Integer.BYTES);
        for (Tensor x : call.inputs()) {
            launch(call).dense(flag).view(x).i(x.elements()).items(x.elements());
        }
    }

    private void sgd(KernelCall call) {
        SgdSpec s = call.attributes(SgdSpec.class);
        boolean moving = call.inputs().length == 3;
        long n = call.out(0).elements();
        launch(call)
                .dense(call.out(0))
                .dense(moving ? call.out(1) : null)
                .flag(moving)
                .view(call.in(moving ? 2 : 1))
                .i(n)
                .f(s.lr())
                .f(s.momentum())
                .flag(s.nesterov())
                .flag(s.weightDecay() != 0)
                .f(s.weightDecay())
                .items(n);
    }

    private void ema(KernelCall call) {
        long n = call.out(0).elements();
        launch(call)
                .dense(call.out(0))
                .view(call.in(1))
                .i(n)
                .f(call.attributes(EmaSpec.class).rate())
                .items(n);
    }

    private void qSample(KernelCall call) {
        Tensor t = call.in(2);
        Tensor y = call.out(0);
        int steps = call.in(3).dim(0);
        checks.check(call.op(), t, steps);
        launch(call)
                .view(call.in(0))
                .view(call.in(1))
                .memory(t)
                .flag(t.dtype() == DType.I64)
                .view(View.of(t))
                .view(call.in(3))
                .view(call.in(4))
                .dense(y)
                .i(y.elements())
                .i(y.elements() / Math.max(1, y.dim(0)))
                .i(steps)
                .items(y.elements());
    }

    /** A step with three factors and noise that may be left out. */
    private void step(KernelCall call, double a, double b, double c) {
        Tensor y = call.out(0);
        launch(call)
                .view(call.in(0))
                .view(call.in(1))
                .view(call.in(2))
                .flag(call.in(2) != null)
                .dense(y)
                .i(y.elements())
                .f(a)
                .f(b)
                .f(c)
                .items(y.elements());
    }

    private void samplerStep(KernelCall call) {
        SamplerStepSpec s = call.attributes(SamplerStepSpec.class);
        Tensor rows = call.in(2);
        Tensor y = call.out(0);
        int n = Math.toIntExact(y.elements());
        int samples = Math.max(1, y.dim(0));
        int each = n / samples;
        launch(call)
                .view(call.in(0))
                .view(call.in(1))
                .memory(rows)
                .flag(rows != null && rows.dtype() == DType.I64)
                .view(rows == null ? View.of(Shape.SCALAR, new long[0], 0) : View.of(rows))
                .view(call.in(3))
                .view(call.in(4))
                .view(call.in(5))
                .dense(y)
                .dense(s.kept() == null ? null : call.out(1))
                .i(n)
                .words(words(s, each, call))
                .l(s.seed())
                .l(s.stream())
                .items(!s.isNoisy() || n == 0 ? n : samples * ((each + 2L) / 4 + 1));
    }

    /** The struct SamplerStep. */
    private static int[] words(SamplerStepSpec s, int each, KernelCall call) {
        int earlier = 0;
        while (earlier < SamplerStepSpec.EARLIER && call.in(3 + earlier) != null) {
            earlier++;
        }
        IntStream.Builder words = IntStream.builder();
        words.add(each)
                .add(s.isGuided() ? 1 : 0)
                .add(bits(s.guidance()))
                .add(earlier)
                .add(s.kept() == null ? 0 : 1 + s.kept().ordinal())
                .add(bits(s.scale()))
                .add(bits(s.sigma()));
        for (List<Term> terms : List.of(s.estimate(), s.next())) {
            words.add(terms.size());
            for (int i = 0; i < SamplerStepSpec.TERMS; i++) {
                words.add(i < terms.size() ? terms.get(i).source().ordinal() : 0);
            }
            for (int i = 0; i < SamplerStepSpec.TERMS; i++) {
                words.add(i < terms.size() ? bits(terms.get(i).factor()) : 0);
            }
        }
        return words.build().toArray();
    }

    private static int bits(double value) {
        return Float.floatToRawIntBits((float) value);
    }

    private void timestepEmbedding(KernelCall call) {
        TimestepSpec s = call.attributes(TimestepSpec.class);
        Tensor t = call.in(0);
        int half = s.dim() / 2;
        try (Scope scope = Scope.open()) {
            Tensor frequencies = Tensor.from(t.device(), HostTensor.of(Shape.of(half), s.frequencies()));
            launch(call)
                    .memory(t)
                    .flag(t.dtype() == DType.I64)
                    .view(View.of(t))
                    .memory(frequencies)
                    .dense(call.out(0))
                    .i(t.elements() * half)
                    .i(half)
                    .flag(s.cosFirst())
                    .items(t.elements() * half);
        }
    }
}
