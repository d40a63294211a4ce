package org.reverie.models.latent;

import org.reverie.random.Philox;

/** Which images a step takes: round after round through all of them, each in a random order of its own. */
final class Rounds {
    private final long seed;
    private final String name;
    private final int count;
    private long round = -1;
    private int[] order;

    Rounds(long seed, String name, int count) {
        this.seed = seed;
        this.name = name;
        this.count = count;
    }

    /** The images of a step; they depend on the step's number alone. A batch may reach over the end of a round. */
    int[] batch(int step, int size) {
        int[] rows = new int[size];
        for (int i = 0; i < size; i++) {
            long at = (long) step * size + i;
            if (at / count != round) {
                round = at / count;
                order = Philox.permutation(seed, Philox.stream(name, round), count);
            }
            rows[i] = order[(int) (at % count)];
        }
        return rows;
    }
}
