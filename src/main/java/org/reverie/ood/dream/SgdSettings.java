package org.reverie.ood.dream;

/**
 * How a network is trained: SGD with Nesterov's momentum, the rate following a cosine down to 1e-6 over all steps, weight
 * decay on every parameter.
 *
 * @param epochs passes over the ID images
 * @param batch ID images a step; what does not fill one waits for another epoch
 * @param rate the first learning rate
 * @param momentum what is kept of the velocity
 * @param decay weight decay
 * @param augmentation of every training image
 */
public record SgdSettings(
        int epochs, int batch, double rate, double momentum, double decay, Augmentation augmentation) {
    /** Where the cosine ends. */
    static final double LAST_RATE = 1e-6;

    public SgdSettings {
        if (epochs < 1 || batch < 2 || !(rate > 0)) {
            throw new IllegalArgumentException("epochs, batch and rate must be positive (a batch at least 2), not "
                    + epochs + ", " + batch + ", " + rate);
        }
    }

    /** Momentum 0.9 and weight decay 5e-4, as all of the paper's trainings have. */
    public static SgdSettings of(int epochs, int batch, double rate, Augmentation augmentation) {
        return new SgdSettings(epochs, batch, rate, 0.9, 5e-4, augmentation);
    }

    public SgdSettings withEpochs(int n) {
        return new SgdSettings(n, batch, rate, momentum, decay, augmentation);
    }
}
