package org.reverie.ood;

/**
 * The distance of Fréchet between the normal distributions that have the mean and covariance of two sets of features:
 * |m₁ − m₂|² + tr(C₁ + C₂ − 2·√(√C₁·C₂·√C₁)). With Inception's features it is the "FID" of Heusel et al. 2017; with others
 * the numbers mean the same kind of thing but cannot be compared with published ones. All in double.
 */
public final class FrechetDistance {
    private static final int MOST_SWEEPS = 100;

    private FrechetDistance() {}

    /**
     * 0 for equal sets; it does not depend on the order of the rows.
     *
     * @throws IllegalArgumentException if the widths differ or a set has fewer than two rows
     */
    public static double of(FeatureMatrix a, FeatureMatrix b) {
        if (a.dimension() != b.dimension() || a.count() < 2 || b.count() < 2) {
            throw new IllegalArgumentException("the distance needs two sets of at least two rows of one width, not "
                    + a.count() + " of " + a.dimension() + " and " + b.count() + " of " + b.dimension());
        }
        int d = a.dimension();
        double[] meanA = mean(a);
        double[] meanB = mean(b);
        double[] covarianceA = covariance(a, meanA);
        double[] covarianceB = covariance(b, meanB);
        double distance = 0;
        for (int i = 0; i < d; i++) {
            distance += (meanA[i] - meanB[i]) * (meanA[i] - meanB[i]);
            distance += covarianceA[i * d + i] + covarianceB[i * d + i];
        }
        double[] root = root(covarianceA, d);
        double[] between = product(product(root, covarianceB, d), root, d);
        double[] vectors = new double[d * d];
        for (double value : eigen(symmetric(between, d), vectors, d)) {
            distance -= 2 * Math.sqrt(Math.max(0, value));
        }
        return Math.max(0, distance);
    }

    private static double[] mean(FeatureMatrix f) {
        int d = f.dimension();
        double[] mean = new double[d];
        for (int i = 0; i < f.values().length; i++) {
            mean[i % d] += f.values()[i];
        }
        for (int j = 0; j < d; j++) {
            mean[j] /= f.count();
        }
        return mean;
    }

    private static double[] covariance(FeatureMatrix f, double[] mean) {
        int d = f.dimension();
        double[] c = new double[d * d];
        double[] row = new double[d];
        for (int n = 0; n < f.count(); n++) {
            for (int j = 0; j < d; j++) {
                row[j] = f.values()[n * d + j] - mean[j];
            }
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    c[i * d + j] += row[i] * row[j];
                }
            }
        }
        for (int i = 0; i < c.length; i++) {
            c[i] /= f.count() - 1;
        }
        return c;
    }

    /** The symmetric root of a symmetric matrix without negative eigenvalues. */
    private static double[] root(double[] matrix, int d) {
        double[] vectors = new double[d * d];
        double[] values = eigen(matrix.clone(), vectors, d);
        double[] scaled = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                scaled[i * d + j] = vectors[i * d + j] * Math.sqrt(Math.max(0, values[j]));
            }
        }
        return product(scaled, transposed(vectors, d), d);
    }

    private static double[] transposed(double[] m, int d) {
        double[] t = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                t[j * d + i] = m[i * d + j];
            }
        }
        return t;
    }

    /** Rounding apart it is symmetric already. */
    private static double[] symmetric(double[] m, int d) {
        double[] s = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int j = 0; j < d; j++) {
                s[i * d + j] = (m[i * d + j] + m[j * d + i]) / 2;
            }
        }
        return s;
    }

    private static double[] product(double[] a, double[] b, int d) {
        double[] c = new double[d * d];
        for (int i = 0; i < d; i++) {
            for (int k = 0; k < d; k++) {
                double v = a[i * d + k];
                for (int j = 0; j < d; j++) {
                    c[i * d + j] += v * b[k * d + j];
                }
            }
        }
        return c;
    }

    /** Eigenvalues of a symmetric matrix, which is overwritten, by Jacobi's rotations; eigenvectors are columns. */
    private static double[] eigen(double[] m, double[] vectors, int d) {
        for (int i = 0; i < d; i++) {
            vectors[i * d + i] = 1;
        }
        double all = 0;
        for (double v : m) {
            all += v * v;
        }
        for (int sweep = 0; sweep < MOST_SWEEPS && off(m, d) > 1e-24 * all; sweep++) {
            for (int p = 0; p < d; p++) {
                for (int q = p + 1; q < d; q++) {
                    rotate(m, vectors, d, p, q);
                }
            }
        }
        double[] values = new double[d];
        for (int i = 0; i < d; i++) {
            values[i] = m[i * d + i];
        }
        return values;
    }

    private static double off(double[] m, int d) {
        double sum = 0;
        for (int i = 0; i < d; i++) {
            for (int j = i + 1; j < d; j++) {
                sum += 2 * m[i * d + j] * m[i * d + j];
            }
        }
        return sum;
    }

    /** Makes element (p, q) zero. */
    private static void rotate(double[] m, double[] vectors, int d, int p, int q) {
        double apart = m[p * d + q];
        if (apart == 0) {
            return;
        }
        double theta = (m[q * d + q] - m[p * d + p]) / (2 * apart);
        double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        double c = 1 / Math.sqrt(t * t + 1);
        double s = t * c;
        for (int k = 0; k < d; k++) {
            double mp = m[k * d + p];
            double mq = m[k * d + q];
            m[k * d + p] = c * mp - s * mq;
            m[k * d + q] = s * mp + c * mq;
        }
        for (int k = 0; k < d; k++) {
            double mp = m[p * d + k];
            double mq = m[q * d + k];
            m[p * d + k] = c * mp - s * mq;
            m[q * d + k] = s * mp + c * mq;
            double vp = vectors[k * d + p];
            double vq = vectors[k * d + q];
            vectors[k * d + p] = c * vp - s * vq;
            vectors[k * d + q] = s * vp + c * vq;
        }
    }
}
