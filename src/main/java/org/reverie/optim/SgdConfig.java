package org.reverie.optim;

/**
 * Settings of {@link Sgd}.
 *
 * @param lr learning rate
 * @param momentum what is kept of the velocity; 0 means no velocity
 * @param nesterov whether steps look ahead along the velocity
 * @param weightDecay added to the gradient times the parameter
 */
public record SgdConfig(double lr, double momentum, boolean nesterov, double weightDecay) {
    public SgdConfig {
        if (!(lr >= 0 && momentum >= 0 && momentum < 1 && weightDecay >= 0)) {
            throw new IllegalArgumentException("Sgd: needs lr ≥ 0, momentum in [0, 1) and weight decay ≥ 0, not " + lr
                    + ", " + momentum + ", " + weightDecay);
        }
        if (nesterov && momentum == 0) {
            throw new IllegalArgumentException("Sgd: Nesterov's look-ahead needs a momentum");
        }
    }

    /** Plain steps along the gradient. */
    public static SgdConfig of(double lr) {
        return new SgdConfig(lr, 0, false, 0);
    }
}
