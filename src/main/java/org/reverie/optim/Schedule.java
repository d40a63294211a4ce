package org.reverie.optim;

/** The learning rate of each step; steps are counted from 0. */
@FunctionalInterface
public interface Schedule {
    double at(long step);

    static Schedule constant(double lr) {
        return step -> lr;
    }

    /** From {@code lr} at step 0 along half a cosine to {@code last} at step {@code total}, and {@code last} after that. */
    static Schedule cosine(double lr, double last, long total) {
        if (total < 1) {
            throw new IllegalArgumentException("a cosine schedule needs at least one step, not " + total);
        }
        return step -> last + 0.5 * (lr - last) * (1 + StrictMath.cos(Math.PI * Math.min(step, total) / total));
    }

    /** From {@code lr} at step 0 in a straight line to {@code last} at step {@code total}, and {@code last} after that. */
    static Schedule linear(double lr, double last, long total) {
        if (total < 1) {
            throw new IllegalArgumentException("a linear schedule needs at least one step, not " + total);
        }
        return step -> lr + (last - lr) * Math.min(step, total) / total;
    }

    /**
     * In the first {@code steps} steps the rate rises linearly, (step + 1)/steps of what {@code after} starts with; from
     * then on {@code after} runs from its own step 0.
     */
    static Schedule warmup(long steps, Schedule after) {
        if (steps < 0) {
            throw new IllegalArgumentException("a warm-up cannot take " + steps + " steps");
        }
        return step -> step < steps ? after.at(0) * (step + 1) / steps : after.at(step - steps);
    }
}
