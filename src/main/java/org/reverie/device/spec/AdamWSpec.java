package org.reverie.device.spec;

/**
 * One step of AdamW. The derived factors are worked out in double and rounded to f32 once, here, so every backend
 * multiplies by the same numbers.
 *
 * @param step the number of this step, starting at 1
 * @param unscale what gradients are multiplied with first
 */
public record AdamWSpec(
        double lr, double beta1, double beta2, double eps, double weightDecay, long step, double unscale) {
    /** For gradients as they are. */
    public AdamWSpec(double lr, double beta1, double beta2, double eps, double weightDecay, long step) {
        this(lr, beta1, beta2, eps, weightDecay, step, 1);
    }

    /** 1 − lr·weightDecay: what is left of a parameter. */
    public float decay() {
        return (float) (1 - lr * weightDecay);
    }

    /** 1 − β₁. */
    public float firstRate() {
        return (float) (1 - beta1);
    }

    /** β₂. */
    public float secondKept() {
        return (float) beta2;
    }

    /** 1 − β₂. */
    public float secondRate() {
        return (float) (1 - beta2);
    }

    /** lr / (1 − β₁ᵗ). */
    public float stepSize() {
        return (float) (lr / (1 - StrictMath.pow(beta1, step)));
    }

    /** √(1 − β₂ᵗ). */
    public float secondRoot() {
        return (float) Math.sqrt(1 - StrictMath.pow(beta2, step));
    }

    /** ε, in f32. */
    public float epsilon() {
        return (float) eps;
    }

    /** What gradients are multiplied with first, in f32. */
    public float gradientFactor() {
        return (float) unscale;
    }
}
