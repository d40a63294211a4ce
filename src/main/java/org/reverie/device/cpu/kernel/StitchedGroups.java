package org.reverie.device.cpu.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.I;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import org.reverie.device.cpu.NormGeometry;
import org.reverie.numerics.Contract;

/**
 * Sums over groups of a few channels of an image, several groups side by side, without bringing a group's elements together
 * in memory first: a vector of a group's elements in their order is stitched in registers from the vectors at its first
 * pixel and the one or two pixels that follow. Which lanes come from where is the same for every group, and repeats after as many pixels as
 * fill whole blocks of the contract's lanes; it is laid out once in a table.
 *
 * <p>The loops go over the groups, one vector each, while the lanes of the groups wait in the first-level cache: the image is
 * read along its lines, and no addition waits for the one before. They are written out in the JDK's own loads and stores, because
 * a helper of ours is left a call by the JIT now and then.
 */
final class StitchedGroups {
    private static final long V = 4L * N;
    private static final int VECTORS = Contract.LANES / N;

    /** Bytes of a group's lanes. */
    static final long LANES = 4L * Contract.LANES;

    /** Where an entry's choices begin. */
    private static final long CHOICE = 64;

    /** Bytes of what the table says about a vector: two addresses, in a cache line of their own, and two choices of lanes. */
    private static final long ENTRY = CHOICE + 2 * V;

    /** Longer runs of channels are worth gathering. */
    private static final int MOST = 128;

    private final NormGeometry g;
    private final long x;

    /** Elements of a group, and vectors of them, after which the table begins anew. */
    private final int period;

    private final int entries;
    private final long table;

    /**
     * @param x the tensor
     * @param table room for {@link #bytes}
     */
    StitchedGroups(NormGeometry g, long x, long table) {
        this.g = g;
        this.x = x;
        period = period(g.channels());
        entries = period / N;
        this.table = table;
        for (int v = 0; v < entries; v++) {
            lay(v);
        }
    }

    /** Whether three pixels fill a vector, no run of channels is whole vectors anyway, and the table is worth its making. */
    static boolean suits(NormGeometry g) {
        int channels = g.channels();
        boolean stitches = 2 * channels >= N - 1 && channels % N != 0 && channels <= MOST;
        return stitches && g.groups() > 1 && g.size() >= period(channels);
    }

    static long bytes(NormGeometry g) {
        return period(g.channels()) / N * ENTRY;
    }

    /** The least common multiple of the channels and the contract's lanes. */
    private static int period(int channels) {
        return channels * (Contract.LANES / Math.min(Contract.LANES, Integer.lowestOneBit(channels)));
    }

    /** Where vector {@code v} of a group begins, where the pixel after that one does, and which lanes come from where. */
    private void lay(int v) {
        int channels = g.channels();
        long row = 4L * g.parameters();
        int pixel = v * N / channels;
        int channel = v * N % channels;
        MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, table + v * ENTRY, pixel * row + 4L * channel);
        MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, table + v * ENTRY + 8, (pixel + 1) * row);
        MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, table + v * ENTRY + 16, 2 * channels - channel < N ? 3L : 2L);
        for (int l = 0; l < N; l++) {
            int second = l - (channels - channel);
            int third = second - channels;
            long at = table + v * ENTRY + CHOICE + 4L * l;
            MEMORY.set(ValueLayout.JAVA_INT, at, third >= 0 || second < 0 ? l : N + second);
            MEMORY.set(ValueLayout.JAVA_INT, at + V, third < 0 ? l : N + third);
        }
    }

    /**
     * Adds a segment of the elements of each of some groups to 32 lanes, by rule 3.
     *
     * @param means addresses the groups' means, to add squared deviations from them, or 0
     * @param lanes of the groups, one after the other, overwritten
     */
    void add(int outer, int segment, int group, int count, long means, long lanes) {
        int begin = segment * Contract.SEGMENT;
        int n = Math.min(Contract.SEGMENT, g.size() - begin);
        int whole = Math.clamp(readable(outer) - begin, 0, n) / Contract.LANES * Contract.LANES;
        MEMORY.asSlice(lanes, count * LANES).fill((byte) 0);
        for (int i = 0; i < whole; ) {
            int from = (begin + i) % period / N;
            int to = Math.min(entries, from + (whole - i) / N);
            long first = x + 4 * at(outer, group, (begin + i) / period * period);
            entries(first, count, from, to, means, lanes);
            i += (to - from) * N;
        }
        for (int k = 0; k < count && whole < n; k++) {
            rest(outer, group + k, begin + whole, begin + n, means == 0 ? 0 : means + 4L * k, lanes + k * LANES);
        }
    }

    /** Elements of a group for which a vector at the second pixel after theirs ends before the tensor does. */
    private int readable(int outer) {
        long pixels = (long) (g.outer() - outer) * g.spatial() - 3;
        return (int) Math.clamp(pixels * g.channels(), 0, g.size());
    }

    /** The float where element {@code i} of a group lies. */
    private long at(int outer, int group, int i) {
        long pixel = (long) outer * g.spatial() + i / g.channels();
        return pixel * g.parameters() + (long) group * g.channels() + i % g.channels();
    }

    /** What is no whole block of lanes, and what lies near the tensor's end. */
    private void rest(int outer, int group, int from, int to, long mean, long lanes) {
        float m = mean == 0 ? 0f : Lanes.get(mean);
        for (int i = from; i < to; i++) {
            float v = Lanes.get(x + 4 * at(outer, group, i));
            float term = mean == 0 ? v : (v - m) * (v - m);
            long lane = lanes + 4L * (i % Contract.LANES);
            Lanes.set(lane, Lanes.get(lane) + term);
        }
    }

    /** The sum of the lanes of group {@code k}. */
    static float sum(long lanes, int k) {
        return RowSums.sum(lanes + k * LANES, Contract.LANES);
    }

    private static long stored(long address) {
        return MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, address);
    }

    /** Entries {@code t} to {@code stop} of the table for each of {@code count} groups. */
    private void entries(long first, int count, int t, int stop, long means, long lanes) {
        long row = 4L * g.parameters();
        long group = 4L * g.channels();
        long end = count * LANES;
        for (int v = t; v < stop; v++) {
            long entry = table + v * ENTRY;
            long p = first + stored(entry);
            long q = first + stored(entry + 8);
            long to = lanes + v % VECTORS * V;
            boolean two = stored(entry + 16) == 2;
            if (means == 0 && two) {
                sums(p, q, group, entry + CHOICE, end, to);
            } else if (means == 0) {
                sums(p, q, q + row, group, entry + CHOICE, end, to);
            } else if (two) {
                squares(p, q, group, entry + CHOICE, means, end, to);
            } else {
                squares(p, q, q + row, group, entry + CHOICE, means, end, to);
            }
        }
    }

    /** A vector of every group, stitched from two pixels. */
    private static void sums(long p, long q, long group, long choice, long end, long to) {
        IntVector c = IntVector.fromMemorySegment(I, MEMORY, choice, ORDER);
        for (long k = 0; k < end; k += LANES) {
            IntVector w = c.selectFrom(
                    IntVector.fromMemorySegment(I, MEMORY, p, ORDER), IntVector.fromMemorySegment(I, MEMORY, q, ORDER));
            FloatVector a = FloatVector.fromMemorySegment(F, MEMORY, to + k, ORDER);
            a.add(w.reinterpretAsFloats()).intoMemorySegment(MEMORY, to + k, ORDER);
            p += group;
            q += group;
        }
    }

    /** A vector of every group, stitched from three pixels. */
    private static void sums(long p, long q, long r, long group, long choice, long end, long to) {
        IntVector c = IntVector.fromMemorySegment(I, MEMORY, choice, ORDER);
        IntVector d = IntVector.fromMemorySegment(I, MEMORY, choice + V, ORDER);
        for (long k = 0; k < end; k += LANES) {
            IntVector w = d.selectFrom(
                    c.selectFrom(
                            IntVector.fromMemorySegment(I, MEMORY, p, ORDER),
                            IntVector.fromMemorySegment(I, MEMORY, q, ORDER)),
                    IntVector.fromMemorySegment(I, MEMORY, r, ORDER));
            FloatVector a = FloatVector.fromMemorySegment(F, MEMORY, to + k, ORDER);
            a.add(w.reinterpretAsFloats()).intoMemorySegment(MEMORY, to + k, ORDER);
            p += group;
            q += group;
            r += group;
        }
    }

    private static void squares(long p, long q, long group, long choice, long means, long end, long to) {
        IntVector c = IntVector.fromMemorySegment(I, MEMORY, choice, ORDER);
        for (long k = 0; k < end; k += LANES) {
            IntVector w = c.selectFrom(
                    IntVector.fromMemorySegment(I, MEMORY, p, ORDER), IntVector.fromMemorySegment(I, MEMORY, q, ORDER));
            FloatVector d = w.reinterpretAsFloats().sub(MEMORY.get(JAVA_FLOAT_UNALIGNED, means));
            FloatVector a = FloatVector.fromMemorySegment(F, MEMORY, to + k, ORDER);
            a.add(d.mul(d)).intoMemorySegment(MEMORY, to + k, ORDER);
            p += group;
            q += group;
            means += 4;
        }
    }

    private static void squares(long p, long q, long r, long group, long choice, long means, long end, long to) {
        IntVector c = IntVector.fromMemorySegment(I, MEMORY, choice, ORDER);
        IntVector e = IntVector.fromMemorySegment(I, MEMORY, choice + V, ORDER);
        for (long k = 0; k < end; k += LANES) {
            IntVector w = e.selectFrom(
                    c.selectFrom(
                            IntVector.fromMemorySegment(I, MEMORY, p, ORDER),
                            IntVector.fromMemorySegment(I, MEMORY, q, ORDER)),
                    IntVector.fromMemorySegment(I, MEMORY, r, ORDER));
            FloatVector d = w.reinterpretAsFloats().sub(MEMORY.get(JAVA_FLOAT_UNALIGNED, means));
            FloatVector a = FloatVector.fromMemorySegment(F, MEMORY, to + k, ORDER);
            a.add(d.mul(d)).intoMemorySegment(MEMORY, to + k, ORDER);
            p += group;
            q += group;
            r += group;
            means += 4;
        }
    }
}
