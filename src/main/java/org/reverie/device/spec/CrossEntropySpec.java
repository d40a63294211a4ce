package org.reverie.device.spec;

/**
 * How sharp the targets of a cross-entropy are.
 *
 * @param smoothing the part of each target's weight that is spread evenly over all classes, 0 … 1
 */
public record CrossEntropySpec(double smoothing) {
    /** The weight on the target beside its even share, in f32. */
    public float sharp() {
        return (float) (1 - smoothing);
    }

    /** The even share of each of {@code classes} classes, in f32. */
    public float share(int classes) {
        return (float) (smoothing / classes);
    }
}
