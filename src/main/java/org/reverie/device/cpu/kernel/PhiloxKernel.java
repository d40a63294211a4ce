package org.reverie.device.cpu.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;
import static org.reverie.device.cpu.kernel.VectorConstants.*;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.reverie.random.Philox;

/**
 * {@link Philox} on vectors: a range of a stream straight into memory, with the bits of the scalar generator.
 *
 * <p>A 64-bit lane holds one 32-bit word of the counter of one block, so that the 32 × 32 → 64 bit product is one
 * multiplication of lanes. The random words are written where the numbers are to stand, a tile that fits the first
 * cache at a time, and are turned into numbers in place. Stores at the end of long loops are written out and not
 * called: see {@link ElementaryLoops} on what the JIT inlines.
 */
final class PhiloxKernel {
    private static final VectorSpecies<Long> L = VectorSpecies.of(long.class, Lanes.F.vectorShape());
    private static final int BLOCKS = L.length();

    /** Numbers that one group of blocks gives: two vectors. */
    private static final int GROUP = 4 * BLOCKS;

    private static final int TILE = 2048;
    private static final long WORD = 0xffffffffL;

    private static final LongVector LANE = LongVector.zero(L).addIndex(1);
    private static final LongVector MULTIPLIER_0 = LongVector.broadcast(L, Philox.MULTIPLIER_0 & WORD);
    private static final LongVector MULTIPLIER_1 = LongVector.broadcast(L, Philox.MULTIPLIER_1 & WORD);
    private static final VectorShuffle<Integer> ZIP_LOW = zip(0);
    private static final VectorShuffle<Integer> ZIP_HIGH = zip(Lanes.N / 2);
    private static final VectorShuffle<Float> PAIR_LOW = VectorShuffle.makeZip(Lanes.F, 0);
    private static final VectorShuffle<Float> PAIR_HIGH = VectorShuffle.makeZip(Lanes.F, 1);
    private static final VectorShuffle<Integer> EVEN = VectorShuffle.makeUnzip(Lanes.I, 0);
    private static final VectorShuffle<Integer> ODD = VectorShuffle.makeUnzip(Lanes.I, 1);

    private PhiloxKernel() {}

    /** Pairs of ints of two vectors in turn, from int {@code first} on: words 0, 1 of a block, then its words 2, 3. */
    private static VectorShuffle<Integer> zip(int first) {
        return VectorShuffle.fromOp(Lanes.I, i -> first + i / 4 * 2 + i % 2 + (i % 4 < 2 ? 0 : Lanes.N));
    }

    /** Uniform numbers [from, to) of a stream; number i goes to {@code address + 4 (i − from)}. */
    static void uniform(long seed, long stream, long from, long to, long address) {
        long i = from;
        for (; i < to && i % GROUP != 0; i++) {
            Lanes.set(address + 4 * (i - from), Philox.uniform(seed, stream, i));
        }
        for (long end = to - to % GROUP; i < end; ) {
            long n = Math.min(TILE, end - i);
            words(seed, stream, i, n, address + 4 * (i - from));
            uniforms(address + 4 * (i - from), n);
            i += n;
        }
        for (; i < to; i++) {
            Lanes.set(address + 4 * (i - from), Philox.uniform(seed, stream, i));
        }
    }

    /** Standard normal numbers [from, to) of a stream; number i goes to {@code address + 4 (i − from)}. */
    static void normal(long seed, long stream, long from, long to, long address) {
        long i = from;
        for (; i < to && i % GROUP != 0; i++) {
            Lanes.set(address + 4 * (i - from), Philox.normal(seed, stream, i));
        }
        for (long end = to - to % GROUP; i < end; ) {
            long n = Math.min(TILE, end - i);
            words(seed, stream, i, n, address + 4 * (i - from));
            polar(address + 4 * (i - from), n);
            cartesian(address + 4 * (i - from), n);
            i += n;
        }
        for (; i < to; i++) {
            Lanes.set(address + 4 * (i - from), Philox.normal(seed, stream, i));
        }
    }

    /** The n words from number {@code first} on; both are multiples of GROUP. */
    private static void words(long seed, long stream, long first, long n, long address) {
        for (long i = 0; i < n; i += GROUP) {
            group(seed, stream, first + i >>> 2, address + 4 * i);
        }
    }

    /** The words of BLOCKS blocks. Only the lower half of a lane counts; what products leave above is masked off. */
    private static void group(long seed, long stream, long block, long address) {
        LongVector counter = LANE.add(block);
        LongVector c0 = counter;
        LongVector c1 = counter.lanewise(LSHR, 32);
        LongVector c2 = LongVector.broadcast(L, stream);
        LongVector c3 = LongVector.broadcast(L, stream >>> 32);
        int k0 = (int) seed;
        int k1 = (int) (seed >>> 32);
        for (int round = 0; round < Philox.ROUNDS; round++) {
            LongVector p0 = c0.and(WORD).mul(MULTIPLIER_0);
            LongVector p1 = c2.and(WORD).mul(MULTIPLIER_1);
            c0 = p1.lanewise(LSHR, 32).lanewise(XOR, c1).lanewise(XOR, (long) k0);
            c1 = p1;
            c2 = p0.lanewise(LSHR, 32).lanewise(XOR, c3).lanewise(XOR, (long) k1);
            c3 = p0;
            k0 += Philox.WEYL_0;
            k1 += Philox.WEYL_1;
        }
        IntVector low = c0.and(WORD).or(c1.lanewise(LSHL, 32)).reinterpretAsInts();
        IntVector high = c2.and(WORD).or(c3.lanewise(LSHL, 32)).reinterpretAsInts();
        low.rearrange(ZIP_LOW, high).intoMemorySegment(Lanes.MEMORY, address, Lanes.ORDER);
        low.rearrange(ZIP_HIGH, high).intoMemorySegment(Lanes.MEMORY, address + 8L * BLOCKS, Lanes.ORDER);
    }

    private static void uniforms(long address, long n) {
        for (long i = 0; i < n; i += Lanes.N) {
            IntVector w = Lanes.loadInts(address + 4 * i);
            Lanes.store(toUniform(w), address + 4 * i);
        }
    }

    /** Of two vectors of words the even ones become radii, in the first vector's place, and the odd ones angles. */
    private static void polar(long address, long n) {
        for (long i = 0; i < n; i += 2 * Lanes.N) {
            long a = address + 4 * i;
            long b = a + 4 * Lanes.N;
            IntVector v = Lanes.loadInts(a);
            IntVector w = Lanes.loadInts(b);
            FloatVector angle = toUniform(v.rearrange(ODD, w)).mul(Philox.TWO_PI);
            FloatVector u =
                    toFloat(v.rearrange(EVEN, w).lanewise(LSHR, 8).add(BIT_0)).mul(0x1p-24f);
            // The logarithm of u in (0, 1], as ElementaryLoops.log, without what only other arguments need.
            IntVector bits = u.reinterpretAsInts().sub(SQRT_HALF_BITS);
            FloatVector k = (FloatVector) bits.lanewise(ASHR, 23).convertShape(I2F, Lanes.F, 0);
            FloatVector f =
                    bits.and(FRACTION).add(SQRT_HALF_BITS).reinterpretAsFloats().sub(ONE);
            FloatVector z = f.mul(f);
            FloatVector p = LOG_8.fma(f, LOG_7).fma(f, LOG_6).fma(f, LOG_5).fma(f, LOG_4);
            p = p.fma(f, LOG_3).fma(f, LOG_2).fma(f, LOG_1).fma(f, LOG_0);
            FloatVector l = z.fma(MINUS_HALF, f.mul(z).mul(p));
            l = k.fma(LN2_HI, k.fma(LN2_LO, l).add(f));
            FloatVector radius = l.mul(-2f).sqrt();
            radius.intoMemorySegment(Lanes.MEMORY, a, Lanes.ORDER);
            angle.intoMemorySegment(Lanes.MEMORY, b, Lanes.ORDER);
        }
    }

    /**
     * Radii and angles, one vector of each in turn, become r·cos a and r·sin a, in turn element by element: the steps
     * of {@link VectorMath#cos} and {@link VectorMath#sin} with what they have in common done once.
     */
    private static void cartesian(long address, long n) {
        for (long i = 0; i < n; i += 2 * Lanes.N) {
            long first = address + 4 * i;
            long second = first + 4 * Lanes.N;
            FloatVector radius = Lanes.load(first);
            FloatVector a = Lanes.load(second);
            FloatVector t = a.fma(TWO_OVER_PI, ROUND);
            FloatVector m = t.sub(ROUND);
            FloatVector r = m.fma(PIO2_3_NEGATIVE, m.fma(PIO2_2_NEGATIVE, m.fma(PIO2_1_NEGATIVE, a)));
            FloatVector s = r.mul(r);
            FloatVector even =
                    s.mul(SIN_3.fma(s, SIN_2).fma(s, SIN_1).fma(s, SIN_0)).fma(r, r);
            FloatVector odd = s.mul(s).fma(COS_2.fma(s, COS_1).fma(s, COS_0), s.fma(MINUS_HALF, ONE));
            IntVector q = t.reinterpretAsInts();
            VectorMask<Float> swap = q.lanewise(LSHL, 31).compare(LT, NO_BITS).cast(Lanes.F);
            IntVector cosSign = q.add(BIT_0).lanewise(LSHL, 30).and(SIGN);
            IntVector sinSign = q.lanewise(LSHL, 30).and(SIGN);
            FloatVector cos = odd.blend(even, swap)
                    .reinterpretAsInts()
                    .lanewise(XOR, cosSign)
                    .reinterpretAsFloats();
            FloatVector sin = even.blend(odd, swap)
                    .reinterpretAsInts()
                    .lanewise(XOR, sinSign)
                    .reinterpretAsFloats();
            cos = cos.mul(radius);
            sin = sin.mul(radius);
            cos.rearrange(PAIR_LOW, sin).intoMemorySegment(Lanes.MEMORY, first, Lanes.ORDER);
            cos.rearrange(PAIR_HIGH, sin).intoMemorySegment(Lanes.MEMORY, second, Lanes.ORDER);
        }
    }

    private static FloatVector toUniform(IntVector words) {
        return toFloat(words.lanewise(LSHR, 8)).mul(0x1p-24f);
    }

    private static FloatVector toFloat(IntVector v) {
        return (FloatVector) v.convertShape(I2F, Lanes.F, 0);
    }
}
