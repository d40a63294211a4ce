package org.reverie.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /** The known answers that Random123 publishes for philox4x32-10: counter, key, result. */
    @Test
    void knownAnswers() {
        answer(0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        answer(-1, -1, -1, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        answer(
                0x299f31d0a4093822L,
                0x0370734413198a2eL,
                0x85a308d3243f6a88L,
                0xd16cfe09,
                0x94fdcceb,
                0x5001e420,
                0x24126ea1);
    }

    private static void answer(long seed, long stream, long block, int... words) {
        Philox.Block b = Philox.block(seed, stream, block);
        assertArrayEquals(words, IntStream.range(0, 4).map(b::word).toArray());
    }

    @Test
    void anElementDoesNotDependOnWhereTheFillStarted() {
        float[] whole = new float[1000];
        float[] part = new float[333];
        Philox.fillUniform(5, 9, 0, whole);
        Philox.fillUniform(5, 9, 401, part);
        assertArrayEquals(Arrays.copyOfRange(whole, 401, 734), part);
        assertEquals(whole[77], Philox.uniform(5, 9, 77));
        assertEquals((Philox.bits(5, 9, 77) >>> 8) / 16777216f, whole[77]);
        Philox.fillNormal(5, 9, 0, whole);
        Philox.fillNormal(5, 9, 401, part);
        assertArrayEquals(Arrays.copyOfRange(whole, 401, 734), part);
        assertEquals(whole[77], Philox.normal(5, 9, 77));
    }

    @Test
    void uniformNumbersAreUniform() {
        int[] counts = new int[64];
        int n = 1 << 20;
        for (int i = 0; i < n; i++) {
            float u = Philox.uniform(3, 4, i);
            assertTrue(u >= 0 && u < 1);
            counts[(int) (u * 64)]++;
        }
        double chi = Arrays.stream(counts)
                .mapToDouble(c -> Math.pow(c - n / 64.0, 2) / (n / 64.0))
                .sum();
        assertTrue(chi > 30 && chi < 110, "chi-square of 63 degrees of freedom: " + chi);
    }

    @Test
    void normalNumbersAreNormal() {
        int n = 1 << 20;
        double sum = 0;
        double squares = 0;
        double fourth = 0;
        double neighbours = 0;
        float last = 0;
        for (int i = 0; i < n; i++) {
            float x = Philox.normal(3, 4, i);
            assertTrue(Math.abs(x) < 5.78f);
            sum += x;
            squares += (double) x * x;
            fourth += Math.pow(x, 4);
            neighbours += (double) x * last;
            last = x;
        }
        assertEquals(0, sum / n, 0.004);
        assertEquals(1, squares / n, 0.006);
        assertEquals(3, fourth / n, 0.05);
        assertEquals(0, neighbours / n, 0.004);
    }

    @Test
    void belowCoversItsRangeEvenly() {
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) {
            counts[Philox.below(1, 2, i, 7)]++;
        }
        for (int c : counts) {
            assertEquals(10_000, c, 500);
        }
        assertEquals(0, Philox.below(1, 2, 3, 1));
        assertThrows(IllegalArgumentException.class, () -> Philox.below(1, 2, 3, 0));
    }

    @Test
    void permutationsHoldEveryNumberOnceAndDifferByStream() {
        int[] p = Philox.permutation(1, 2, 1000);
        int[] sorted = p.clone();
        Arrays.sort(sorted);
        assertArrayEquals(IntStream.range(0, 1000).toArray(), sorted);
        assertArrayEquals(p, Philox.permutation(1, 2, 1000));
        assertTrue(!Arrays.equals(p, Philox.permutation(1, 3, 1000)));
        assertEquals(0, Philox.permutation(1, 2, 0).length);
    }

    /** The streams' numbers are part of the contract: they may change only with its version. */
    @Test
    void streamsByName() {
        assertEquals(0x570bf6f9a3989eb7L, Philox.stream("noise", 3, 17));
        assertNotEquals(Philox.stream("noise", 3, 17), Philox.stream("noise", 17, 3));
        assertNotEquals(Philox.stream("noise", 3), Philox.stream("noise"));
        assertNotEquals(Philox.stream("noise"), Philox.stream("noises"));
    }
}
