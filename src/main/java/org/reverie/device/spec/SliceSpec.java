package org.reverie.device.spec;

/**
 * Elements start, start + step, … of one axis.
 *
 * @param axis counted from the front
 * @param end the first index that is no longer taken
 * @param step at least 1
 */
public record SliceSpec(int axis, int start, int end, int step) {
    /** How many elements there are. */
    public int count() {
        return end <= start ? 0 : (end - start + step - 1) / step;
    }
}
