package org.reverie.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoundsTest {
    @Test
    void allAreUsedBeforeTheyBeginAgain() {
        int[] rows = new Rounds(5, "test.pool", 7).rows(0, 21);
        for (int round = 0; round < 3; round++) {
            assertEquals(
                    7, IntStream.of(rows).skip(7L * round).limit(7).distinct().count());
        }
    }

    @Test
    void aRowDoesNotDependOnWhatWasAskedForBefore() {
        Rounds rounds = new Rounds(5, "test.pool", 7);
        int[] rows = rounds.rows(0, 21);
        assertArrayEquals(Arrays.copyOfRange(rows, 10, 15), rounds.rows(10, 5));
        assertArrayEquals(Arrays.copyOfRange(rows, 2, 9), new Rounds(5, "test.pool", 7).rows(2, 7));
    }
}
