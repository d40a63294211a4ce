package org.reverie.optim;

/**
 * Settings of {@link AdamW}.
 *
 * @param lr learning rate
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the root of the second moment
 * @param weightDecay part of a parameter that a step with learning rate 1 would take away
 */
public record AdamWConfig(double lr, double beta1, double beta2, double eps, double weightDecay) {
    public AdamWConfig {
        check(lr >= 0, "the learning rate must not be negative", lr);
        check(beta1 >= 0 && beta1 < 1, "beta1 must be in [0, 1)", beta1);
        check(beta2 >= 0 && beta2 < 1, "beta2 must be in [0, 1)", beta2);
        check(eps >= 0, "eps must not be negative", eps);
        check(weightDecay >= 0, "the weight decay must not be negative", weightDecay);
    }

    /** The usual settings: betas 0.9 and 0.999, eps 1e-8, no weight decay. */
    public static AdamWConfig of(double lr) {
        return new AdamWConfig(lr, 0.9, 0.999, 1e-8, 0);
    }

    /** The same with another weight decay. */
    public AdamWConfig withWeightDecay(double decay) {
        return new AdamWConfig(lr, beta1, beta2, eps, decay);
    }

    private static void check(boolean holds, String rule, double value) {
        if (!holds) {
            throw new IllegalArgumentException("AdamW: " + rule + ": " + value);
        }
    }
}
