package org.reverie.device.cpu.kernel;

import static org.reverie.device.cpu.kernel.Contraction.ceilDiv;
import static org.reverie.device.cpu.kernel.Contraction.roundUp;
import static org.reverie.device.cpu.kernel.Lanes.N;
import static org.reverie.device.cpu.kernel.Tiles.MR;
import static org.reverie.device.cpu.kernel.Tiles.NR;
import static org.reverie.device.cpu.kernel.Tiles.ROW;

import org.reverie.device.cpu.Epilogue;
import org.reverie.device.cpu.Workers;
import org.reverie.numerics.Contract;

/**
 * One task of a contraction: a block of C. K is taken in groups of four chunks. For each group {@link #ROWS} rows of the
 * left operand are packed, which then stay in the second-level cache beside the panel of the right operand that they
 * meet; for every tile the group's chunks run one after the other, and their sums are added while they are in the
 * first-level cache. The groups' sums, each a whole subtree of the contract's pairwise tree, wait on a stack that works
 * like a binary counter.
 *
 * @param row first row of C
 * @param col first column
 * @param k terms
 */
record Block(int row, int rows, int col, int cols, int k) {
    /** Rows of the left operand that are packed at a time. */
    static final int ROWS = 128;

    private static final int CHUNK = Contract.CHUNK;

    /** Chunks in a group: a power of two. */
    private static final int GROUP = 4;

    /** Floats of a right operand that stays in the second-level cache; then tiles go along rows of C. */
    private static final int NEAR = 1 << 17;

    /** Bytes of a row of a tile of sums, and of the whole tile. */
    static final long LD = 4L * NR;

    private static final long TILE = MR * LD;

    /** Rows of tiles that are turned together: whole vectors then. */
    private static final int TURN = Math.max(MR, N);

    /** Bytes of a tree of sums, one for each tile that is turned with others, and of a turned tile. */
    private static final long TREE = (GROUP + TURN / MR) * TILE;

    private static final long TURNED = NR * LD;

    /** Where row {@code i} of a chunk of the packed left operand begins. */
    static int left(int i, int chunk) {
        return (chunk * ROWS + i) * ROW;
    }

    void run(Contraction.Matrix x, Epilogue epilogue, Workers workers, int worker) {
        int groups = Math.max(1, ceilDiv(k, GROUP * CHUNK));
        int levels = 32 - Integer.numberOfLeadingZeros(groups - 1);
        int width = roundUp(cols, NR);
        int tilesDown = ceilDiv(rows, MR);
        long level = (long) (width / NR) * tilesDown * TILE;
        long scratch = workers.memory(worker, 0, TREE + TURNED + levels * level);
        long stack = scratch + TREE + TURNED;
        float[] a = workers.floats(worker, 0, GROUP * ROWS * ROW);
        boolean ready = x.right().ready() != null;
        float[] own = ready ? null : workers.floats(worker, 1, Math.min(k, GROUP * CHUNK) * width);
        float[] between = workers.floats(worker, 2, NR * NR);
        boolean direct = k <= CHUNK && epilogue.plain() && !x.turned();
        for (int g = 0; g < groups; g++) {
            int k0 = g * GROUP * CHUNK;
            int terms = Math.min(GROUP * CHUNK, k - k0);
            boolean last = g == groups - 1;
            // The subtrees to add to this group's sum: those of equal size, in the end all that remain.
            int adds = last ? g : g & (g ^ (g + 1)) >> 1;
            long push = stack + Integer.bitCount(adds) * level;
            Panels.Right right = ready ? x.right() : new Panels.Packed(own, cols, -k0 * width);
            int first = ready ? col : 0;
            boolean alongRows = !x.turned() && terms * width <= NEAR;
            for (int i0 = 0; i0 < rows; i0 += ROWS) {
                int some = Math.min(ROWS, rows - i0);
                x.left().pack(row + i0, some, k0, terms, a);
                int panels = width / NR;
                int strips = ceilDiv(some, MR);
                for (int t = 0; t < panels * strips; t++) {
                    int i = i0 + MR * (alongRows ? t / panels : t % strips);
                    int j = NR * (alongRows ? t % panels : t / strips);
                    int r = Math.min(MR, rows - i);
                    int w = Math.min(NR, cols - j);
                    int vectors = w > N ? 2 : 1;
                    int at = left(i - i0, 0);
                    if (!ready && i == 0) {
                        for (int p = 0; p < terms; p += CHUNK) {
                            int kc = Math.min(CHUNK, terms - p);
                            x.right().pack(k0 + p, kc, col + j, w, own, right.at(k0 + p, kc, j));
                        }
                    }
                    if (direct && w == vectors * N) {
                        long c = x.c() + (row + i) * x.ldc() + 4L * (col + j);
                        Tiles.run(r, vectors, k, a, at, right.ready(), right.at(0, k, first + j), c, x.ldc());
                        continue;
                    }
                    int begin = x.turned() ? i % TURN : 0;
                    long sum = scratch + begin * LD;
                    sums(r, vectors, terms, a, at, right, k0, first + j, sum);
                    long place = ((long) (j / NR) * tilesDown + i / MR) * TILE;
                    for (int l = 0; adds >> l != 0; l++) {
                        if ((adds >> l & 1) != 0) {
                            Finish.add(stack + l * level + place, sum, sum, r);
                        }
                    }
                    if (!last) {
                        Finish.copy(sum, push + place, r);
                    } else if (!x.turned()) {
                        store(x, epilogue, sum, row + i, r, col + j, w);
                    } else if (begin + r == TURN || i + r == rows) {
                        Transpose.tile(scratch, TURN, between, scratch + TREE);
                        store(x, epilogue, scratch + TREE, col + j, w, row + i - begin, begin + r);
                    }
                }
            }
        }
    }

    /** Leaves a tile's sum over a group of chunks at {@code sum}; behind it wait sums of subtrees meanwhile. */
    private static void sums(
            int rows, int vectors, int terms, float[] a, int at, Panels.Right right, int k0, int col, long sum) {
        float[] b = right.ready();
        int chunk = 0;
        long top = sum;
        do {
            int p = chunk * CHUNK;
            int kc = Math.min(CHUNK, terms - p);
            Tiles.run(rows, vectors, kc, a, at + left(0, chunk), b, right.at(k0 + p, kc, col), top, LD);
            for (int t = chunk; (t & 1) != 0; t >>= 1) {
                top -= TILE;
                Finish.add(top, top + TILE, top, rows);
            }
            top += TILE;
            chunk++;
        } while (chunk * CHUNK < terms);
        for (top -= TILE; top > sum; top -= TILE) {
            Finish.add(top - TILE, top, top - TILE, rows);
        }
    }

    /** Stores the sums of a tile that begins at row {@code i} and column {@code j} of c. */
    private static void store(Contraction.Matrix x, Epilogue epilogue, long tile, int i, int r, int j, int w) {
        long c = x.c() + i * x.ldc() + 4L * j;
        long residual = x.residual() == 0 ? 0 : x.residual() + i * x.ldr() + 4L * j;
        long bias = x.bias() == 0 ? 0 : x.bias() + 4L * j;
        Finish.store(tile, r, w, c, x.ldc(), bias, residual, x.ldr(), epilogue.activation());
    }
}
