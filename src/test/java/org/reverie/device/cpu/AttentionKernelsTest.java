package org.reverie.device.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.reverie.device.cpu.AttentionKernels.Extents;
import org.reverie.device.cpu.AttentionKernels.Mask;
import org.reverie.numerics.Contract;
import org.reverie.numerics.Elementary;

class AttentionKernelsTest {
    /** Heads, heads of a batch, queries, keys, depth, width: one block and several, whole and ragged strips and panels. */
    private static final Extents[] EXTENTS = {
        new Extents(1, 1, 1, 1, 1, 1),
        new Extents(2, 1, 64, 64, 40, 40),
        new Extents(2, 2, 8, 128, 32, 32),
        new Extents(3, 3, 70, 150, 20, 18),
        new Extents(1, 1, 13, 77, 300, 35),
        new Extents(1, 1, 5, 65, 600, 7),
        new Extents(4, 2, 130, 10, 3, 70)
    };

    @Test
    void attentionHasTheBitsOfTheContract() {
        Random random = new Random(7);
        for (Extents e : EXTENTS) {
            for (int form = 0; form < 4; form++) {
                check(random, e, form % 2 == 1, form >= 2);
            }
        }
    }

    @Test
    void infiniteAndMissingScoresHaveTheBitsOfTheContract() {
        Random random = new Random(8);
        Extents e = new Extents(1, 1, 20, 140, 4, 5);
        float[] q = KernelCheck.random(random, 20 * 4), k = KernelCheck.random(random, 140 * 4);
        float[] v = KernelCheck.random(random, 140 * 5);
        for (int i = 0; i < 20; i++) {
            q[4 * i] = Math.abs(q[4 * i]) + 1f;
        }
        for (int j = 0; j < 70; j++) {
            k[4 * j] = Float.NEGATIVE_INFINITY;
        }
        k[4 * 130] = Float.NaN;
        q[0] = Float.POSITIVE_INFINITY;
        compare(e, false, null, q, k, v);
    }

    private static void check(Random random, Extents e, boolean causal, boolean masked) {
        byte[] flags = masked ? new byte[e.heads() / e.headsPerBatch() * e.keys()] : null;
        for (int i = 0; masked && i < flags.length; i++) {
            flags[i] = (byte) (random.nextInt(3) == 0 || i % e.keys() < 3 ? 0 : 1);
        }
        float[] q = KernelCheck.random(random, e.heads() * e.queries() * e.depth());
        float[] k = KernelCheck.random(random, e.heads() * e.keys() * e.depth());
        compare(e, causal, flags, q, k, KernelCheck.random(random, e.heads() * e.keys() * e.width()));
    }

    private static void compare(Extents e, boolean causal, byte[] flags, float[] q, float[] k, float[] v) {
        float scale = 0.3f;
        float[] expected = new float[e.heads() * e.queries() * e.width()];
        for (int h = 0; h < e.heads(); h++) {
            for (int i = 0; i < e.queries(); i++) {
                query(e, h, i, scale, causal, flags, q, k, v, expected);
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = flags == null ? MemorySegment.NULL : arena.allocate(flags.length);
            if (flags != null) {
                MemorySegment.copy(flags, 0, bytes, ValueLayout.JAVA_BYTE, 0, flags.length);
            }
            Mask mask = new Mask(bytes.address(), e.keys(), 0, causal);
            long qa = KernelCheck.address(arena, q), ka = KernelCheck.address(arena, k);
            long va = KernelCheck.address(arena, v);
            for (KernelCheck.Named named : KernelCheck.ALL) {
                long y = KernelCheck.address(arena, expected.length);
                named.kernels().attention().attention(e, scale, mask, qa, ka, va, y);
                String what = e + (causal ? " causal, " : ", ") + (flags == null ? "" : "masked, ") + named.name();
                KernelCheck.same(what, expected, KernelCheck.read(y, expected.length));
            }
        }
    }

    /** Rule 4 by plain loops, one query. */
    private static void query(
            Extents e,
            int head,
            int i,
            float scale,
            boolean causal,
            byte[] flags,
            float[] q,
            float[] k,
            float[] v,
            float[] y) {
        int row = (head * e.queries() + i) * e.depth();
        float max = Float.NEGATIVE_INFINITY, sum = 0f;
        float[] acc = new float[e.width()];
        boolean looked = false;
        for (int block = 0; block < e.keys(); block += Contract.KEY_BLOCK) {
            int end = Math.min(e.keys(), block + Contract.KEY_BLOCK);
            boolean[] kept = new boolean[end - block];
            float[] p = new float[Contract.KEY_BLOCK];
            float top = max;
            boolean some = false;
            for (int j = block; j < end; j++) {
                int flag = head / e.headsPerBatch() * e.keys() + j;
                kept[j - block] = (!causal || j <= i) && (flags == null || flags[flag] != 0);
                if (kept[j - block]) {
                    int key = (head * e.keys() + j) * e.depth();
                    p[j - block] = scale * KernelCheck.contract(e.depth(), c -> q[row + c], c -> k[key + c]);
                    top = Math.max(top, p[j - block]);
                    some = true;
                }
            }
            if (!some) {
                continue;
            }
            float factor = Elementary.exp(max - top);
            for (int j = 0; j < kept.length; j++) {
                p[j] = kept[j] ? Elementary.exp(p[j] - top) : 0f;
            }
            sum = Math.fma(sum, factor, KernelCheck.reduce(p));
            for (int d = 0; d < e.width(); d++) {
                acc[d] *= factor;
                for (int j = 0; j < kept.length; j++) {
                    if (kept[j]) {
                        acc[d] = Math.fma(p[j], v[(head * e.keys() + block + j) * e.width() + d], acc[d]);
                    }
                }
            }
            max = top;
            looked = true;
        }
        for (int d = 0; d < e.width(); d++) {
            y[(head * e.queries() + i) * e.width() + d] = looked ? acc[d] / sum : 0f;
        }
    }
}
