package org.reverie.device.spec;

import java.util.List;

/**
 * One step of a sampler, from the state x and what the network predicted to the next state: up to two linear combinations, each a
 * chain of fma in the order of its terms, and fresh noise. All factors are rounded to f32 before use.
 *
 * @param guidance with a number other than 1 there are two predictions u and c for each sample, and {@code u + guidance·(c − u)} counts
 * @param estimate what is worked out first; may be empty
 * @param next the next state, but for scale and noise
 * @param scale what the next state is multiplied with
 * @param sigma the deviation of the fresh noise; 0 for none
 * @param kept what is handed out beside the next state, {@link Source#PREDICTION} or {@link Source#ESTIMATE}; or null
 * @param seed of the noise
 * @param stream of the noise; sample r takes its r-th part
 */
public record SamplerStepSpec(
        double guidance,
        List<Term> estimate,
        List<Term> next,
        double scale,
        double sigma,
        Source kept,
        long seed,
        long stream) {
    /** Terms of a combination at most. */
    public static final int TERMS = 4;

    /** Earlier tensors at most. */
    public static final int EARLIER = 3;

    /** What combinations are made of. Kernels know them by their ordinals. */
    public enum Source {
        /** x. */
        STATE,
        /** The prediction, guided if it is. */
        PREDICTION,
        /** The first combination. */
        ESTIMATE,
        /** What was kept of earlier steps, the latest first. */
        EARLIER_1,
        EARLIER_2,
        EARLIER_3
    }

    /** A source and its factor. */
    public record Term(Source source, double factor) {}

    public SamplerStepSpec {
        estimate = List.copyOf(estimate);
        next = List.copyOf(next);
    }

    /** {@code x′ = a·x + b·prediction}. */
    public static SamplerStepSpec linear(double ofState, double ofPrediction) {
        return to(new Term(Source.STATE, ofState), new Term(Source.PREDICTION, ofPrediction));
    }

    /** The linear step, with its noise. */
    public static SamplerStepSpec of(DdimSpec step) {
        return linear(step.signal(), step.prediction()).noisy(step.sigma());
    }

    /** The ancestral step, with its noise. */
    public static SamplerStepSpec of(DdpmSpec step) {
        return linear(1, -step.noise()).scaled(step.scale()).noisy(step.sigma());
    }

    /** A step to this combination. */
    public static SamplerStepSpec to(Term... next) {
        return new SamplerStepSpec(1, List.of(), List.of(next), 1, 0, null, 0, 0);
    }

    /** With this combination before. */
    public SamplerStepSpec estimating(Term... terms) {
        return new SamplerStepSpec(guidance, List.of(terms), next, scale, sigma, kept, seed, stream);
    }

    public SamplerStepSpec scaled(double factor) {
        return new SamplerStepSpec(guidance, estimate, next, factor, sigma, kept, seed, stream);
    }

    public SamplerStepSpec noisy(double deviation) {
        return new SamplerStepSpec(guidance, estimate, next, scale, deviation, kept, seed, stream);
    }

    public SamplerStepSpec keeping(Source what) {
        return new SamplerStepSpec(guidance, estimate, next, scale, sigma, what, seed, stream);
    }

    public SamplerStepSpec guided(double strength) {
        return new SamplerStepSpec(strength, estimate, next, scale, sigma, kept, seed, stream);
    }

    public SamplerStepSpec drawn(long fromSeed, long fromStream) {
        return new SamplerStepSpec(guidance, estimate, next, scale, sigma, kept, fromSeed, fromStream);
    }

    /** Whether there are two predictions for each sample. */
    public boolean isGuided() {
        return guidance != 1;
    }

    public boolean isNoisy() {
        return sigma != 0;
    }
}
