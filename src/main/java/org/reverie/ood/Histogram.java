package org.reverie.ood;

/**
 * Counts of scores in equal bins. Scores outside [low, high] are counted in the first or the last bin, so that nothing
 * is lost and a few extreme scores do not squeeze all others into one bar.
 *
 * @param low left edge of the first bin
 * @param high right edge of the last bin, above {@code low}; a score equal to it is in the last bin
 * @param counts one count for each bin
 */
public record Histogram(double low, double high, long[] counts) {
    public static Histogram of(float[] scores, double low, double high, int bins) {
        if (!(low < high) || Double.isInfinite(low) || Double.isInfinite(high)) {
            throw new IllegalArgumentException(
                    "a histogram needs finite edges low < high, not " + low + " and " + high);
        }
        if (bins < 1) {
            throw new IllegalArgumentException("a histogram needs at least one bin, not " + bins);
        }
        long[] counts = new long[bins];
        for (float score : scores) {
            if (Float.isNaN(score)) {
                throw new IllegalArgumentException("a score is NaN; it belongs to no bin");
            }
            double position = Math.floor((score - low) / (high - low) * bins);
            counts[(int) Math.clamp(position, 0, bins - 1)]++;
        }
        return new Histogram(low, high, counts);
    }

    /** Middle of bin {@code i}. */
    public double centre(int i) {
        return low + (high - low) * (i + 0.5) / counts.length;
    }

    /** Share of all scores that fell into bin {@code i}; 0 where there are no scores. */
    public double share(int i) {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        return total == 0 ? 0 : (double) counts[i] / total;
    }
}
