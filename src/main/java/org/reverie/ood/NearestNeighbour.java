package org.reverie.ood;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Distance to the k-th nearest ID training feature, all features scaled to unit length (Sun, Ming, Zhu and Li,
 * "Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022). A zero vector stays zero.
 *
 * <p>The squared distance is |a|² + |b|² − 2 a·b in float, where each norm is exactly 0 or 1, so that a distance below
 * about 3·10⁻⁴ is rounding noise. Each dot product is one chain of fused multiply-adds in the order of the features:
 * the lanes of a vector are queries, never parts of a sum. Beside the features it holds one block of queries a thread.
 */
public final class NearestNeighbour implements Baseline {
    /** The k of the paper's CIFAR experiments. */
    public static final int DEFAULT_K = 50;

    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

    /** Training rows and queries of one register tile: 6 × 2 accumulators fit the 16 registers of AVX2. */
    private static final int ROWS = 6;

    private static final int QUERIES = 2 * SPECIES.length();

    /** Query panels that share one pass over the training features; together they fit a level-2 cache. */
    private static final int PANELS = 8;

    private final int k;
    private final int threads;
    private final int count;
    private final int dimension;

    /** Unit rows in groups of ROWS, transposed within each group; the last group is filled up with zeros. */
    private final float[] train;

    private final float[] squaredNorms;

    private NearestNeighbour(FeatureMatrix features, int k, int threads) {
        this.k = Math.min(k, features.count());
        this.threads = threads;
        count = features.count();
        dimension = features.dimension();
        int groups = (count + ROWS - 1) / ROWS;
        train = new float[Math.multiplyExact(groups, ROWS * dimension)];
        squaredNorms = new float[groups * ROWS];
        float[] unit = new float[dimension];
        for (int i = 0; i < count; i++) {
            squaredNorms[i] = normalise(features, i, unit);
            int to = i / ROWS * ROWS * dimension + i % ROWS;
            for (int j = 0; j < dimension; j++) {
                train[to + j * ROWS] = unit[j];
            }
        }
    }

    /**
     * @param train features of the ID training images, at least one row
     * @param k which neighbour, at least 1; the furthest one when there are fewer rows
     * @param threads that score at once, at least 1
     */
    public static NearestNeighbour fit(FeatureMatrix train, int k, int threads) {
        if (train.count() == 0) {
            throw new IllegalArgumentException("knn needs at least one training image");
        }
        if (k < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "k is " + k + " and threads is " + threads + "; both must be at least 1");
        }
        return new NearestNeighbour(train, k, threads);
    }

    @Override
    public String name() {
        return "knn";
    }

    /** Which neighbour's distance is the score. */
    public int k() {
        return k;
    }

    @Override
    public float[] score(FeatureMatrix queries) {
        queries.requireDimension(dimension);
        float[] scores = new float[queries.count()];
        int block = PANELS * QUERIES;
        Workers.run(threads, worker -> {
            Block b = new Block();
            for (long from = (long) worker * block; from < queries.count(); from += (long) threads * block) {
                b.score(queries, (int) from, Math.min(block, queries.count() - (int) from), scores);
            }
        });
        return scores;
    }

    /** Writes the row divided by its length and returns the square of the new length: 1, or 0 for a zero row. */
    private static float normalise(FeatureMatrix features, int row, float[] unit) {
        int from = row * features.dimension();
        double sum = 0;
        for (int j = 0; j < unit.length; j++) {
            double v = features.values()[from + j];
            sum += v * v;
        }
        double scale = sum == 0 ? 0 : 1 / Math.sqrt(sum);
        for (int j = 0; j < unit.length; j++) {
            unit[j] = (float) (features.values()[from + j] * scale);
        }
        return sum == 0 ? 0 : 1;
    }

    /** One thread's working memory: a block of queries, and the k smallest keys of each as a heap, largest on top. */
    private final class Block {
        final float[] packed = new float[PANELS * dimension * QUERIES];
        final float[] tile = new float[ROWS * QUERIES];
        final float[] heaps = new float[PANELS * QUERIES * k];
        final float[] unit = new float[dimension];
        final float[] norms = new float[PANELS * QUERIES];

        void score(FeatureMatrix queries, int from, int n, float[] scores) {
            for (int q = 0; q < n; q++) {
                norms[q] = normalise(queries, from + q, unit);
                int to = q / QUERIES * dimension * QUERIES + q % QUERIES;
                for (int j = 0; j < dimension; j++) {
                    packed[to + j * QUERIES] = unit[j];
                }
            }
            Arrays.fill(heaps, Float.POSITIVE_INFINITY);
            for (int row = 0; row < count; row += ROWS) {
                for (int q = 0; q < n; q += QUERIES) {
                    dots(train, row * dimension, packed, q * dimension, dimension, tile);
                    keepSmallest(row, Math.min(ROWS, count - row), q, Math.min(QUERIES, n - q));
                }
            }
            for (int q = 0; q < n; q++) {
                scores[from + q] = (float) Math.sqrt(Math.max(0, norms[q] + heaps[q * k]));
            }
        }

        /** The key |b|² − 2 a·b orders the training rows b as the distance from the query a does. */
        private void keepSmallest(int row, int rows, int query, int n) {
            for (int r = 0; r < rows; r++) {
                float norm = squaredNorms[row + r];
                for (int q = 0; q < n; q++) {
                    float key = norm - 2 * tile[r * QUERIES + q];
                    int top = (query + q) * k;
                    if (key < heaps[top]) {
                        replaceTop(heaps, top, k, key);
                    }
                }
            }
        }
    }

    private static void replaceTop(float[] heaps, int base, int size, float key) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && heaps[base + child + 1] > heaps[base + child]) {
                child++;
            }
            if (heaps[base + child] <= key) {
                break;
            }
            heaps[base + at] = heaps[base + child];
            at = child;
        }
        heaps[base + at] = key;
    }

    /**
     * Dot products of ROWS packed training rows with QUERIES packed queries. The loop holds nothing but loads,
     * broadcasts and fused multiply-adds, and all accumulators are locals: that is what the JIT keeps in registers.
     */
    private static void dots(float[] rows, int row, float[] queries, int query, int dimension, float[] out) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector b0 = zero;
        FloatVector b1 = zero;
        FloatVector c0 = zero;
        FloatVector c1 = zero;
        FloatVector d0 = zero;
        FloatVector d1 = zero;
        FloatVector e0 = zero;
        FloatVector e1 = zero;
        FloatVector f0 = zero;
        FloatVector f1 = zero;
        int lanes = SPECIES.length();
        for (int j = 0; j < dimension; j++) {
            FloatVector q0 = FloatVector.fromArray(SPECIES, queries, query + j * QUERIES);
            FloatVector q1 = FloatVector.fromArray(SPECIES, queries, query + j * QUERIES + lanes);
            int t = row + j * ROWS;
            FloatVector a = FloatVector.broadcast(SPECIES, rows[t]);
            a0 = a.fma(q0, a0);
            a1 = a.fma(q1, a1);
            FloatVector b = FloatVector.broadcast(SPECIES, rows[t + 1]);
            b0 = b.fma(q0, b0);
            b1 = b.fma(q1, b1);
            FloatVector c = FloatVector.broadcast(SPECIES, rows[t + 2]);
            c0 = c.fma(q0, c0);
            c1 = c.fma(q1, c1);
            FloatVector d = FloatVector.broadcast(SPECIES, rows[t + 3]);
            d0 = d.fma(q0, d0);
            d1 = d.fma(q1, d1);
            FloatVector e = FloatVector.broadcast(SPECIES, rows[t + 4]);
            e0 = e.fma(q0, e0);
            e1 = e.fma(q1, e1);
            FloatVector f = FloatVector.broadcast(SPECIES, rows[t + 5]);
            f0 = f.fma(q0, f0);
            f1 = f.fma(q1, f1);
        }
        a0.intoArray(out, 0);
        a1.intoArray(out, lanes);
        b0.intoArray(out, 2 * lanes);
        b1.intoArray(out, 3 * lanes);
        c0.intoArray(out, 4 * lanes);
        c1.intoArray(out, 5 * lanes);
        d0.intoArray(out, 6 * lanes);
        d1.intoArray(out, 7 * lanes);
        e0.intoArray(out, 8 * lanes);
        e1.intoArray(out, 9 * lanes);
        f0.intoArray(out, 10 * lanes);
        f1.intoArray(out, 11 * lanes);
    }
}
