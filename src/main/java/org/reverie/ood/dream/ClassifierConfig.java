package org.reverie.ood.dream;

/**
 * How a classifier of stage 4 or 5 is trained.
 *
 * @param size of the network
 * @param sgd how it learns
 * @param outliers of a step
 * @param beta weight of the regulariser; without outliers it is not computed
 * @param hidden width of φ; 0 for one layer
 * @param passed probability that an ID image is replaced by what a generator makes of it: so the traces that the generator
 *     leaves tell nothing about being an outlier
 * @param inliers generated images with a class that join a step (stage 5); 0 without
 * @param idStatistics whether batch norm's running statistics follow the ID images alone, and not the outliers of a batch
 */
public record ClassifierConfig(
        ResidualConfig size,
        SgdSettings sgd,
        int outliers,
        double beta,
        int hidden,
        double passed,
        int inliers,
        boolean idStatistics) {
    public ClassifierConfig {
        if (outliers < 1 || inliers < 0 || hidden < 0) {
            throw new IllegalArgumentException("a step needs outliers, and no number may be negative: " + outliers
                    + ", " + inliers + ", " + hidden);
        }
        if (!(beta >= 0) || !(passed >= 0 && passed <= 1)) {
            throw new IllegalArgumentException(
                    "beta must not be negative and the share that passes through a generator lies in [0, 1], not "
                            + beta + " and " + passed);
        }
    }

    public ClassifierConfig withBeta(double other) {
        return new ClassifierConfig(size, sgd, outliers, other, hidden, passed, inliers, idStatistics);
    }

    public ClassifierConfig withPassed(double other) {
        return new ClassifierConfig(size, sgd, outliers, beta, hidden, other, inliers, idStatistics);
    }

    public ClassifierConfig withSgd(SgdSettings other) {
        return new ClassifierConfig(size, other, outliers, beta, hidden, passed, inliers, idStatistics);
    }

    public ClassifierConfig withIdStatistics(boolean other) {
        return new ClassifierConfig(size, sgd, outliers, beta, hidden, passed, inliers, other);
    }
}
