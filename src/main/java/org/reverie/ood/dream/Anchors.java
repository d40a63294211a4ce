package org.reverie.ood.dream;

import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Shape;

/** Checks of the classes' token embeddings, {@code [classes, d]}. */
public final class Anchors {
    private Anchors() {}

    /**
     * Refuses what are no anchors of that many classes.
     *
     * @param source the file's name, for messages
     */
    public static void check(String source, HostTensor anchors, int classes) {
        Shape shape = anchors.shape();
        if (shape.rank() != 2 || shape.dim(0) != classes || !anchors.dtype().isFloating()) {
            throw new IllegalArgumentException(source + ": anchors [" + classes
                    + ", d] are needed, one for each class, " + "not " + anchors.dtype() + " " + shape);
        }
        for (int c = 0; c < classes; c++) {
            double squares = 0;
            for (int j = 0; j < shape.dim(1); j++) {
                double v = anchors.get((long) c * shape.dim(1) + j);
                squares += v * v;
            }
            if (!(squares > 0 && Double.isFinite(squares))) {
                throw new IllegalArgumentException(source + ": the anchor of class " + c + " has no direction");
            }
        }
    }
}
