package org.reverie.diffusion;

import org.reverie.device.spec.DdimSpec;
import org.reverie.device.spec.DdpmSpec;

/**
 * The coefficients of sampling steps, worked out in double. Sources: Ho, Jain and Abbeel 2020 (ancestral sampling), Song,
 * Meng and Ermon 2021 (DDIM).
 */
public final class Steps {
    private Steps() {}

    /**
     * The ancestral step from t to t − 1 for a network that predicts the noise.
     *
     * @param posterior whether the fresh noise has the variance β̃ₜ of the posterior, instead of βₜ
     */
    public static DdpmSpec ddpm(NoiseSchedule schedule, int t, boolean posterior) {
        double beta = schedule.beta(t);
        double noise = beta / Math.sqrt(1 - schedule.alphaBar(t));
        return new DdpmSpec(1 / Math.sqrt(1 - beta), noise, sigma(schedule, t, posterior));
    }

    /** The ancestral step from t to t − 1 for a network that predicts the clean sample: the posterior's mean. */
    public static DdimSpec ddpmFromX0(NoiseSchedule schedule, int t, boolean posterior) {
        double beta = schedule.beta(t);
        double here = schedule.alphaBar(t);
        double next = schedule.alphaBar(t - 1);
        return new DdimSpec(
                Math.sqrt(1 - beta) * (1 - next) / (1 - here),
                Math.sqrt(next) * beta / (1 - here),
                sigma(schedule, t, posterior));
    }

    private static double sigma(NoiseSchedule schedule, int t, boolean posterior) {
        double beta = schedule.beta(t);
        return Math.sqrt(posterior ? beta * (1 - schedule.alphaBar(t - 1)) / (1 - schedule.alphaBar(t)) : beta);
    }

    /** The DDIM step from time t to an earlier one; −1 is the end, without noise. */
    public static DdimSpec ddim(NoiseSchedule schedule, Prediction prediction, int t, int next, double eta) {
        double here = schedule.alphaBar(t);
        return ddim(prediction, here, here, schedule.alphaBar(next), eta);
    }

    /**
     * The DDIM step for given ᾱ. With A = {@code from} and B = {@code to}: σ = η·√((1 − B)/(1 − A)·(1 − A/B)),
     * x′ = √B·(x − √(1 − A)·ε)/√A + √(1 − B − σ²)·ε + σ·z. A network that predicts the clean sample f gives
     * ε = (x − √ᾱ·f)/√(1 − ᾱ) with ᾱ = {@code noised}; it differs from A only in programs that mix two indices.
     */
    public static DdimSpec ddim(Prediction prediction, double noised, double from, double to, double eta) {
        double sigma = eta * Math.sqrt((1 - to) / (1 - from) * (1 - from / to));
        double direction = Math.sqrt(Math.max(0, 1 - to - sigma * sigma));
        double ofX = Math.sqrt(to / from);
        double ofEpsilon = direction - Math.sqrt(to * (1 - from) / from);
        if (prediction == Prediction.EPSILON) {
            return new DdimSpec(ofX, ofEpsilon, sigma);
        }
        double root = Math.sqrt(1 - noised);
        return new DdimSpec(ofX + ofEpsilon / root, -ofEpsilon * Math.sqrt(noised) / root, sigma);
    }
}
