package org.reverie.device.spec;

/** How much of a running average is kept in one update. */
public record EmaSpec(double decay) {
    /** 1 − decay, in f32. */
    public float rate() {
        return (float) (1 - decay);
    }
}
