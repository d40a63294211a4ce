package org.reverie.ood.dlsr;

/**
 * How the denoiser is trained (specification §3.3). The paper: 150 epochs, batch 128, AdamW at 1e-4 with weight decay
 * 1e-4; the published code keeps an exponential moving average of the weights and tests with it.
 *
 * @param epochs passes over the features
 * @param batch rows a step; a last partial batch is used too
 * @param learningRate constant
 * @param weightDecay decoupled, on all parameters
 * @param emaDecay upper bound of the average's decay; it rises as (1 + n) / (10 + n)
 * @param seed of initial weights, order, time steps and noise
 */
public record TrainConfig(int epochs, int batch, double learningRate, double weightDecay, double emaDecay, long seed) {
    public TrainConfig {
        if (epochs < 1 || batch < 1 || !(learningRate > 0) || !(weightDecay >= 0) || !(emaDecay >= 0 && emaDecay < 1)) {
            throw new IllegalArgumentException(
                    "epochs and batch must be positive, the learning rate positive, the weight"
                            + " decay not negative and the average's decay in [0, 1)");
        }
    }

    /** The paper's values. */
    public static TrainConfig paper(long seed) {
        return new TrainConfig(150, 128, 1e-4, 1e-4, 0.9999, seed);
    }

    public TrainConfig withEpochs(int n) {
        return new TrainConfig(n, batch, learningRate, weightDecay, emaDecay, seed);
    }
}
