package org.reverie.autograd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.reverie.op.Pointwise;
import org.reverie.op.Reductions;
import org.reverie.tensor.DType;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Tensor;

/**
 * Compares gradients with central differences. Meant for the reference backend in binary64, where the two agree to about
 * eight digits.
 */
public final class GradientCheck {
    private static final double STEP = 1e-5;
    private static final int PROBES = 40;

    private GradientCheck() {}

    /**
     * Checks {@code f} at {@code inputs} (f64 tensors; null and non-float ones are passed on and not differentiated).
     * Every output is weighted with fixed random numbers and summed; up to 40 elements of each input are probed.
     *
     * @return the largest |analytic − numeric| / max(1, |analytic|, |numeric|)
     */
    public static double worstError(Function<Tensor[], Tensor[]> f, Tensor[] inputs, boolean[] differentiate) {
        double worst = 0;
        List<Tensor> wanted = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            if (differentiate[i]) {
                wanted.add(inputs[i]);
            }
        }
        try (Scope scope = Scope.open()) {
            List<Tensor> analytic;
            try (Tape tape = Tape.watch(wanted)) {
                analytic = tape.gradients(weighted(f.apply(inputs)), wanted);
            }
            int w = 0;
            for (int i = 0; i < inputs.length; i++) {
                if (differentiate[i]) {
                    worst = Math.max(
                            worst, compare(f, inputs, i, analytic.get(w++).toHost()));
                }
            }
        }
        return worst;
    }

    private static double compare(Function<Tensor[], Tensor[]> f, Tensor[] inputs, int which, HostTensor analytic) {
        int n = Math.toIntExact(inputs[which].elements());
        int[] probes = n <= PROBES
                ? java.util.stream.IntStream.range(0, n).toArray()
                : new SplittableRandom(7).ints(PROBES, 0, n).toArray();
        double worst = 0;
        for (int p : probes) {
            double numeric = (shifted(f, inputs, which, p, STEP) - shifted(f, inputs, which, p, -STEP)) / (2 * STEP);
            double error = Math.abs(numeric - analytic.get(p))
                    / Math.max(1, Math.max(Math.abs(numeric), Math.abs(analytic.get(p))));
            worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
        }
        return worst;
    }

    private static double shifted(Function<Tensor[], Tensor[]> f, Tensor[] inputs, int which, int element, double by) {
        try (Scope scope = Scope.open()) {
            HostTensor host = inputs[which].toHost();
            host.data().set(HostTensor.DOUBLE, element * 8L, host.get(element) + by);
            Tensor[] moved = inputs.clone();
            moved[which] = Tensor.from(inputs[which].device(), host);
            return weighted(f.apply(moved)).item();
        }
    }

    /** Σ over all floating outputs of weight · output, the weights being fixed numbers in [−1, 1). */
    private static Tensor weighted(Tensor[] outputs) {
        Tensor total = null;
        SplittableRandom random = new SplittableRandom(11);
        for (Tensor y : outputs) {
            if (!y.dtype().isFloating()) {
                continue;
            }
            HostTensor weights = HostTensor.allocate(DType.F64, y.shape());
            for (long i = 0; i < y.elements(); i++) {
                weights.data().set(HostTensor.DOUBLE, i * 8, random.nextDouble(-1, 1));
            }
            Tensor product = Pointwise.mul(y, Tensor.from(y.device(), weights));
            int[] axes = java.util.stream.IntStream.range(0, y.rank()).toArray();
            Tensor sum = Reductions.sum(product, axes);
            total = total == null ? sum : Pointwise.add(total, sum);
        }
        if (total == null) {
            throw new IllegalArgumentException("no floating output among " + Arrays.toString(outputs));
        }
        return total;
    }
}
