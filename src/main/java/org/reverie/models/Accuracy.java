package org.reverie.models;

/** Counts how often a classifier's first and first five guesses hold the label. */
public final class Accuracy {
    private static final int FIVE = 5;

    private int images;
    private int first;
    private int firstFive;

    /**
     * Counts one image.
     *
     * @param logits of all images, {@code [n, classes]} row-major
     * @param row the image
     * @param label index of the right class among the logits
     */
    public void add(float[] logits, int classes, int row, int label) {
        int rank = rank(logits, classes, row, label);
        images++;
        first += rank < 1 ? 1 : 0;
        firstFive += rank < FIVE ? 1 : 0;
    }

    /** How many classes are guessed before the given one; of equal logits, the lower index comes first. */
    static int rank(float[] logits, int classes, int row, int label) {
        float own = logits[row * classes + label];
        int before = 0;
        for (int c = 0; c < classes; c++) {
            float other = logits[row * classes + c];
            before += other > own || other == own && c < label ? 1 : 0;
        }
        return before;
    }

    /** The class with the largest logit of a row, the lowest index where several share it. */
    public static int best(float[] logits, int classes, int row) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
            best = logits[row * classes + c] > logits[row * classes + best] ? c : best;
        }
        return best;
    }

    public int images() {
        return images;
    }

    /** Share of images whose first guess is right, in percent. */
    public double top1() {
        return 100.0 * first / images;
    }

    /** Share of images whose label is among the first five guesses, in percent. */
    public double top5() {
        return 100.0 * firstFive / images;
    }
}
