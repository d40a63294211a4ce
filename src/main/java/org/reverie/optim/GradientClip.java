package org.reverie.optim;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.reverie.op.Pointwise;
import org.reverie.op.Reductions;
import org.reverie.op.Shaping;
import org.reverie.op.Views;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/** Keeps the length of all gradients together within a bound. */
public final class GradientClip {
    private GradientClip() {}

    /**
     * The gradients themselves if their common length √Σg² is at most {@code longest}, else copies scaled down to it, in the current
     * scope. The sum of each tensor's squares and the sum of those follow the order of reductions, so the bits are the
     * same on every device.
     *
     * @param gradients null where there is none
     * @throws IllegalArgumentException if the bound is not positive
     */
    public static List<Tensor> clip(List<Tensor> gradients, double longest) {
        if (!(longest > 0)) {
            throw new IllegalArgumentException("gradients cannot be clipped to the length " + longest);
        }
        double length = length(gradients);
        // A length that is not a number changes nothing: the loss shows it.
        if (!(length > longest)) {
            return gradients;
        }
        List<Tensor> scaled = new ArrayList<>(gradients.size());
        for (Tensor g : gradients) {
            scaled.add(g == null ? null : Pointwise.scale(g, longest / length));
        }
        return scaled;
    }

    /** √Σg² over all tensors; one number comes from the device, whatever their number. */
    static double length(List<Tensor> gradients) {
        try (Scope scope = Scope.open()) {
            Tensor[] squares = gradients.stream()
                    .filter(Objects::nonNull)
                    .map(g -> Scope.local(() -> squares(g)))
                    .toArray(Tensor[]::new);
            return squares.length == 0
                    ? 0
                    : Math.sqrt(Reductions.sum(Shaping.concat(0, squares), 0).item());
        }
    }

    /** Σg² [1]. */
    private static Tensor squares(Tensor g) {
        Tensor flat = Views.reshape(g, Shape.of(Math.toIntExact(g.elements())));
        return Views.reshape(Reductions.sum(Pointwise.square(flat), 0), Shape.of(1));
    }
}
