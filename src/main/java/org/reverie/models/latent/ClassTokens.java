package org.reverie.models.latent;

import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/**
 * Token embeddings of classes where no pretrained text encoder gives them: fixed random directions of the length that the
 * rows of CLIP's table have, about 0.4.
 */
public final class ClassTokens {
    /** Length of every class embedding. */
    public static final double LENGTH = 0.4;

    private ClassTokens() {}

    /** F32 {@code [classes, width]}; row c does not depend on how many classes there are. */
    public static HostTensor draw(long seed, int classes, int width) {
        float[] rows = new float[Math.multiplyExact(classes, width)];
        for (int c = 0; c < classes; c++) {
            float[] row = new float[width];
            Philox.fillNormal(seed, Philox.stream("class token", c), 0, row);
            System.arraycopy(row, 0, rows, c * width, width);
        }
        return HostTensor.of(Shape.of(classes, width), ofLength(rows, width));
    }

    /**
     * Embeddings of any length as a generator takes them: of length {@link #LENGTH}.
     *
     * @param embeddings {@code [n, width]} or {@code [classes, n, width]}
     * @return F32 {@code [all, width]}
     * @throws IllegalArgumentException if a row has no direction: all zeros, or a number that is not finite
     */
    public static HostTensor scaled(HostTensor embeddings) {
        int width = embeddings.shape().dim(embeddings.shape().rank() - 1);
        float[] rows = ofLength(embeddings.toFloats(), width);
        return HostTensor.of(Shape.of(rows.length / width, width), rows);
    }

    /** The same for rows that lie one behind the other. */
    static float[] ofLength(float[] rows, int width) {
        float[] scaled = new float[rows.length];
        for (int from = 0; from < rows.length; from += width) {
            double squares = 0;
            for (int i = from; i < from + width; i++) {
                squares += (double) rows[i] * rows[i];
            }
            if (!(squares > 0 && squares < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "embedding " + from / width + " has no direction: its squares add up to " + squares);
            }
            double factor = LENGTH / Math.sqrt(squares);
            for (int i = from; i < from + width; i++) {
                scaled[i] = (float) (rows[i] * factor);
            }
        }
        return scaled;
    }
}
