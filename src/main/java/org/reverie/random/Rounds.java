package org.reverie.random;

/** An endless row of the numbers 0 … count − 1: round after round through all of them, each in a random order of its own. */
public final class Rounds {
    private final long seed;
    private final String name;
    private final int count;
    private long round = -1;
    private int[] order;

    /** @param name of the stream that the orders come from */
    public Rounds(long seed, String name, int count) {
        this.seed = seed;
        this.name = name;
        this.count = count;
    }

    /** The numbers at the places {@code first} to {@code first + size − 1} of the row, whatever was asked for before. */
    public int[] rows(long first, int size) {
        int[] rows = new int[size];
        for (int i = 0; i < size; i++) {
            long at = first + i;
            if (at / count != round) {
                round = at / count;
                order = Philox.permutation(seed, Philox.stream(name, round), count);
            }
            rows[i] = order[(int) (at % count)];
        }
        return rows;
    }
}
