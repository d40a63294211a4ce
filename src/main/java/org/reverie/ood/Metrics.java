package org.reverie.ood;

import java.util.Arrays;

/**
 * How well a score separates in-distribution (ID) from out-of-distribution (OOD) images. Everywhere a higher score
 * means "more likely OOD". The definitions are written out in {@code docs/metrics.md}; they are exact (ties are
 * counted, never broken by order) and computed in double from sorted copies, so they depend on the scores alone and not
 * on their order.
 *
 * <p>Every method refuses, with an {@link IllegalArgumentException}, an empty array and a score that is NaN. Infinite
 * scores are ordinary values.
 *
 * @param auroc area under the ROC curve, OOD positive, ties count one half; in [0, 1]
 * @param fpr95 fraction of OOD images whose score lies strictly below {@code threshold}; in [0, 1]
 * @param auprIn average precision with ID as the positive class (scores negated); in (0, 1]
 * @param auprOut average precision with OOD as the positive class; in (0, 1]
 * @param threshold the 95th percentile of the ID scores, by linear interpolation
 */
public record Metrics(double auroc, double fpr95, double auprIn, double auprOut, double threshold) {
    /** Percentile of the ID scores that is the threshold: 95 % of the ID images are accepted. */
    public static final int ACCEPTED_PERCENT = 95;

    /** All metrics of one score on one pair of sets. */
    public static Metrics of(float[] id, float[] ood) {
        float[] sortedId = sorted("ID", id);
        float[] sortedOod = sorted("OOD", ood);
        double threshold = percentileOfSorted(sortedId, ACCEPTED_PERCENT);
        return new Metrics(
                aurocOfSorted(sortedId, sortedOod),
                fractionBelow(sortedOod, threshold),
                averagePrecision(negated(sortedId), negated(sortedOod)),
                averagePrecision(sortedOod, sortedId),
                threshold);
    }

    /** Probability that a random OOD image scores higher than a random ID image, plus half that of a tie. */
    public static double auroc(float[] id, float[] ood) {
        return aurocOfSorted(sorted("ID", id), sorted("OOD", ood));
    }

    /** Fraction of OOD scores strictly below the 95th percentile of the ID scores. */
    public static double fpr95(float[] id, float[] ood) {
        return fractionBelow(sorted("OOD", ood), percentile(id, ACCEPTED_PERCENT));
    }

    /** Average precision with the OOD images as positives. */
    public static double auprOut(float[] id, float[] ood) {
        return averagePrecision(sorted("OOD", ood), sorted("ID", id));
    }

    /** Average precision with the ID images as positives and all scores negated. */
    public static double auprIn(float[] id, float[] ood) {
        return averagePrecision(negated(sorted("ID", id)), negated(sorted("OOD", ood)));
    }

    /**
     * The percentile by linear interpolation between the two nearest ranks: position {@code (n - 1) · percent / 100} in
     * the sorted scores.
     *
     * @param percent in [0, 100]
     */
    public static double percentile(float[] scores, double percent) {
        return percentileOfSorted(sorted("scored", scores), percent);
    }

    /** A sorted copy, after the checks that every metric needs. */
    static float[] sorted(String which, float[] scores) {
        if (scores.length == 0) {
            throw new IllegalArgumentException("no scores: the set of " + which + " images is empty");
        }
        for (int i = 0; i < scores.length; i++) {
            if (Float.isNaN(scores[i])) {
                throw new IllegalArgumentException("the score of " + which + " image " + i + " (of " + scores.length
                        + ", counted from 0) is NaN; a metric needs scores that can be compared");
            }
        }
        float[] copy = scores.clone();
        Arrays.sort(copy);
        return copy;
    }

    private static double aurocOfSorted(float[] id, float[] ood) {
        long twiceWins = 0; // ID scores below count 2, equal ones 1: the sum stays an exact integer
        int below = 0;
        int notAbove = 0;
        for (float score : ood) {
            while (below < id.length && id[below] < score) {
                below++;
            }
            while (notAbove < id.length && id[notAbove] <= score) {
                notAbove++;
            }
            twiceWins += below + notAbove;
        }
        return twiceWins / (2.0 * id.length * ood.length);
    }

    private static double fractionBelow(float[] sorted, double threshold) {
        int count = 0;
        while (count < sorted.length && sorted[count] < threshold) {
            count++;
        }
        return (double) count / sorted.length;
    }

    /**
     * Σ over the distinct scores, from the highest down, of (increase in recall) × (precision down to and including
     * that score). Both arrays ascending; higher means positive.
     */
    private static double averagePrecision(float[] positives, float[] negatives) {
        int p = positives.length;
        int n = negatives.length;
        double sum = 0;
        while (p > 0) {
            float score = n > 0 ? Math.max(positives[p - 1], negatives[n - 1]) : positives[p - 1];
            int before = p;
            while (p > 0 && positives[p - 1] >= score) {
                p--;
            }
            while (n > 0 && negatives[n - 1] >= score) {
                n--;
            }
            int truePositives = positives.length - p;
            int falsePositives = negatives.length - n;
            sum += (double) (before - p) * truePositives / ((double) truePositives + falsePositives);
        }
        return sum / positives.length;
    }

    private static float[] negated(float[] sorted) {
        float[] out = new float[sorted.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = -sorted[out.length - 1 - i];
        }
        return out;
    }

    static double percentileOfSorted(float[] sorted, double percent) {
        if (!(percent >= 0 && percent <= 100)) {
            throw new IllegalArgumentException("percent is " + percent + "; it must lie in [0, 100]");
        }
        double position = (sorted.length - 1) * percent / 100;
        int lower = (int) Math.floor(position);
        double weight = position - lower;
        double a = sorted[lower];
        if (weight == 0) {
            return a; // also keeps 0 · ∞ out of the sum below
        }
        double b = sorted[lower + 1];
        if (a == b) {
            return a;
        }
        if (a == Double.NEGATIVE_INFINITY && b == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("percentile " + percent + " lies between -infinity and +infinity");
        }
        return Double.isInfinite(a) ? a : a + (b - a) * weight;
    }
}
