package org.reverie.random;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.reverie.numerics.Contract;
import org.reverie.numerics.Elementary;

/**
 * Random numbers that can be drawn in any order, by anyone: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", 2011).
 *
 * <p>A number is a function of seed, stream and index alone. The key is the seed (low word first). The counter is
 * (block, stream), each 64 bits, low word first; a block is four 32-bit words, and element i of a stream is word
 * {@code i mod 4} of block {@code i / 4}. Indices are not negative. The layout is version {@link Contract#VERSION}.
 */
public final class Philox {
    public static final int ROUNDS = 10;
    public static final int MULTIPLIER_0 = 0xd2511f53;
    public static final int MULTIPLIER_1 = 0xcd9e8d57;
    public static final int WEYL_0 = 0x9e3779b9;
    public static final int WEYL_1 = 0xbb67ae85;

    /** 2π rounded to a float. */
    public static final float TWO_PI = 0x1.921fb6p2f;

    private static final long WORD = 0xffffffffL;

    private Philox() {}

    /** The four words of a block, as {@code word 0 | word 1 << 32} and {@code word 2 | word 3 << 32}. */
    record Block(long low, long high) {
        /** Word 0 to 3. */
        int word(int i) {
            return (int) ((i < 2 ? low : high) >>> 32 * (i & 1));
        }
    }

    static Block block(long seed, long stream, long block) {
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        int c0 = (int) block;
        int c1 = (int) (block >>> 32);
        int c2 = (int) stream;
        int c3 = (int) (stream >>> 32);
        for (int i = 0; i < ROUNDS; i++) {
            long p0 = (MULTIPLIER_0 & WORD) * (c0 & WORD);
            long p1 = (MULTIPLIER_1 & WORD) * (c2 & WORD);
            c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
            c1 = (int) p1;
            c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
            c3 = (int) p0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return new Block(c0 & WORD | (long) c1 << 32, c2 & WORD | (long) c3 << 32);
    }

    /** 32 random bits. */
    public static int bits(long seed, long stream, long index) {
        return block(seed, stream, index >>> 2).word((int) index & 3);
    }

    /** Uniform on [0, 1): the upper 24 bits times 2⁻²⁴. */
    public static float uniform(long seed, long stream, long index) {
        return uniform(bits(seed, stream, index));
    }

    /**
     * Standard normal, by Box and Muller: words 0 and 1 of a block give normals 0 and 1, words 2 and 3 give 2 and 3.
     * With u = (upper 24 bits of the even word + 1)·2⁻²⁴, never 0, and v the uniform of the odd one, they are r·cos a and
     * r·sin a where r = √(−2·ln u) and a = 2π·v, in the arithmetic of {@link Elementary}. No normal exceeds 5.77.
     */
    public static float normal(long seed, long stream, long index) {
        Block b = block(seed, stream, index >>> 2);
        int pair = (int) index & 2;
        float r = radius(b.word(pair));
        float a = angle(b.word(pair + 1));
        return r * ((index & 1) == 0 ? Elementary.cos(a) : Elementary.sin(a));
    }

    /**
     * Uniform on 0 … n − 1, from 64 bits: words 0 and 1 of block {@code index / 2} for even indices, words 2 and 3 for
     * odd ones; that number, low word first, times n, divided by 2⁶⁴. No value is off its share by more than n·2⁻⁶⁴.
     *
     * @throws IllegalArgumentException if n is not positive
     */
    public static int below(long seed, long stream, long index, int n) {
        if (n <= 0) {
            throw new IllegalArgumentException("cannot draw below " + n + ": the bound must be positive");
        }
        Block b = block(seed, stream, index >>> 1);
        return (int) Math.unsignedMultiplyHigh((index & 1) == 0 ? b.low : b.high, n);
    }

    /** A permutation of 0 … n − 1 (Fisher and Yates): i from n − 1 down to 1 swaps with {@code below(…, i, i + 1)}. */
    public static int[] permutation(long seed, long stream, int n) {
        int[] p = new int[n];
        for (int i = 0; i < n; i++) {
            p[i] = i;
        }
        for (int i = n - 1; i > 0; i--) {
            int j = below(seed, stream, i, i + 1);
            int t = p[i];
            p[i] = p[j];
            p[j] = t;
        }
        return p;
    }

    /** Uniform numbers {@code first}, {@code first + 1}, … of a stream into a whole array. */
    public static void fillUniform(long seed, long stream, long first, float[] out) {
        Block b = null;
        for (int i = 0; i < out.length; i++) {
            long index = first + i;
            if (b == null || (index & 3) == 0) {
                b = block(seed, stream, index >>> 2);
            }
            out[i] = uniform(b.word((int) index & 3));
        }
    }

    /** Standard normal numbers {@code first}, {@code first + 1}, … of a stream into a whole array. */
    public static void fillNormal(long seed, long stream, long first, float[] out) {
        for (int i = 0; i < out.length; i++) {
            out[i] = normal(seed, stream, first + i);
        }
    }

    /**
     * The number of the stream with a name and keys, such as {@code stream("dropout", epoch, sample)}: the first eight
     * bytes, high one first, of SHA-256 over the layout version (4 bytes), the length of the name in UTF-8 (4 bytes),
     * the name, and the keys (8 bytes each), all high byte first. Streams of different names or keys are independent.
     */
    public static long stream(String name, long... keys) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer message = ByteBuffer.allocate(8 + text.length + 8 * keys.length);
        message.putInt(Contract.VERSION).putInt(text.length).put(text);
        for (long key : keys) {
            message.putLong(key);
        }
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(message.array()))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static float uniform(int word) {
        return (word >>> 8) * 0x1p-24f;
    }

    private static float radius(int word) {
        float u = ((word >>> 8) + 1) * 0x1p-24f;
        return Elementary.sqrt(-2f * Elementary.log(u));
    }

    private static float angle(int word) {
        return TWO_PI * uniform(word);
    }
}
