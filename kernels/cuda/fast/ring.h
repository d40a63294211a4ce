/* The main loop of sm_80's contractions: tiles of both operands in a ring of stages in shared memory, filled by copies beside
 * the threads, read by ldmatrix, multiplied by mma. A step is 32 of the depth. */
#ifndef REVERIE_FAST_RING_H
#define REVERIE_FAST_RING_H

#include "finish.h"
#include "mma.h"
#include "order.h"

#define STEP 32

/* A product of matrices, or what is computed as one. Numbers count elements. */
typedef struct {
    int rows;
    int columns;
    int depth;
    int splits; /* blocks along y; of more than one, each writes a part of its own */
} Product;

/* What one block computes of it: blocks along x are its tiles of BM x BN. */
struct Part {
    int row0;
    int column0;
    int first; /* of the depth */
    int steps;

    template <int BM, int BN> static __device__ __forceinline__ Part of(const Product &g) {
        Place p = place_of<8>(GROUP_ID, (g.rows + BM - 1) / BM, (g.columns + BN - 1) / BN);
        int steps = (g.depth + STEP - 1) / STEP;
        int first = first_step(GROUP_ID_Y, g.splits, steps);
        Part part = {p.row * BM, p.column * BN, first * STEP, first_step(GROUP_ID_Y + 1, g.splits, steps) - first};
        return part;
    }
};

/* An operand's tile of N lines by STEP of the depth, where the depth lies together: N lines of 64 bytes. */
FN uint place_in_lines(int line, int chunk) {
    return swizzled<64>(line, chunk);
}

/* The same where the lines lie together: STEP rows of 2 N bytes, N at least 64. */
template <int N> FN uint place_in_rows(int k, int chunk) {
    return k * 2 * N + ((chunk ^ (k & 7)) << 4);
}

/* Loads tiles of a matrix whose depth lies together: line l at base + l stride. All counts are multiples of 8 but lines. */
template <class T, int N, int THREADS> struct Lines {
    static constexpr bool TURNED = false;
    static constexpr int EACH = N * 4 / THREADS;
    static_assert(EACH >= 1, "a thread has at least one piece of 16 bytes");

    const T *from[EACH];
    const T *safe;
    uint inside; /* a bit for each line that is there */
    int k;
    int depth;
    uint to;

    __device__ __forceinline__ Lines(const T *base, int64 stride, int line0, int lines, int first, int depth) {
        int line = (int)threadIdx.x / 4;
        safe = base;
        k = first + (int)threadIdx.x % 4 * 8;
        this->depth = depth;
        to = place_in_lines(line, (int)threadIdx.x % 4);
        inside = 0;
        UNROLL for (int i = 0; i < EACH; i++) {
            int l = line0 + line + i * (THREADS / 4);
            from[i] = base + l * stride + k;
            inside |= (uint)(l < lines) << i;
        }
    }

    __device__ __forceinline__ void load(uint stage) {
        UNROLL for (int i = 0; i < EACH; i++) {
            bool there = k < depth && (inside >> i & 1);
            copy16(stage + to + i * (THREADS / 4) * 64, there ? from[i] : safe, there);
            from[i] += STEP;
        }
        k += STEP;
    }
};

/* Loads tiles of a matrix whose lines lie together: depth k at base + k stride. Lines are a multiple of 8. */
template <class T, int N, int THREADS> struct Turned {
    static constexpr bool TURNED = true;
    static constexpr int CHUNKS = N / 8;
    static constexpr int ROWS = THREADS / CHUNKS;
    static constexpr int EACH = STEP / ROWS;
    static_assert(ROWS % 8 == 0 && EACH >= 1 && N >= 64, "rows of a thread are turned alike");

    const T *from;
    const T *safe;
    int64 stride;
    int k;
    int depth;
    bool inside;
    uint to;

    __device__ __forceinline__ Turned(const T *base, int64 stride, int line0, int lines, int first, int depth) {
        int chunk = (int)threadIdx.x % CHUNKS;
        int row = (int)threadIdx.x / CHUNKS;
        safe = base;
        this->stride = stride;
        this->depth = depth;
        k = first + row;
        from = base + k * stride + line0 + chunk * 8;
        inside = line0 + chunk * 8 < lines;
        to = place_in_rows<N>(row, chunk);
    }

    __device__ __forceinline__ void load(uint stage) {
        UNROLL for (int i = 0; i < EACH; i++) {
            bool there = inside && k + i * ROWS < depth;
            copy16(stage + to + i * ROWS * 2 * N, there ? from + i * ROWS * stride : safe, there);
        }
        from += STEP * stride;
        k += STEP;
    }
};

/* Fragments of 16 lines of the left operand at half a step. */
template <class T, int N, bool TURNED> FN void left_fragment(uint (&a)[4], uint tile, int line, int half) {
    if (TURNED) {
        int k = half * 16 + (LANE & 7) + (LANE >> 4) * 8;
        load_turned(a, tile + place_in_rows<N>(k, line / 8 + (LANE >> 3 & 1)));
    } else {
        load_matrices(a, tile + place_in_lines(line + (LANE & 15), half * 2 + (LANE >> 4)));
    }
}

/* Fragments of 16 lines (columns of the product) of the right operand: two words for the first eight, two for the others. */
template <class T, int N, bool TURNED> FN void right_fragment(uint (&b)[4], uint tile, int line, int half) {
    if (TURNED) {
        int k = half * 16 + (LANE & 15);
        load_turned(b, tile + place_in_rows<N>(k, line / 8 + (LANE >> 4)));
    } else {
        load_matrices(b, tile + place_in_lines(line + (LANE & 7) + (LANE >> 4) * 8, half * 2 + (LANE >> 3 & 1)));
    }
}

/* A block's tile of BM x BN, cut among warps into WM x WN. */
template <class T, int BM, int BN, int WM, int WN, int STAGES> struct Ring {
    static constexpr int WARPS_DOWN = BM / WM;
    static constexpr int THREADS = WARPS_DOWN * (BN / WN) * WARP;
    static constexpr int LEFT_BYTES = BM * STEP * 2;
    static constexpr int STAGE_BYTES = (BM + BN) * STEP * 2;
    static constexpr int BYTES = STAGES * STAGE_BYTES;
    static_assert(THREADS / WARP * 64 * WN <= BYTES, "the slabs of the finish fit into the ring");

    float d[WM / 16][WN / 8][4];

    __device__ __forceinline__ static int row() {
        return (int)threadIdx.x / WARP % WARPS_DOWN * WM;
    }

    __device__ __forceinline__ static int column() {
        return (int)threadIdx.x / WARP / WARPS_DOWN * WN;
    }

    /* Multiplies so many steps; the ring is free again when it returns. */
    template <class Left, class Right> __device__ __forceinline__ void run(char *memory, Left &left, Right &right, int steps) {
        uint ring = shared_address(memory);
        UNROLL for (int i = 0; i < WM / 16; i++) {
            UNROLL for (int j = 0; j < WN / 8; j++) {
                UNROLL for (int e = 0; e < 4; e++) d[i][j][e] = 0.0f;
            }
        }
        UNROLL for (int s = 0; s < STAGES - 1; s++) {
            if (s < steps) {
                left.load(ring + s * STAGE_BYTES);
                right.load(ring + s * STAGE_BYTES + LEFT_BYTES);
            }
            commit_copies();
        }
        int filled = STAGES - 1;
        int used = 0;
        for (int s = 0; s < steps; s++) {
            wait_for_copies<STAGES - 2>();
            __syncthreads(); /* everyone's copies are there, and nobody reads the stage that is filled next */
            if (s + STAGES - 1 < steps) {
                left.load(ring + filled * STAGE_BYTES);
                right.load(ring + filled * STAGE_BYTES + LEFT_BYTES);
            }
            commit_copies();
            multiply<Left::TURNED, Right::TURNED>(ring + used * STAGE_BYTES);
            filled = filled + 1 == STAGES ? 0 : filled + 1;
            used = used + 1 == STAGES ? 0 : used + 1;
        }
        wait_for_copies<0>();
        __syncthreads();
    }

    template <bool LEFT_TURNED, bool RIGHT_TURNED> __device__ __forceinline__ void multiply(uint stage) {
        UNROLL for (int half = 0; half < 2; half++) {
            uint a[WM / 16][4];
            uint b[WN / 16][4];
            UNROLL for (int i = 0; i < WM / 16; i++) {
                left_fragment<T, BM, LEFT_TURNED>(a[i], stage, row() + i * 16, half);
            }
            UNROLL for (int j = 0; j < WN / 16; j++) {
                right_fragment<T, BN, RIGHT_TURNED>(b[j], stage + LEFT_BYTES, column() + j * 16, half);
            }
            UNROLL for (int i = 0; i < WM / 16; i++) {
                UNROLL for (int j = 0; j < WN / 16; j++) {
                    multiply_add<T>(d[i][2 * j], a[i], b[j][0], b[j][1]);
                    multiply_add<T>(d[i][2 * j + 1], a[i], b[j][2], b[j][3]);
                }
            }
        }
    }

    /* Finishes the block's tile at (row0, column0) and stores it. */
    __device__ __forceinline__ void finish(char *memory, const Finish &f, const Target &t, int row0, int column0) {
        char *slab = memory + (int)threadIdx.x / WARP * 64 * WN;
        UNROLL for (int i = 0; i < WM / 16; i++) {
            finish_rows<T, WN, false>(slab, d[i], f, t, row0 + row() + i * 16, column0 + column());
        }
    }
};

#endif
