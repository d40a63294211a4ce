package org.reverie.ood;

/**
 * Feature vectors of a set of images, one row each.
 *
 * @param values row-major, {@code count · dimension} finite floats; not copied
 * @param count images
 * @param dimension features of one image, at least 1
 */
public record FeatureMatrix(float[] values, int count, int dimension) {
    /** Refuses a wrong length and values that are NaN or infinite: no distance could be computed from them. */
    public FeatureMatrix {
        if (count < 0 || dimension < 1 || (long) count * dimension != values.length) {
            throw new IllegalArgumentException(count + " rows of " + dimension + " features take "
                    + (long) count * dimension + " values, but " + values.length + " were given");
        }
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("feature " + i % dimension + " of image " + i / dimension + " is "
                        + values[i] + "; features must be finite");
            }
        }
    }

    /** Copies one row of features for each image; all must be equally long. */
    public static FeatureMatrix of(float[][] rows) {
        if (rows.length == 0) {
            throw new IllegalArgumentException("no feature vectors were given");
        }
        int dimension = rows[0].length;
        float[] values = new float[Math.multiplyExact(rows.length, dimension)];
        for (int i = 0; i < rows.length; i++) {
            if (rows[i].length != dimension) {
                throw new IllegalArgumentException(
                        "image " + i + " has " + rows[i].length + " features, but image 0 has " + dimension);
            }
            System.arraycopy(rows[i], 0, values, i * dimension, dimension);
        }
        return new FeatureMatrix(values, rows.length, dimension);
    }

    void requireDimension(int trained) {
        if (dimension != trained) {
            throw new IllegalArgumentException(
                    "images have " + dimension + " features, but the baseline was fitted on " + trained);
        }
    }
}
