package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Lanes.F;
import static org.reverie.device.cpu.kernel.Lanes.MEMORY;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Lanes.ORDER;
import static org.reverie.device.cpu.kernel.Tiles.NR;

import jdk.incubator.vector.FloatVector;

/**
 * Register tiles of a convolution that reads its image where it lies: seven output pixels, anywhere, by one or two vectors of
 * output channels. One fma chain from +0 for each element, its terms ascending, which is one chunk of the bit contract (rule 2).
 *
 * <p>A pixel's patch is a number of {@link Runs}, stretches of the image that lie at the same distance from every pixel's
 * first tap; so nothing is gathered. Seven, because the widths of the networks' layers are multiples of seven; six to eight
 * pixels reach the peak of the fma units. Arrays and no more than loads, broadcasts and fma in the loop: see {@link Tiles}.
 */
final class ConvTiles {
    /** Output pixels of a tile. */
    static final int PIXELS = 7;

    private static final long V = 4L * N;

    private ConvTiles() {}

    /**
     * Leaves the sums over one chunk at {@code sum}, rows {@code ld} bytes apart.
     *
     * @param vectors 1 or 2
     * @param pixels where each pixel's first tap is in {@code a}; the tile's begin at {@code at}
     * @param q where the chunk's packed panel begins in {@code b}
     */
    static void run(
            int vectors, Runs runs, int chunk, float[] a, int[] pixels, int at, float[] b, int q, long sum, long ld) {
        if (vectors == 2) tile7x2(runs, chunk, a, pixels, at, b, q, sum, ld);
        else tile7x1(runs, chunk, a, pixels, at, b, q, sum, ld);
    }

    private static void tile7x2(
            Runs runs, int chunk, float[] a, int[] pixels, int at, float[] b, int q, long sum, long ld) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero, c0r = zero;
        FloatVector c1l = zero, c1r = zero;
        FloatVector c2l = zero, c2r = zero;
        FloatVector c3l = zero, c3r = zero;
        FloatVector c4l = zero, c4r = zero;
        FloatVector c5l = zero, c5r = zero;
        FloatVector c6l = zero, c6r = zero;
        int[] offsets = runs.offsets();
        int[] lengths = runs.lengths();
        for (int run = runs.first()[chunk], end = runs.first()[chunk + 1]; run < end; run++) {
            int offset = offsets[run];
            int length = lengths[run];
            int a0 = pixels[at] + offset;
            int a1 = pixels[at + 1] + offset;
            int a2 = pixels[at + 2] + offset;
            int a3 = pixels[at + 3] + offset;
            int a4 = pixels[at + 4] + offset;
            int a5 = pixels[at + 5] + offset;
            int a6 = pixels[at + 6] + offset;
            for (int p = 0; p < length; p++) {
                FloatVector l = FloatVector.fromArray(F, b, q);
                FloatVector r = FloatVector.fromArray(F, b, q + N);
                FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
                c0l = x.fma(l, c0l);
                c0r = x.fma(r, c0r);
                x = FloatVector.broadcast(F, a[a1 + p]);
                c1l = x.fma(l, c1l);
                c1r = x.fma(r, c1r);
                x = FloatVector.broadcast(F, a[a2 + p]);
                c2l = x.fma(l, c2l);
                c2r = x.fma(r, c2r);
                x = FloatVector.broadcast(F, a[a3 + p]);
                c3l = x.fma(l, c3l);
                c3r = x.fma(r, c3r);
                x = FloatVector.broadcast(F, a[a4 + p]);
                c4l = x.fma(l, c4l);
                c4r = x.fma(r, c4r);
                x = FloatVector.broadcast(F, a[a5 + p]);
                c5l = x.fma(l, c5l);
                c5r = x.fma(r, c5r);
                x = FloatVector.broadcast(F, a[a6 + p]);
                c6l = x.fma(l, c6l);
                c6r = x.fma(r, c6r);
                q += NR;
            }
        }
        c0l.intoMemorySegment(MEMORY, sum, ORDER);
        c0r.intoMemorySegment(MEMORY, sum + V, ORDER);
        c1l.intoMemorySegment(MEMORY, sum + ld, ORDER);
        c1r.intoMemorySegment(MEMORY, sum + ld + V, ORDER);
        c2l.intoMemorySegment(MEMORY, sum + 2 * ld, ORDER);
        c2r.intoMemorySegment(MEMORY, sum + 2 * ld + V, ORDER);
        c3l.intoMemorySegment(MEMORY, sum + 3 * ld, ORDER);
        c3r.intoMemorySegment(MEMORY, sum + 3 * ld + V, ORDER);
        c4l.intoMemorySegment(MEMORY, sum + 4 * ld, ORDER);
        c4r.intoMemorySegment(MEMORY, sum + 4 * ld + V, ORDER);
        c5l.intoMemorySegment(MEMORY, sum + 5 * ld, ORDER);
        c5r.intoMemorySegment(MEMORY, sum + 5 * ld + V, ORDER);
        c6l.intoMemorySegment(MEMORY, sum + 6 * ld, ORDER);
        c6r.intoMemorySegment(MEMORY, sum + 6 * ld + V, ORDER);
    }

    private static void tile7x1(
            Runs runs, int chunk, float[] a, int[] pixels, int at, float[] b, int q, long sum, long ld) {
        FloatVector zero = FloatVector.zero(F);
        FloatVector c0l = zero;
        FloatVector c1l = zero;
        FloatVector c2l = zero;
        FloatVector c3l = zero;
        FloatVector c4l = zero;
        FloatVector c5l = zero;
        FloatVector c6l = zero;
        int[] offsets = runs.offsets();
        int[] lengths = runs.lengths();
        for (int run = runs.first()[chunk], end = runs.first()[chunk + 1]; run < end; run++) {
            int offset = offsets[run];
            int length = lengths[run];
            int a0 = pixels[at] + offset;
            int a1 = pixels[at + 1] + offset;
            int a2 = pixels[at + 2] + offset;
            int a3 = pixels[at + 3] + offset;
            int a4 = pixels[at + 4] + offset;
            int a5 = pixels[at + 5] + offset;
            int a6 = pixels[at + 6] + offset;
            for (int p = 0; p < length; p++) {
                FloatVector l = FloatVector.fromArray(F, b, q);
                FloatVector x = FloatVector.broadcast(F, a[a0 + p]);
                c0l = x.fma(l, c0l);
                x = FloatVector.broadcast(F, a[a1 + p]);
                c1l = x.fma(l, c1l);
                x = FloatVector.broadcast(F, a[a2 + p]);
                c2l = x.fma(l, c2l);
                x = FloatVector.broadcast(F, a[a3 + p]);
                c3l = x.fma(l, c3l);
                x = FloatVector.broadcast(F, a[a4 + p]);
                c4l = x.fma(l, c4l);
                x = FloatVector.broadcast(F, a[a5 + p]);
                c5l = x.fma(l, c5l);
                x = FloatVector.broadcast(F, a[a6 + p]);
                c6l = x.fma(l, c6l);
                q += NR;
            }
        }
        c0l.intoMemorySegment(MEMORY, sum, ORDER);
        c1l.intoMemorySegment(MEMORY, sum + ld, ORDER);
        c2l.intoMemorySegment(MEMORY, sum + 2 * ld, ORDER);
        c3l.intoMemorySegment(MEMORY, sum + 3 * ld, ORDER);
        c4l.intoMemorySegment(MEMORY, sum + 4 * ld, ORDER);
        c5l.intoMemorySegment(MEMORY, sum + 5 * ld, ORDER);
        c6l.intoMemorySegment(MEMORY, sum + 6 * ld, ORDER);
    }
}
