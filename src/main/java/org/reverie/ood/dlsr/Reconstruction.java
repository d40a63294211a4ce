package org.reverie.ood.dlsr;

/**
 * How a feature vector is denoised before it is compared with itself (specification §4).
 *
 * @param mode the procedure
 * @param time 0-based time step that is noised to; in {@code COMPAT} it is the number of steps K
 * @param steps denoising steps of {@code CLEAN}; others ignore it
 * @param noise whether noise is added; without it {@code FAST} depends on nothing but the features
 */
public record Reconstruction(Mode mode, int time, int steps, boolean noise) {
    /** Procedures. */
    public enum Mode {
        /** One call: LFDN(z_t, t), or LFDN(√ᾱ_t·z₀, t) without noise. */
        FAST,
        /** Deterministic DDIM from t to 0 in equal strides with one consistent index; the last predicted z₀ is the result. */
        CLEAN,
        /** What the published code computes: K stochastic steps with its index mismatch, the last of them an identity. */
        COMPAT
    }

    public Reconstruction {
        if (time < 0 || time > Schedules.STEPS) {
            throw new IllegalArgumentException(
                    "the time step must be between 0 and " + (Schedules.STEPS - 1) + ", not " + time);
        }
        if (mode == Mode.COMPAT && time < 1) {
            throw new IllegalArgumentException("compat needs at least one step");
        }
        if (mode == Mode.CLEAN && (steps < 1 || steps > time + 1)) {
            throw new IllegalArgumentException(
                    "clean takes between 1 and t + 1 = " + (time + 1) + " steps, not " + steps);
        }
    }

    /** One call without noise at t = 5. */
    public static Reconstruction fast() {
        return new Reconstruction(Mode.FAST, 5, 1, false);
    }

    /** The published code with its K = 3. */
    public static Reconstruction compat() {
        return new Reconstruction(Mode.COMPAT, 3, 3, true);
    }

    /** Three deterministic steps from t = 5. */
    public static Reconstruction clean() {
        return new Reconstruction(Mode.CLEAN, 5, 3, true);
    }
}
