package org.reverie.models.latent;

import org.reverie.optim.Schedule;

/**
 * How one part of a generator is trained with AdamW.
 *
 * @param steps in all
 * @param batch images of a step
 * @param learningRate after the warm-up
 * @param warmup steps in which the learning rate rises
 * @param decay how it falls to 0 after that
 * @param clip bound of the gradients' common length
 * @param ema decay of the running average of the weights, which is what is used later
 */
public record TrainingPlan(
        int steps, int batch, double learningRate, int warmup, Decay decay, double clip, double ema) {
    /** The way of the learning rate from its height. */
    public enum Decay {
        LINEAR,
        COSINE
    }

    public TrainingPlan {
        if (steps < 1 || batch < 1 || warmup < 0 || !(learningRate > 0) || !(clip > 0) || !(ema >= 0 && ema < 1)) {
            throw new IllegalArgumentException("a training needs positive steps, batch, learning rate and bound of the"
                    + " gradients, a warm-up of at least 0 and a running average's decay in [0, 1), not steps " + steps
                    + ", batch " + batch + ", learning rate " + learningRate + ", bound " + clip + ", warm-up " + warmup
                    + ", decay " + ema);
        }
    }

    TrainingPlan withSteps(int n) {
        return n == steps ? this : new TrainingPlan(n, batch, learningRate, Math.min(warmup, n / 4), decay, clip, ema);
    }

    TrainingPlan withDecay(Decay other) {
        return new TrainingPlan(steps, batch, learningRate, warmup, other, clip, ema);
    }

    Schedule schedule() {
        long falling = Math.max(1, steps - warmup);
        return Schedule.warmup(
                warmup,
                switch (decay) {
                    case LINEAR -> Schedule.linear(learningRate, 0, falling);
                    case COSINE -> Schedule.cosine(learningRate, 0, falling);
                });
    }
}
