package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.ArrayList;
import java.util.List;
import org.reverie.device.spec.AdamWSpec;
import org.reverie.device.spec.EmaSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.device.spec.SgdSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.op.SampleInput.Layout;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** Steps of optimisers and averages, in place, element by element. Parameters and their states are contiguous. */
public final class Optimizers {
    private static final AdamWSpec FIRST = new AdamWSpec(1e-3, 0.9, 0.999, 1e-8, 0.01, 1);
    private static final AdamWSpec LATER = new AdamWSpec(1e-4, 0.9, 0.999, 1e-8, 0, 31337);

    /**
     * (p, m, v, g[, finite]) → p, m, v: AdamW with decoupled weight decay (Loshchilov and Hutter 2019), in the order
     *
     * <pre>
     * g = g · unscale
     * p = p · decay
     * m = fma(firstRate, g − m, m)
     * v = fma(secondRate · g, g, secondKept · v)
     * p = fma(−stepSize, m / (√v / secondRoot + ε), p)
     * </pre>
     *
     * <p>With a {@code finite} (I32, one number) that is 0 nothing changes.
     */
    static final Op<AdamWSpec> ADAMW = Op.named("adamw_step", AdamWSpec.class)
            .shapes((a, in) -> {
                Rules.check(a.step() >= 1, "steps are counted from 1, not from %d", a.step());
                if (in.size() == 5) {
                    Rules.shape(in.get(4), Shape.SCALAR, "what says whether gradients are finite");
                    Rules.check(in.get(4).dtype() == DType.I32, "what says whether gradients are finite must be i32");
                }
                return updated(in.size() == 5 ? in.subList(0, 4) : in, 3);
            })
            .reference(c -> {
                Arithmetic f = c.math();
                AdamWSpec a = c.attributes();
                boolean still = c.inputs().length == 5 && c.in(4)[0] == 0;
                for (int i = 0; i < c.out(0).length; i++) {
                    if (still) {
                        for (int k = 0; k < 3; k++) {
                            c.out(k)[i] = c.in(k)[i];
                        }
                        continue;
                    }
                    double g = f.mul(c.in(3)[i], a.gradientFactor());
                    double p = f.mul(c.in(0)[i], a.decay());
                    double m = f.fma(a.firstRate(), f.sub(g, c.in(1)[i]), c.in(1)[i]);
                    double v = f.fma(f.mul(a.secondRate(), g), g, f.mul(a.secondKept(), c.in(2)[i]));
                    double d = f.add(f.div(f.sqrt(v), a.secondRoot()), a.epsilon());
                    c.out(0)[i] = f.fma(-a.stepSize(), f.div(m, d), p);
                    c.out(1)[i] = m;
                    c.out(2)[i] = v;
                }
            })
            .inPlace()
            .flops((a, in, out) -> 13.0 * out.get(0).shape().elements())
            .sample(
                    "first step",
                    FIRST,
                    of(3, 37),
                    of(3, 37).fill(Fill.ZERO),
                    of(3, 37).fill(Fill.ZERO),
                    of(3, 37))
            .sample("later step", LATER, of(131), of(131), of(131).fill(Fill.POSITIVE), of(131))
            .sample(
                    "transposed gradient",
                    FIRST,
                    of(9, 33),
                    of(9, 33),
                    of(9, 33).fill(Fill.POSITIVE),
                    of(9, 33).transposed())
            .sample(
                    "special values",
                    LATER,
                    of(131),
                    of(131).fill(Fill.SPECIAL),
                    of(131).fill(Fill.SPECIAL),
                    of(131).fill(Fill.SPECIAL))
            .sample(
                    "scaled gradient",
                    new AdamWSpec(1e-3, 0.9, 0.999, 1e-8, 0.01, 3, 0x1p-16),
                    of(131),
                    of(131),
                    of(131).fill(Fill.POSITIVE),
                    of(131))
            .sample(
                    "left out",
                    FIRST,
                    of(3, 37),
                    of(3, 37),
                    of(3, 37).fill(Fill.POSITIVE),
                    of(3, 37).fill(Fill.SPECIAL),
                    index(1))
            .sample("empty", FIRST, of(0, 3), of(0, 3), of(0, 3), of(0, 3))
            .error("must have the parameter's shape [2, 3]", FIRST, of(2, 3), of(2, 3), of(3, 2), of(2, 3))
            .error("steps are counted from 1", new AdamWSpec(1e-3, 0.9, 0.99, 1e-8, 0, 0), of(2), of(2), of(2), of(2))
            .error("must be contiguous", FIRST, of(9, 4).transposed(), of(9, 4), of(9, 4), of(9, 4));

    /**
     * (p, [velocity,] g) → p [, velocity], in the order
     *
     * <pre>
     * d = fma(weightDecay, p, g), or g if weightDecay is 0
     * velocity = fma(momentum, velocity, d)
     * d = velocity, or fma(momentum, velocity, d) if nesterov
     * p = fma(−lr, d, p)
     * </pre>
     *
     * <p>The velocity starts at 0.
     */
    static final Op<SgdSpec> SGD = Op.named("sgd_step", SgdSpec.class)
            .shapes((a, in) -> {
                Rules.check(in.size() == 3 || !a.nesterov(), "Nesterov's look-ahead needs a velocity");
                return updated(in, in.size() - 1);
            })
            .reference(c -> {
                Arithmetic f = c.math();
                SgdSpec a = c.attributes();
                boolean moving = c.inputs().length == 3;
                double momentum = f.round(a.momentum());
                double decay = f.round(a.weightDecay());
                double lr = f.round(a.lr());
                for (int i = 0; i < c.out(0).length; i++) {
                    double p = c.in(0)[i];
                    double d = c.in(moving ? 2 : 1)[i];
                    if (a.weightDecay() != 0) {
                        d = f.fma(decay, p, d);
                    }
                    if (moving) {
                        double velocity = f.fma(momentum, c.in(1)[i], d);
                        c.out(1)[i] = velocity;
                        d = a.nesterov() ? f.fma(momentum, velocity, d) : velocity;
                    }
                    c.out(0)[i] = f.fma(-lr, d, p);
                }
            })
            .inPlace()
            .flops((a, in, out) -> 2.0 * in.size() * out.get(0).shape().elements())
            .sample("plain", new SgdSpec(0.1, 0, false, 0), of(3, 37), of(3, 37))
            .sample(
                    "weight decay, transposed",
                    new SgdSpec(0.1, 0, false, 5e-4),
                    of(9, 33),
                    of(9, 33).transposed())
            .sample("momentum", new SgdSpec(0.05, 0.9, false, 5e-4), of(131), of(131), of(131))
            .sample("nesterov", new SgdSpec(0.05, 0.9, true, 0), of(131), of(131), of(131).layout(Layout.STRIDED))
            .sample("special values", new SgdSpec(0.1, 0.9, true, 1e-4), of(131), of(131), of(131).fill(Fill.SPECIAL))
            .error("must have the parameter's shape [2, 3]", new SgdSpec(0.1, 0, false, 0), of(2, 3), of(6))
            .error("needs a velocity", new SgdSpec(0.1, 0.9, true, 0), of(2), of(2));

    /** (average, value) → average = fma(1 − decay, value − average, average). */
    static final Op<EmaSpec> EMA = Op.named("ema_update", EmaSpec.class)
            .shapes((a, in) -> {
                Rules.check(a.decay() >= 0 && a.decay() <= 1, "the decay must be in [0, 1], not %s", a.decay());
                return updated(in, 1);
            })
            .reference(c -> {
                Arithmetic f = c.math();
                for (int i = 0; i < c.out(0).length; i++) {
                    double average = c.in(0)[i];
                    c.out(0)[i] = f.fma(c.attributes().rate(), f.sub(c.in(1)[i], average), average);
                }
            })
            .inPlace()
            .flops((a, in, out) -> 3.0 * out.get(0).shape().elements())
            .sample("odd size", new EmaSpec(0.9999), of(3, 37), of(3, 37))
            .sample("transposed", new EmaSpec(0.5), of(9, 33), of(9, 33).transposed())
            .sample("special values", new EmaSpec(0.9), of(131), of(131).fill(Fill.SPECIAL))
            .error("the decay must be in [0, 1]", new EmaSpec(1.5), of(3), of(3))
            .error("must have the parameter's shape [3]", new EmaSpec(0.5), of(3), of(2));

    /** (x, y, …) → I32: 1 if all numbers of all tensors are finite, 0 otherwise. */
    static final Op<NoAttributes> ALL_FINITE = Op.named("all_finite", NoAttributes.class)
            .shapes((a, in) -> {
                Rules.check(!in.isEmpty(), "needs at least one tensor");
                in.forEach(t -> Rules.floating(t, "each input"));
                return List.of(new TensorSpec(DType.I32, Shape.SCALAR));
            })
            .reference(c -> {
                c.out(0)[0] = 1;
                for (int k = 0; k < c.inputs().length; k++) {
                    for (double x : c.in(k)) {
                        c.out(0)[0] = Double.isFinite(x) ? c.out(0)[0] : 0;
                    }
                }
            })
            .notDifferentiable()
            .flops((a, in, out) ->
                    in.stream().mapToDouble(t -> t.shape().elements()).sum())
            .sample("finite", NONE, of(3, 37), of(5), of(0, 3))
            .sample("transposed", NONE, of(9, 33).transposed())
            .sample("not finite", NONE, of(7), of(131).fill(Fill.SPECIAL))
            .sample("a number", NONE, of())
            .error("needs at least one tensor", NONE)
            .error("must be f32", NONE, of(2), index(3, 2));

    static final List<Op<?>> OPS = List.of(ADAMW, SGD, EMA, ALL_FINITE);

    private Optimizers() {}

    /** Updates a parameter and its two moments in place. */
    public static void adamwStep(Tensor param, Tensor grad, Tensor m, Tensor v, AdamWSpec spec) {
        Engine.update(ADAMW, spec, param, m, v, grad);
    }

    /** The tensors of one step of AdamW. */
    public record Adam(Tensor param, Tensor gradient, Tensor first, Tensor second) {}

    /**
     * Updates parameters and their moments in place, by one kernel where the device can do that.
     *
     * @param finite I32 []: if it is 0, nothing changes; null stands for 1
     */
    public static void adamwSteps(List<Adam> all, AdamWSpec spec, Tensor finite) {
        List<Tensor[]> inputs = new ArrayList<>(all.size());
        for (Adam a : all) {
            inputs.add(
                    finite == null
                            ? new Tensor[] {a.param(), a.first(), a.second(), a.gradient()}
                            : new Tensor[] {a.param(), a.first(), a.second(), a.gradient(), finite});
        }
        Engine.updateAll(ADAMW, spec, inputs);
    }

    /** I32 []: 1 if all numbers of the tensors, of which there is at least one, are finite, 0 otherwise; for {@link #adamwSteps}. */
    public static Tensor allFinite(List<Tensor> tensors) {
        return Engine.run(ALL_FINITE, NONE, tensors.toArray(Tensor[]::new));
    }

    /** Updates a parameter, and its velocity unless that is null, in place. */
    public static void sgdStep(Tensor param, Tensor grad, Tensor velocity, SgdSpec spec) {
        if (velocity == null) {
            Engine.update(SGD, spec, param, grad);
        } else {
            Engine.update(SGD, spec, param, velocity, grad);
        }
    }

    /** Moves a running average towards a value, in place. */
    public static void emaUpdate(Tensor average, Tensor value, double decay) {
        Engine.update(EMA, new EmaSpec(decay), average, value);
    }

    /** The first {@code count} inputs, after checking that all inputs are alike. */
    private static List<TensorSpec> updated(List<TensorSpec> in, int count) {
        Rules.check(in.size() == count + 1 && count > 0, "takes %d inputs, not %d", count + 1, in.size());
        TensorSpec param = Rules.floating(in.get(0), "the parameter");
        for (TensorSpec t : in) {
            Rules.floating(t, "each input");
            Rules.check(
                    t.shape().equals(param.shape()),
                    "each input must have the parameter's shape %s, not %s",
                    param.shape(),
                    t.shape());
        }
        return in.subList(0, count);
    }
}
