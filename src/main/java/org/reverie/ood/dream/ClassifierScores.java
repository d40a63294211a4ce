package org.reverie.ood.dream;

import org.reverie.data.PixelSet;
import org.reverie.models.Accuracy;
import org.reverie.ood.FeatureMatrix;

/**
 * What a classifier says about images. Both scores rise with strangeness.
 *
 * @param energy −log Σ exp of the logits
 * @param msp minus the largest probability
 * @param guess the class of the largest logit
 */
public record ClassifierScores(float[] energy, float[] msp, int[] guess) {
    /** @param logits of the images, {@code [n, classes]} */
    public static ClassifierScores of(FeatureMatrix logits) {
        int n = logits.count();
        int classes = logits.dimension();
        float[] energy = new float[n];
        float[] msp = new float[n];
        int[] guess = new int[n];
        for (int i = 0; i < n; i++) {
            guess[i] = Accuracy.best(logits.values(), classes, i);
            double max = logits.values()[i * classes + guess[i]];
            double sum = 0;
            for (int c = 0; c < classes; c++) {
                sum += Math.exp(logits.values()[i * classes + c] - max);
            }
            energy[i] = (float) -(max + Math.log(sum));
            msp[i] = (float) (-1 / sum);
        }
        return new ClassifierScores(energy, msp, guess);
    }

    /** The share of images whose guess is their label, in percent. */
    public double accuracy(PixelSet images) {
        int right = 0;
        for (int i = 0; i < guess.length; i++) {
            right += guess[i] == images.labels()[i] ? 1 : 0;
        }
        return 100.0 * right / guess.length;
    }
}
