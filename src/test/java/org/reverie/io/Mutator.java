package org.reverie.io;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damages valid files in the ways that break readers. The same random source gives the same damage. */
final class Mutator {
    private static final long[] EDGES = {
        0,
        1,
        2,
        7,
        8,
        0x7f,
        0x80,
        0xff,
        0x100,
        0x7fff,
        0x8000,
        0xffff,
        0x10000,
        0x7fffffffL,
        0x80000000L,
        0xffffffffL,
        0x100000000L,
        0x7fffffffffffffffL,
        0x8000000000000000L,
        -1,
        -2,
        -8,
        1L << 40,
        1L << 62
    };
    private static final int LONGEST = 1 << 16;

    private final List<byte[]> seeds;

    Mutator(List<byte[]> seeds) {
        this.seeds = seeds;
    }

    /** One of the seeds after one to five random changes; half of the mutants have one, so that much still parses. */
    byte[] mutant(SplittableRandom random) {
        byte[] file = seeds.get(random.nextInt(seeds.size())).clone();
        int changes = random.nextBoolean() ? 1 : 1 + random.nextInt(5);
        for (int i = 0; i < changes; i++) {
            file = change(file, random);
        }
        return file;
    }

    private byte[] change(byte[] file, SplittableRandom random) {
        if (file.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = position(file, random);
        return switch (random.nextInt(12)) {
            case 0, 1 -> {
                file[at] ^= (byte) (1 << random.nextInt(8));
                yield file;
            }
            case 2 -> {
                file[at] = (byte) random.nextInt(256);
                yield file;
            }
            case 3 -> {
                file[at] += (byte) (random.nextBoolean() ? 1 : -1);
                yield file;
            }
            case 4, 5 -> edge(file, at, random);
            case 6 -> Arrays.copyOf(file, at);
            case 7 -> splice(file, at, file, at, Math.min(file.length - at, block(random)));
            case 8 -> delete(file, at, block(random));
            case 9 -> {
                byte[] other = seeds.get(random.nextInt(seeds.size()));
                yield splice(file, at, other, random.nextInt(other.length), block(random));
            }
            case 10 -> digit(file, at, random);
            default -> swap(file, at, position(file, random), block(random));
        };
    }

    /** Anywhere, but half the time near the front or the back, where formats keep their structure. */
    private static int position(byte[] file, SplittableRandom random) {
        int n = file.length;
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(Math.min(n, 64));
            case 1 -> n - 1 - random.nextInt(Math.min(n, 128));
            default -> random.nextInt(n);
        };
    }

    private static int block(SplittableRandom random) {
        return 1 + random.nextInt(1 << random.nextInt(1, 10));
    }

    /** A value at the edge of some integer type, 1 to 8 bytes wide, in either byte order. */
    private static byte[] edge(byte[] file, int at, SplittableRandom random) {
        long value = EDGES[random.nextInt(EDGES.length)];
        int width = 1 << random.nextInt(4);
        boolean little = random.nextInt(4) != 0;
        for (int i = 0; i < width && at + i < file.length; i++) {
            file[at + i] = (byte) (value >>> (8 * (little ? i : width - 1 - i)));
        }
        return file;
    }

    /** Changes the next decimal number, for formats whose structure is text. */
    private static byte[] digit(byte[] file, int at, SplittableRandom random) {
        int i = at;
        while (i < file.length && (file[i] < '0' || file[i] > '9')) {
            i++;
        }
        int end = i;
        while (end < file.length && file[end] >= '0' && file[end] <= '9') {
            end++;
        }
        long value = EDGES[random.nextInt(EDGES.length)];
        byte[] text = (random.nextBoolean() ? Long.toUnsignedString(value) : Long.toString(value)).getBytes();
        return splice(delete(file, i, end - i), Math.min(i, file.length), text, 0, text.length);
    }

    private static byte[] delete(byte[] file, int at, int length) {
        int end = Math.min(file.length, at + length);
        byte[] out = Arrays.copyOf(file, file.length - (end - at));
        System.arraycopy(file, end, out, at, file.length - end);
        return out;
    }

    /** Puts {@code length} bytes of {@code from} into {@code file} before {@code at}. */
    private static byte[] splice(byte[] file, int at, byte[] from, int start, int length) {
        int n = Math.min(length, from.length - start);
        if (file.length + n > LONGEST) {
            return file;
        }
        byte[] out = Arrays.copyOf(file, file.length + n);
        System.arraycopy(file, at, out, at + n, file.length - at);
        System.arraycopy(from, start, out, at, n);
        return out;
    }

    private static byte[] swap(byte[] file, int a, int b, int length) {
        int n = Math.min(Math.min(length, Math.abs(a - b)), file.length - Math.max(a, b));
        for (int i = 0; i < n; i++) {
            byte t = file[a + i];
            file[a + i] = file[b + i];
            file[b + i] = t;
        }
        return file;
    }
}
