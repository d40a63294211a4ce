package org.reverie.ood.dlsr;

/** One denoising step as it comes out: x ← {@code x}·x + {@code f}·LFDN(x, t) + {@code w}·fresh noise. */
record StepCoefficients(double x, double f, double w) {
    /** A deterministic DDIM step from ᾱ to ᾱ′ with the predicted z₀ = f. */
    static StepCoefficients ddim(double alphaBar, double alphaBarNext) {
        double s = Math.sqrt(1 - alphaBar);
        double next = Math.sqrt(1 - alphaBarNext);
        return new StepCoefficients(next / s, Math.sqrt(alphaBarNext) - next * Math.sqrt(alphaBar) / s, 0);
    }

    /**
     * The published code's step i (specification §4.1): the noise is derived with ᾱ_t where t = i + 1, the step is taken
     * with ᾱ_i, and η = 1. For i = 0 it is an identity.
     */
    static StepCoefficients compat(double alphaBarT, double a, double b) {
        double sigma = Math.sqrt((1 - b) / (1 - a) * (1 - a / b));
        double g = Math.sqrt(1 - b - sigma * sigma) - Math.sqrt(b * (1 - a) / a);
        double s = Math.sqrt(1 - alphaBarT);
        return new StepCoefficients(Math.sqrt(b / a) + g / s, -g * Math.sqrt(alphaBarT) / s, sigma);
    }
}
