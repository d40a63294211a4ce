package org.reverie.ood.dlsr;

import org.reverie.models.ProceduralEncoder;

/** Sizes and hyper-parameters that suit an encoder on ten thousand images and a CPU; the paper's are larger. */
public final class DlsrDefaults {
    private static final double LEARNING_RATE = 5e-4;
    private static final double WEIGHT_DECAY = 1e-4;
    private static final double EMA_DECAY = 0.9999;
    private static final int BATCH = 128;

    private DlsrDefaults() {}

    /** The denoiser for an encoder's features; its length d is set when the taps are known. */
    public static LfdnConfig network(String encoder) {
        return encoder.equals(ProceduralEncoder.NAME) ? new LfdnConfig(1, 256, 64, 4) : new LfdnConfig(1, 512, 128, 6);
    }

    public static TrainConfig training(String encoder, long seed) {
        int epochs = encoder.equals(ProceduralEncoder.NAME) ? 25 : 20;
        return new TrainConfig(epochs, BATCH, LEARNING_RATE, WEIGHT_DECAY, EMA_DECAY, seed);
    }
}
