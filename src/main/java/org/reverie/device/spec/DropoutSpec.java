package org.reverie.device.spec;

/**
 * Which elements are dropped: element i where number offset + i of the stream is less than the probability.
 *
 * @param probability 0 … 1, rounded to f32 before it is used
 */
public record DropoutSpec(double probability, long seed, long stream, long offset) {
    /** 1 / (1 − probability), in f32: what the elements that stay are multiplied by. */
    public float scale() {
        return (float) (1 / (1 - probability));
    }
}
