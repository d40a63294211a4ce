package org.reverie.diffusion;

import java.util.Arrays;

/**
 * The times that a sampler visits, descending, and the time at which it ends; −1 is the end without any noise. A network
 * is asked at all of them but the end. Immutable.
 */
public final class TimeGrid {
    /** The end included. */
    private final int[] all;

    private TimeGrid(int[] times, int end) {
        all = Arrays.copyOf(times, times.length + 1);
        all[times.length] = end;
        for (int i = 1; i < all.length; i++) {
            if (all[i] >= all[i - 1]) {
                throw new IllegalArgumentException("time steps must descend: " + Arrays.toString(all));
            }
        }
        if (end < -1) {
            throw new IllegalArgumentException("sampling cannot end before time -1, at " + end);
        }
    }

    /** The given times, then {@code end}. */
    public static TimeGrid of(int end, int... times) {
        return new TimeGrid(times, end);
    }

    /** {@code count} times spread evenly from T − 1 down, then the end without noise. */
    public static TimeGrid even(NoiseSchedule schedule, int count) {
        return new TimeGrid(schedule.spaced(count), -1);
    }

    /**
     * The times of Stable Diffusion: 1 + j·⌊T / count⌋ for j from {@code count} − 1 down to 0, ending at time 0 with the
     * little noise that it has. If that is more than T − 1, as with all T steps, everything is earlier by one.
     */
    public static TimeGrid leading(NoiseSchedule schedule, int count) {
        if (count < 1 || count > schedule.steps()) {
            throw new IllegalArgumentException("cannot choose " + count + " of " + schedule.steps() + " time steps");
        }
        int stride = schedule.steps() / count;
        int offset = (count - 1) * stride + 1 < schedule.steps() ? 1 : 0;
        int[] times = new int[count];
        for (int i = 0; i < count; i++) {
            times[i] = (count - 1 - i) * stride + offset;
        }
        return new TimeGrid(times, offset - 1);
    }

    /** The part that begins at a noised image: the last {@code strength} share of the steps, rounded down, at least one. */
    public TimeGrid last(double strength) {
        if (!(strength > 0 && strength <= 1)) {
            throw new IllegalArgumentException("the strength must be above 0 and at most 1, not " + strength);
        }
        int kept = Math.max(1, (int) (size() * strength));
        return new TimeGrid(Arrays.copyOfRange(all, size() - kept, size()), all[size()]);
    }

    /** Steps, one for each time but the end. */
    public int size() {
        return all.length - 1;
    }

    /** The time before step i; for i = {@link #size} the end. */
    public int at(int i) {
        return all[i];
    }
}
