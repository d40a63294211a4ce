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
 * One task of a contraction: a block of C. K is taken in groups of four chunks. For each group some rows of the left operand
 * are packed, and every panel of the right operand meets them; for each tile the group's chunks run one after the other, and
 * their sums are added while they are in the first-level cache. The groups' sums, each a whole subtree of the contract's
 * pairwise tree, wait on a stack that works like a binary counter.
 *
 * <p>What is packed stays in the second-level cache: all of a small right operand, and then one strip of rows passes by it at
 * a time; or else {@link #ROWS} rows and the panel that they meet.
 */
final class Block {
    /** Rows of the left operand that are packed at a time, at most. */
    static final int ROWS = 128;

    /** Bytes of a row of a tile of sums. */
    static final long LD = 4L * NR;

    private static final int CHUNK = Contract.CHUNK;

    /** Chunks in a group: a power of two. */
    private static final int GROUP = 4;

    /** Floats of a small right operand. */
    private static final int SMALL = 1 << 17;

    /** Bytes of a tile of sums. */
    static final long TILE = MR * LD;

    /** Rows of tiles that are turned together: whole vectors then. */
    private static final int TURN = Math.max(MR, N);

    /** Bytes of a tree of sums, one for each tile that is turned with others, and of a turned tile. */
    private static final long TREE = (GROUP + TURN / MR) * TILE;

    private static final long TURNED = NR * LD;

    private final Contraction.Matrix x;
    private final Epilogue epilogue;
    private final int row;
    private final int rows;
    private final int col;
    private final int cols;
    private final int k;
    private final int groups;
    private final int tilesDown;

    /** Bytes of one level of the stack of groups. */
    private final long level;

    private final long scratch;
    private final long stack;
    private final float[] a;
    private final float[] between;

    /** Whether tiles of whole vectors are finished sums. */
    private final boolean direct;

    // The group of chunks at hand: its first term, its terms, the right operand and the column that is our first there.
    private int k0;
    private int terms;
    private Panels.Right right;
    private int first;

    /** The levels of the stack to add to the group's sums, and the address of the one where they go then. */
    private int adds;

    private long push;
    private boolean last;

    /** The block of {@code rows} by {@code cols} elements of C from ({@code row}, {@code col}) on, of {@code k} terms each. */
    Block(
            Contraction.Matrix x,
            Epilogue epilogue,
            int row,
            int rows,
            int col,
            int cols,
            int k,
            Workers workers,
            int worker) {
        this.x = x;
        this.epilogue = epilogue;
        this.row = row;
        this.rows = rows;
        this.col = col;
        this.cols = cols;
        this.k = k;
        groups = Math.max(1, ceilDiv(k, GROUP * CHUNK));
        tilesDown = ceilDiv(rows, MR);
        int levels = 32 - Integer.numberOfLeadingZeros(groups - 1);
        level = (long) ceilDiv(cols, NR) * tilesDown * TILE;
        scratch = workers.memory(worker, 0, TREE + TURNED + levels * level);
        stack = scratch + TREE + TURNED;
        a = workers.floats(worker, 0, GROUP * ROWS * ROW);
        between = workers.floats(worker, 2, NR * NR);
        direct = k <= CHUNK && epilogue.plain() && !x.turned();
    }

    /** Where row {@code i} of a chunk of the packed left operand begins. */
    static int left(int i, int chunk) {
        return (chunk * ROWS + i) * ROW;
    }

    /** @param own memory for the packed right operand of a group of chunks if it is not packed yet */
    void run(float[] own) {
        int width = roundUp(cols, NR);
        boolean ready = x.right().ready() != null;
        for (int g = 0; g < groups; g++) {
            k0 = g * GROUP * CHUNK;
            terms = Math.min(GROUP * CHUNK, k - k0);
            last = g == groups - 1;
            // The subtrees to add to this group's sum: those of equal size, in the end all that remain.
            adds = last ? g : g & (g ^ (g + 1)) >> 1;
            push = stack + Integer.bitCount(adds) * level;
            right = ready ? x.right() : new Panels.Packed(own, cols, -k0 * width);
            first = ready ? col : 0;
            int step = terms * width <= SMALL && !x.turned() ? MR : ROWS;
            for (int i = 0; i < rows; i += step) {
                int end = Math.min(rows, i + step);
                x.left().pack(row + i, end - i, k0, terms, a);
                for (int j = 0; j < cols; j += NR) {
                    if (!ready && i == 0) {
                        packPanel(j);
                    }
                    strip(i, end, j);
                }
            }
        }
    }

    private void packPanel(int j) {
        int width = Math.min(NR, cols - j);
        for (int p = 0; p < terms; p += CHUNK) {
            int kc = Math.min(CHUNK, terms - p);
            x.right().pack(k0 + p, kc, col + j, width, right.ready(), right.at(k0 + p, kc, j));
        }
    }

    /** The tiles of rows {@code begin} to {@code end}, which are packed, and column {@code j}. */
    private void strip(int begin, int end, int j) {
        int width = Math.min(NR, cols - j);
        int vectors = width > N ? 2 : 1;
        for (int i = begin; i < end; i += MR) {
            int r = Math.min(MR, end - i);
            if (direct && width == vectors * N) {
                long c = x.c() + (row + i) * x.ldc() + 4L * (col + j);
                int q = right.at(0, k, first + j);
                Tiles.run(r, vectors, k, a, left(i - begin, 0), right.ready(), q, c, x.ldc());
            } else {
                long sum = x.turned() ? scratch + i % TURN * LD : scratch;
                sums(r, vectors, terms, a, left(i - begin, 0), right, k0, first + j, sum);
                finish(i, r, j, width, sum);
            }
        }
    }

    /**
     * Leaves a tile's sum over {@code terms} terms from {@code k0} on at {@code sum}; behind it wait the sums of subtrees
     * meanwhile.
     *
     * @param at where the left operand's rows begin in {@code a}
     * @param column the right operand's first column
     */
    static void sums(
            int rows, int vectors, int terms, float[] a, int at, Panels.Right right, int k0, int column, long sum) {
        float[] b = right.ready();
        int chunk = 0;
        long top = sum;
        do {
            int p = chunk * CHUNK;
            int kc = Math.min(CHUNK, terms - p);
            Tiles.run(rows, vectors, kc, a, at + left(0, chunk), b, right.at(k0 + p, kc, column), top, LD);
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

    /** What happens to a group's sum: it goes on the stack, or with all that waits there into C. */
    private void finish(int i, int r, int j, int width, long sum) {
        long place = stack + ((long) (j / NR) * tilesDown + i / MR) * TILE;
        for (int l = 0; adds >> l != 0; l++) {
            if ((adds >> l & 1) != 0) {
                Finish.add(place + l * level, sum, sum, r);
            }
        }
        if (!last) {
            Finish.copy(sum, place - stack + push, r);
        } else if (!x.turned()) {
            store(sum, row + i, r, col + j, width);
        } else if (i % TURN + r == TURN || i + r == rows) {
            int before = i % TURN;
            Transpose.tile(scratch, TURN, between, scratch + TREE);
            store(scratch + TREE, col + j, width, row + i - before, before + r);
        }
    }

    /** Stores the sums of a tile that begins at row {@code i} and column {@code j} of c. */
    private void store(long tile, int i, int r, int j, int width) {
        long c = x.c() + i * x.ldc() + 4L * j;
        long residual = x.residual() == 0 ? 0 : x.residual() + i * x.ldr() + 4L * j;
        long bias = x.bias() == 0 ? 0 : x.bias() + 4L * j;
        Strips.finish(tile, LD, r, width, c, x.ldc(), bias, residual, x.ldr(), epilogue.activation());
    }

    /** Floats that {@link #run} needs to pack the right operand. */
    static int floats(int cols, int k) {
        return Math.min(k, GROUP * CHUNK) * roundUp(cols, NR);
    }
}
