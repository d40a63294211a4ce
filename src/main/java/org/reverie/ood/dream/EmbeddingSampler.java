package org.reverie.ood.dream;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.reverie.ood.dream.EmbeddingSampling.Side;
import org.reverie.op.Linear;
import org.reverie.op.Pointwise;
import org.reverie.op.Random;
import org.reverie.op.Reductions;
import org.reverie.op.Shaping;
import org.reverie.random.Philox;
import org.reverie.tensor.HostTensor;
import org.reverie.tensor.Scope;
import org.reverie.tensor.Shape;
import org.reverie.tensor.Tensor;

/**
 * Draws embeddings at the edge of a class, or deep inside it (Du et al. 2023, section 3.2; the sampling is that of Tao et
 * al., "Non-parametric outlier synthesis", 2023). On unit vectors the squared distance is 2 − 2·cosine, so neighbours are ranked
 * by cosines, the k-th nearest being the k-th largest.
 *
 * <p>Anchors come from the streams {@code ("dream anchors", class, round)} of the seed, noise from {@code ("dream noise",
 * class, round)}; the anchors of a round share their noise.
 */
public final class EmbeddingSampler {
    private final EmbeddingSampling how;
    private final long seed;

    public EmbeddingSampler(EmbeddingSampling how, long seed) {
        this.how = how;
        this.seed = seed;
    }

    /**
     * The embeddings of one class, {@code [how.count(), d]}, in the order of rounds, anchors, and from the best kept on.
     *
     * @param features of the class {@code [n, d]}, of any length but 0
     * @param length of the embeddings, that of the class's token embedding
     * @param number of the class
     * @throws IllegalArgumentException if the class is smaller than k or than the anchors of a round, or a feature is zero
     */
    public HostTensor draw(Tensor features, double length, int number) {
        int n = features.dim(0);
        int d = features.dim(1);
        int boundary = Math.min(how.boundary(), n);
        if (how.k() > n) {
            throw new IllegalArgumentException(
                    "class " + number + " has " + n + " features, but k is " + how.k() + ": it must not be larger");
        }
        if (how.anchors() > boundary) {
            throw new IllegalArgumentException("class " + number + " has " + boundary
                    + " features to draw around, but a round needs " + how.anchors());
        }
        try (Scope scope = Scope.open()) {
            requireLengths(features, number);
            Tensor unit = unit(features);
            int[] farthest = order(closeness(unit, unit));
            float[] all = new float[Math.multiplyExact(how.count(), d)];
            for (int round = 0; round < how.rounds(); round++) {
                int at = round * how.anchors() * how.kept() * d;
                long stream = Philox.stream("dream anchors", number, round);
                int[] anchors = IntStream.of(Philox.permutation(seed, stream, boundary))
                        .limit(how.anchors())
                        .map(i -> farthest[i])
                        .toArray();
                try (Scope inner = Scope.open()) {
                    long draws = Philox.stream("dream noise", number, round);
                    Shape shape = Shape.of(how.candidates(), d);
                    Tensor noise = Pointwise.scale(Random.normal(unit.device(), shape, seed, draws), how.sigma());
                    round(unit, anchors, noise, length, all, at);
                }
            }
            return HostTensor.of(Shape.of(how.count(), d), all);
        }
    }

    /**
     * The features that embeddings are drawn around, by their row, from the best on: of an outlier's side those farthest from
     * their neighbours.
     *
     * @param features of the class {@code [n, d]}, of any length but 0
     */
    public int[] boundary(Tensor features) {
        int n = features.dim(0);
        if (how.k() > n) {
            throw new IllegalArgumentException("a class has " + n + " features, but k is " + how.k());
        }
        try (Scope scope = Scope.open()) {
            Tensor unit = unit(features);
            return IntStream.of(order(closeness(unit, unit)))
                    .limit(how.boundary())
                    .toArray();
        }
    }

    private void round(Tensor unit, int[] anchors, Tensor noise, double length, float[] out, int at) {
        int m = how.candidates();
        float[] closeness = new float[anchors.length * m];
        for (int a = 0; a < anchors.length; a++) {
            try (Scope scope = Scope.open()) {
                float[] own = closeness(around(unit, anchors[a], noise), unit);
                System.arraycopy(own, 0, closeness, a * m, m);
            }
        }
        for (int a = 0; a < anchors.length; a++) {
            float[] own = new float[m];
            for (int r = 0; r < m; r++) {
                own[r] = closeness[how.legacySelection() ? r * anchors.length + a : a * m + r];
            }
            int anchor = how.legacySelection() && how.kept() == 1 ? anchors[0] : anchors[a];
            int[] best = IntStream.of(order(own)).limit(how.kept()).toArray();
            try (Scope scope = Scope.open()) {
                Tensor index = Tensor.from(unit.device(), HostTensor.of(Shape.of(best.length), best));
                Tensor chosen = Shaping.gather(around(unit, anchor, noise), 0, index);
                float[] rows = Pointwise.scale(chosen, length).toFloats();
                System.arraycopy(rows, 0, out, at + a * rows.length, rows.length);
            }
        }
    }

    /** Candidates around a feature: unit(feature + noise), {@code [m, d]}. */
    private static Tensor around(Tensor unit, int feature, Tensor noise) {
        return unit(Pointwise.add(noise, Shaping.slice(unit, 0, feature, feature + 1)));
    }

    private static Tensor unit(Tensor x) {
        return Pointwise.mul(x, Pointwise.rsqrt(Reductions.sumKeepDims(Pointwise.square(x), 1)));
    }

    /** The cosine of each row of x {@code [m, d]} with its k-th nearest neighbour in the bank {@code [n, d]}. */
    private float[] closeness(Tensor x, Tensor bank) {
        float[] cosines = Linear.matmul(x, bank, false, true).toFloats();
        int n = bank.dim(0);
        float[] out = new float[x.dim(0)];
        for (int i = 0; i < out.length; i++) {
            out[i] = largest(cosines, i * n, n, how.k());
        }
        return out;
    }

    /** Indices from the one to prefer on; among equals the earlier goes first. */
    private int[] order(float[] closeness) {
        Comparator<Integer> near = Comparator.comparingDouble(i -> closeness[i]);
        return IntStream.range(0, closeness.length)
                .boxed()
                .sorted(how.side() == Side.OUTLIER ? near : near.reversed())
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The k-th largest of n values from {@code from} on, which it leaves in another order (quickselect). */
    static float largest(float[] values, int from, int n, int k) {
        int low = from;
        int high = from + n - 1;
        int wanted = from + k - 1;
        while (low < high) {
            float pivot = values[(low + high) >>> 1];
            int i = low;
            int j = high;
            while (i <= j) {
                while (values[i] > pivot) {
                    i++;
                }
                while (values[j] < pivot) {
                    j--;
                }
                if (i <= j) {
                    float t = values[i];
                    values[i++] = values[j];
                    values[j--] = t;
                }
            }
            if (wanted <= j) {
                high = j;
            } else if (wanted >= i) {
                low = i;
            } else {
                return values[wanted];
            }
        }
        return values[wanted];
    }

    private static void requireLengths(Tensor features, int number) {
        float[] squares = Reductions.sum(Pointwise.square(features), 1).toFloats();
        for (int i = 0; i < squares.length; i++) {
            if (!(squares[i] > 0 && Float.isFinite(squares[i]))) {
                throw new IllegalArgumentException("feature " + i + " of class " + number
                        + " has no direction: its squared length is " + squares[i]);
            }
        }
    }
}
