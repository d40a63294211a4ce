package org.reverie.device;

/** The sizes that pooled blocks of memory come in: four to an octave, so that at most a quarter of a block is wasted. */
public final class SizeClass {
    public static final long SMALLEST = 64;

    private SizeClass() {}

    /** The next of 64, 80, 96, 112, 128, 160, … that holds {@code bytes}. */
    public static long of(long bytes) {
        if (bytes <= SMALLEST) {
            return SMALLEST;
        }
        long step = Math.max(Long.highestOneBit(bytes - 1) / 4, 16);
        return (bytes + step - 1) / step * step;
    }
}
