package org.reverie.device;

/** The check that ops which follow indices in a tensor make, on every backend in the same words. */
public final class Indices {
    private Indices() {}

    /**
     * Refuses an index outside 0 … extent − 1.
     *
     * @param position where the index stands in its tensor, in row-major order
     */
    public static int check(String op, long index, long position, int extent) {
        if (index < 0 || index >= extent) {
            throw new IllegalArgumentException(
                    op + ": index " + index + " at position " + position + " is not in 0 … " + (extent - 1));
        }
        return (int) index;
    }
}
