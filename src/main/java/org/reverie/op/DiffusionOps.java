package org.reverie.op;

import static org.reverie.device.spec.NoAttributes.NONE;
import static org.reverie.op.SampleInput.index;
import static org.reverie.op.SampleInput.of;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.DdpmSpec;
import org.reverie.device.spec.NoAttributes;
import org.reverie.device.spec.SamplerStepSpec;
import org.reverie.device.spec.SamplerStepSpec.Source;
import org.reverie.device.spec.SamplerStepSpec.Term;
import org.reverie.device.spec.TimestepSpec;
import org.reverie.op.SampleInput.Fill;
import org.reverie.op.SampleInput.Layout;
import org.reverie.random.Philox;
import org.reverie.tensor.DType;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;
import org.reverie.tensor.TensorSpec;

/** The steps of diffusion models: noising, the samplers' updates, and the embedding of time. */
public final class DiffusionOps {
    /** (x0[N, …], noise[N, …], t[N], a[T], b[T]) → fma(b[t], noise, a[t]·x0), t and tables per first axis. */
    static final Op<NoAttributes> Q_SAMPLE = Op.named("q_sample", NoAttributes.class)
            .parameters(3, 4)
            .shapes((s, in) -> {
                TensorSpec x = Rules.floating(in.get(0), "x0");
                Rules.check(x.shape().rank() >= 1, "x0 must have a first axis of samples");
                Rules.shape(Rules.floating(in.get(1), "the noise"), x.shape(), "the noise");
                Shape samples = Shape.of(x.shape().dim(0));
                Rules.shape(Rules.integer(in.get(2), "t"), samples, "t");
                TensorSpec a = Rules.rank(Rules.floating(in.get(3), "the signal table"), 1, "the signal table");
                Rules.shape(Rules.floating(in.get(4), "the noise table"), a.shape(), "the noise table");
                return List.of(x);
            })
            .reference(c -> {
                Arithmetic m = c.math();
                int samples = c.inShape(0).dim(0);
                int each = samples == 0 ? 0 : c.in(0).length / samples;
                int[] t = Indexing.indices("q_sample", c.in(2), c.in(3).length);
                for (int i = 0; i < c.out(0).length; i++) {
                    double signal = m.mul(c.in(3)[t[i / each]], c.in(0)[i]);
                    c.out(0)[i] = m.fma(c.in(4)[t[i / each]], c.in(1)[i], signal);
                }
            })
            .gradient(c -> {
                Tensor t = c.in(2);
                int steps = c.inShape(3).dim(0);
                return new Tensor[] {
                    c.needs(0) ? Pointwise.mul(c.g(), perSample(c.in(3), t, c.g())) : null,
                    c.needs(1) ? Pointwise.mul(c.g(), perSample(c.in(4), t, c.g())) : null,
                    null,
                    c.needs(3) ? toTable(Pointwise.mul(c.g(), c.in(0)), t, steps) : null,
                    c.needs(4) ? toTable(Pointwise.mul(c.g(), c.in(1)), t, steps) : null
                };
            })
            .flops((s, in, out) -> 3.0 * out.get(0).shape().elements())
            .sample("vectors", NONE, of(7, 37), of(7, 37), index(11, 7), of(11), of(11))
            .sample(
                    "images, i64",
                    NONE,
                    of(3, 5, 4, 1),
                    of(3, 5, 4, 1),
                    index(9, 3).as(DType.I64),
                    of(9),
                    of(9))
            .sample("transposed", NONE, of(9, 33).transposed(), of(9, 33), index(4, 9), of(4), of(4))
            .sample("numbers", NONE, of(5), of(5), index(2, 5), of(2), of(2))
            .sample("empty", NONE, of(0, 4), of(0, 4), index(2, 0), of(2), of(2))
            .sample(
                    "special values",
                    NONE,
                    of(7, 19).fill(Fill.SPECIAL),
                    of(7, 19).fill(Fill.SPECIAL),
                    index(3, 7),
                    of(3),
                    of(3))
            .error("the noise must have shape [2, 3]", NONE, of(2, 3), of(2), index(3, 2), of(3), of(3))
            .error("t must have shape [2]", NONE, of(2, 3), of(2, 3), index(3, 3), of(3), of(3))
            .error("the noise table must have shape [3]", NONE, of(2, 3), of(2, 3), index(3, 2), of(3), of(4))
            .error("is not in 0 … 2", NONE, of(4, 3), of(4, 3), index(1000, 4), of(3), of(3));

    /** (x, ε, z?) → scale·fma(−noise, ε, x); with z: fma(sigma, z, that). */
    static final Op<DdpmSpec> DDPM_STEP = Op.named("ddpm_step", DdpmSpec.class)
            .shapes((a, in) -> alike(in))
            .reference(c -> {
                Arithmetic m = c.math();
                double scale = m.round(c.attributes().scale());
                double noise = m.round(c.attributes().noise());
                double sigma = m.round(c.attributes().sigma());
                for (int i = 0; i < c.out(0).length; i++) {
                    double mean = m.mul(scale, m.fma(-noise, c.in(1)[i], c.in(0)[i]));
                    c.out(0)[i] = c.has(2) ? m.fma(sigma, c.in(2)[i], mean) : mean;
                }
            })
            .gradient(c -> {
                DdpmSpec a = c.attributes();
                return new Tensor[] {
                    c.needs(0) ? Pointwise.scale(c.g(), a.scale()) : null,
                    c.needs(1) ? Pointwise.scale(c.g(), -a.scale() * a.noise()) : null,
                    c.needs(2) ? Pointwise.scale(c.g(), a.sigma()) : null
                };
            })
            .flops((a, in, out) -> 5.0 * out.get(0).shape().elements())
            .sample("with noise", new DdpmSpec(1.01, 0.3, 0.2), of(2, 5, 7), of(2, 5, 7), of(2, 5, 7))
            .sample("last step", new DdpmSpec(1.0001, 0.01, 0), of(3, 37), of(3, 37), null)
            .sample(
                    "transposed",
                    new DdpmSpec(1.01, 0.3, 0.2),
                    of(9, 33),
                    of(9, 33).transposed(),
                    of(9, 33))
            .sample("special values", new DdpmSpec(1.5, 0.3, 0.2), of(131).fill(Fill.SPECIAL), of(131), of(131))
            .error("each input must have shape [2, 3]", new DdpmSpec(1, 1, 0), of(2, 3), of(3, 2), null)
            .error("must be f32", new DdpmSpec(1, 1, 0), of(2), index(3, 2), null);

    /** (x, f, z?) → fma(prediction, f, signal·x); with z: fma(sigma, z, that). */
    static final Op<DdimSpec> DDIM_STEP = Op.named("ddim_step", DdimSpec.class)
            .shapes((a, in) -> alike(in))
            .reference(c -> {
                Arithmetic m = c.math();
                double signal = m.round(c.attributes().signal());
                double prediction = m.round(c.attributes().prediction());
                double sigma = m.round(c.attributes().sigma());
                for (int i = 0; i < c.out(0).length; i++) {
                    double mean = m.fma(prediction, c.in(1)[i], m.mul(signal, c.in(0)[i]));
                    c.out(0)[i] = c.has(2) ? m.fma(sigma, c.in(2)[i], mean) : mean;
                }
            })
            .gradient(c -> {
                DdimSpec a = c.attributes();
                return new Tensor[] {
                    c.needs(0) ? Pointwise.scale(c.g(), a.signal()) : null,
                    c.needs(1) ? Pointwise.scale(c.g(), a.prediction()) : null,
                    c.needs(2) ? Pointwise.scale(c.g(), a.sigma()) : null
                };
            })
            .flops((a, in, out) -> 5.0 * out.get(0).shape().elements())
            .sample("with noise", new DdimSpec(0.7, 0.3, 0.03), of(2, 5, 7), of(2, 5, 7), of(2, 5, 7))
            .sample("without", new DdimSpec(0.9, -0.1, 0), of(3, 37), of(3, 37), null)
            .sample("strided", new DdimSpec(0.7, 0.3, 0.1), of(5, 19), of(5, 19).layout(Layout.STRIDED), of(5, 19))
            .sample("special values", new DdimSpec(0.7, 0.3, 0.1), of(131).fill(Fill.SPECIAL), of(131), of(131))
            .error("each input must have shape [2, 3]", new DdimSpec(1, 1, 0), of(2, 3), of(2, 3), of(3))
            .error("must be f32", new DdimSpec(1, 1, 0), of(2), index(3, 2), null);

    /** t[N] → [N, dim]: cos and sin of t·frequency, the product rounded; halves side by side. */
    static final Op<TimestepSpec> TIMESTEP_EMBEDDING = Op.named("timestep_embedding", TimestepSpec.class)
            .shapes((a, in) -> {
                Rules.check(a.dim() > 0 && a.dim() % 2 == 0, "the extent must be even and positive, not %d", a.dim());
                Rules.check(a.maxPeriod() > 0, "the largest period must be positive, not %s", a.maxPeriod());
                Shape t = Rules.rank(Rules.integer(in.get(0), "t"), 1, "t").shape();
                return List.of(new TensorSpec(a.dtype(), t.insert(1, a.dim())));
            })
            .reference(c -> {
                Arithmetic m = c.math();
                float[] frequencies = c.attributes().frequencies();
                int half = frequencies.length;
                int cos = c.attributes().cosFirst() ? 0 : half;
                for (int n = 0; n < c.in(0).length; n++) {
                    for (int k = 0; k < half; k++) {
                        double phase = m.mul(m.round(c.in(0)[n]), frequencies[k]);
                        c.out(0)[n * 2 * half + cos + k] = m.cos(phase);
                        c.out(0)[n * 2 * half + half - cos + k] = m.sin(phase);
                    }
                }
            })
            .notDifferentiable()
            .flops((a, in, out) -> 20.0 * out.get(0).shape().elements())
            .sample("cosines first", new TimestepSpec(38, 10000, true, DType.F32), index(1000, 5))
            .sample(
                    "sines first, i64",
                    new TimestepSpec(20, 10000, false, DType.F32),
                    index(1000, 3).as(DType.I64))
            .sample("empty", new TimestepSpec(4, 100, true, DType.F32), index(3, 0))
            .error("must be even", new TimestepSpec(7, 10000, true, DType.F32), index(9, 2))
            .error("t must be i32 or i64", new TimestepSpec(8, 10000, true, DType.F32), of(2))
            .error("t must have rank 1", new TimestepSpec(8, 10000, true, DType.F32), index(9, 2, 2));

    /**
     * (x[N, …], f, rows[N]?, earlier₁?, earlier₂?, earlier₃?) → next state[, what is kept]: a whole step as {@link SamplerStepSpec}
     * tells it, in this order:
     *
     * <pre>
     * prediction = f, or with guidance f[0 … N) + guidance · (f[N … 2N) − f[0 … N))
     * estimate   = the first combination
     * x′         = scale · the second one
     * x′         = fma(sigma, z, x′), if sigma is not 0; sample r of z holds numbers rows[r]·k + 0 … k − 1 of the stream
     * </pre>
     *
     * <p>A combination begins with factor · source and goes on by fma(factor, source, so far).
     */
    static final Op<SamplerStepSpec> SAMPLER_STEP = Op.named("sampler_step", SamplerStepSpec.class)
            .shapes(DiffusionOps::afterStep)
            .reference(c -> {
                Arithmetic m = c.math();
                SamplerStepSpec a = c.attributes();
                int n = c.out(0).length;
                int each = n == 0 ? 0 : n / c.outShape(0).dim(0);
                double guidance = m.round(a.guidance());
                double scale = m.round(a.scale());
                double sigma = m.round(a.sigma());
                double[] sources = new double[Source.values().length];
                for (int i = 0; i < n; i++) {
                    double u = c.in(1)[i];
                    sources[Source.STATE.ordinal()] = c.in(0)[i];
                    sources[Source.PREDICTION.ordinal()] =
                            a.isGuided() ? m.add(u, m.mul(m.sub(c.in(1)[n + i], u), guidance)) : u;
                    for (int e = 0; e < SamplerStepSpec.EARLIER && c.has(3 + e); e++) {
                        sources[Source.EARLIER_1.ordinal() + e] = c.in(3 + e)[i];
                    }
                    if (!a.estimate().isEmpty()) {
                        sources[Source.ESTIMATE.ordinal()] = combined(m, a.estimate(), sources);
                    }
                    if (a.kept() != null) {
                        c.out(1)[i] = sources[a.kept().ordinal()];
                    }
                    double y = m.mul(scale, combined(m, a.next(), sources));
                    if (a.isNoisy()) {
                        long index = (long) c.in(2)[i / each] * each + i % each;
                        y = m.fma(sigma, Philox.normal(a.seed(), a.stream(), index), y);
                    }
                    c.out(0)[i] = y;
                }
            })
            .notDifferentiable()
            .flops((a, in, out) ->
                    (2.0 * (a.estimate().size() + a.next().size()) + (a.isGuided() ? 3 : 0) + (a.isNoisy() ? 32 : 0))
                            * out.get(0).shape().elements())
            .sample("ddim", SamplerStepSpec.linear(0.7, 0.3), of(3, 37), of(3, 37), null, null, null, null)
            .sample(
                    "ddpm",
                    SamplerStepSpec.linear(1, -0.3).scaled(1.01).noisy(0.2).drawn(5, 1L << 40),
                    of(4, 5, 7),
                    of(4, 5, 7),
                    index(9, 4).as(DType.I64),
                    null,
                    null,
                    null)
            .sample(
                    "ddpm, guided, transposed",
                    SamplerStepSpec.linear(1, -0.3).scaled(1.01).guided(7.5).noisy(0.2),
                    of(9, 6).transposed(),
                    of(18, 6).layout(Layout.STRIDED),
                    index(1 << 30, 9),
                    null,
                    null,
                    null)
            .sample(
                    "plms",
                    SamplerStepSpec.to(new Term(Source.STATE, 0.9), new Term(Source.ESTIMATE, -0.1))
                            .estimating(
                                    new Term(Source.PREDICTION, 55 / 24.0),
                                    new Term(Source.EARLIER_1, -59 / 24.0),
                                    new Term(Source.EARLIER_2, 37 / 24.0),
                                    new Term(Source.EARLIER_3, -9 / 24.0))
                            .keeping(Source.PREDICTION),
                    of(3, 37),
                    of(3, 37),
                    null,
                    of(3, 37),
                    of(3, 37),
                    of(3, 37).layout(Layout.STRIDED))
            .sample(
                    "dpm, guided",
                    SamplerStepSpec.to(
                                    new Term(Source.STATE, 0.9),
                                    new Term(Source.ESTIMATE, 0.2),
                                    new Term(Source.EARLIER_1, -0.1))
                            .estimating(new Term(Source.STATE, 1.1), new Term(Source.PREDICTION, -0.4))
                            .guided(2)
                            .keeping(Source.ESTIMATE),
                    of(2, 5, 7),
                    of(4, 5, 7),
                    null,
                    of(2, 5, 7),
                    null,
                    null)
            .sample(
                    "numbers, what was guided is kept",
                    SamplerStepSpec.to(new Term(Source.STATE, 0.5))
                            .guided(3)
                            .noisy(1)
                            .keeping(Source.PREDICTION),
                    of(21),
                    of(42),
                    index(40, 21),
                    null,
                    null,
                    null)
            .sample(
                    "special values",
                    SamplerStepSpec.linear(0.7, 0.3).noisy(0.1),
                    of(131).fill(Fill.SPECIAL),
                    of(131).fill(Fill.SPECIAL),
                    index(9, 131),
                    null,
                    null,
                    null)
            .sample(
                    "empty",
                    SamplerStepSpec.linear(0.7, 0.3).noisy(0.1),
                    of(0, 4),
                    of(0, 4),
                    index(2, 0),
                    null,
                    null,
                    null)
            .error(
                    "the prediction must have shape [4, 3]",
                    SamplerStepSpec.linear(1, 1).guided(2),
                    of(2, 3),
                    of(2, 3),
                    null,
                    null,
                    null,
                    null)
            .error(
                    "the list of rows must have shape [2]",
                    SamplerStepSpec.linear(1, 1).noisy(1),
                    of(2, 3),
                    of(2, 3),
                    index(3, 3),
                    null,
                    null,
                    null)
            .error(
                    "the list of rows is missing",
                    SamplerStepSpec.linear(1, 1).noisy(1),
                    of(2),
                    of(2),
                    null,
                    null,
                    null,
                    null)
            .error(
                    "there is no EARLIER_2",
                    SamplerStepSpec.to(new Term(Source.EARLIER_2, 1)),
                    of(2),
                    of(2),
                    null,
                    of(2),
                    null,
                    null)
            .error(
                    "there is no ESTIMATE",
                    SamplerStepSpec.to(new Term(Source.ESTIMATE, 1)),
                    of(2),
                    of(2),
                    null,
                    null,
                    null,
                    null);

    static final List<Op<?>> OPS = List.of(Q_SAMPLE, DDPM_STEP, DDIM_STEP, SAMPLER_STEP, TIMESTEP_EMBEDDING);

    private DiffusionOps() {}

    /**
     * sqrtAlphaBar[t]·x0 + sqrtOneMinusAlphaBar[t]·noise, one t for each sample.
     *
     * @param x0 [N, …], noise of the same shape
     * @param t I32 or I64 [N], indices into the two tables [T]
     */
    public static Tensor qSample(Tensor x0, Tensor noise, Tensor t, Tensor sqrtAlphaBar, Tensor sqrtOneMinusAlphaBar) {
        return Engine.run(Q_SAMPLE, NONE, x0, noise, t, sqrtAlphaBar, sqrtOneMinusAlphaBar);
    }

    /** One ancestral step from x and the predicted noise eps; z is fresh noise, null in the last step. */
    public static Tensor ddpmStep(Tensor x, Tensor eps, Tensor z, DdpmSpec coefficients) {
        return Engine.run(DDPM_STEP, coefficients, x, eps, z);
    }

    /** One linear sampling step from x and what the network predicted; z is fresh noise or null. */
    public static Tensor ddimStep(Tensor x, Tensor prediction, Tensor z, DdimSpec coefficients) {
        return Engine.run(DDIM_STEP, coefficients, x, prediction, z);
    }

    /**
     * One step of a sampler, with guidance and noise, in one kernel.
     *
     * @param x the states [N, …]
     * @param prediction what the network predicted, of x's shape; or [2N, …] for guidance, first of all samples when told nothing
     * @param rows the numbers of the samples, I32 or I64 [N], which choose their noise; null without noise
     * @param earlier what was kept of earlier steps, the latest first
     * @return the next states; and what is kept, if the step says so
     */
    public static Tensor[] samplerStep(
            SamplerStepSpec step, Tensor x, Tensor prediction, Tensor rows, List<Tensor> earlier) {
        Tensor[] in = new Tensor[3 + SamplerStepSpec.EARLIER];
        in[0] = x;
        in[1] = prediction;
        in[2] = step.isNoisy() ? rows : null;
        for (int i = 0; i < earlier.size(); i++) {
            in[3 + i] = earlier.get(i);
        }
        return Engine.runAll(SAMPLER_STEP, step, in);
    }

    /** t[N] → [N, dim], sinusoids with wave lengths from 2π to 10000·2π, cosines first or sines first. */
    public static Tensor timestepEmbedding(Tensor t, int dim, boolean cosFirst) {
        return timestepEmbedding(t, dim, 10000, cosFirst);
    }

    /** As above with another largest period. */
    public static Tensor timestepEmbedding(Tensor t, int dim, double maxPeriod, boolean cosFirst) {
        return Engine.run(
                TIMESTEP_EMBEDDING,
                new TimestepSpec(dim, maxPeriod, cosFirst, t.device().computeType()),
                t);
    }

    private static List<TensorSpec> afterStep(SamplerStepSpec a, List<TensorSpec> in) {
        Rules.count(in, 3 + SamplerStepSpec.EARLIER);
        TensorSpec x = Rules.floating(in.get(0), "x");
        Rules.check(x.shape().rank() >= 1, "x must have a first axis of samples");
        int samples = x.shape().dim(0);
        Shape predicted = a.isGuided() ? x.shape().without(0).insert(0, 2 * samples) : x.shape();
        Rules.shape(Rules.floating(in.get(1), "the prediction"), predicted, "the prediction");
        if (a.isNoisy()) {
            Rules.shape(Rules.integer(in.get(2), "the list of rows"), Shape.of(samples), "the list of rows");
        }
        Set<Source> there = EnumSet.of(Source.STATE, Source.PREDICTION);
        for (int i = 0; i < SamplerStepSpec.EARLIER && in.get(3 + i) != null; i++) {
            Rules.shape(Rules.floating(in.get(3 + i), "what is earlier"), x.shape(), "what is earlier");
            there.add(Source.values()[Source.EARLIER_1.ordinal() + i]);
        }
        checkTerms(a.estimate(), there, 0);
        if (!a.estimate().isEmpty()) {
            there.add(Source.ESTIMATE);
        }
        checkTerms(a.next(), there, 1);
        if (a.kept() == null) {
            return List.of(x);
        }
        checkTerms(List.of(new Term(a.kept(), 1)), there, 1);
        return List.of(x, x);
    }

    private static void checkTerms(List<Term> terms, Set<Source> there, int least) {
        Rules.check(
                terms.size() >= least && terms.size() <= SamplerStepSpec.TERMS,
                "a combination has %d … %d terms, not %d",
                least,
                SamplerStepSpec.TERMS,
                terms.size());
        for (Term t : terms) {
            Rules.check(there.contains(t.source()), "there is no %s", t.source());
        }
    }

    private static double combined(Arithmetic m, List<Term> terms, double[] sources) {
        double y = 0;
        for (int i = 0; i < terms.size(); i++) {
            double factor = m.round(terms.get(i).factor());
            double source = sources[terms.get(i).source().ordinal()];
            y = i == 0 ? m.mul(factor, source) : m.fma(factor, source, y);
        }
        return y;
    }

    private static List<TensorSpec> alike(List<TensorSpec> in) {
        Rules.count(in, 3);
        TensorSpec x = Rules.floating(in.get(0), "x");
        Rules.floating(in.get(1), "the prediction");
        Rules.optionalFloating(in.get(2), "the noise");
        for (TensorSpec t : in) {
            if (t != null) {
                Rules.shape(t, x.shape(), "each input");
            }
        }
        return List.of(x);
    }

    /** table[t] with the rank of {@code like}, to be broadcast over everything but the first axis. */
    private static Tensor perSample(Tensor table, Tensor t, Tensor like) {
        Shape column = Shape.of(like.dim(0));
        for (int a = 1; a < like.rank(); a++) {
            column = column.insert(a, 1);
        }
        return Views.reshape(Shaping.gather(table, 0, t), column);
    }

    /** Σ over everything but the first axis, added into a table at t. */
    private static Tensor toTable(Tensor x, Tensor t, int steps) {
        int[] axes = java.util.stream.IntStream.range(1, x.rank()).toArray();
        Tensor perSample = axes.length == 0 ? x : Reductions.sum(x, axes);
        return Indexing.gatherGradient(perSample, 0, t, steps);
    }
}
