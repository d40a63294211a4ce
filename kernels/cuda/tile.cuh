/* Contractions by tiles of T rows and T columns. A thread holds 8 x 8 sums in registers; while it multiplies one STEP of k,
 * the next one is copied to shared memory. Each sum is the contract's: a chain of fma over each chunk of 256, chunks added by
 * the pairwise tree (docs/numerics.md, rule 2). The tree's stack is one for all sums of a thread, so its depth is the same in
 * all threads; it stands in global memory, where a warp reads and writes 512 bytes at a time, once or twice in 256 steps.
 *
 * A sum may be split: part p takes the chunks [p chunks, (p + 1) chunks), `chunks` a power of two, which is one subtree; the
 * subtrees are joined by join_parts. */
#ifndef REVERIE_TILE_CUH
#define REVERIE_TILE_CUH

#include "../common/contract.h"
#include "../common/epilogue.h"
#include "operands.cuh"

/* Tiles are taken in bands of so many rows of tiles, for the sake of the L2 cache. */
#define BAND 8

/* Batches of [rows, columns], each the sum of `depth` products, in so many parts of `chunks` chunks. If `wide`, four
 * neighbours of the result begin at multiples of 16 bytes. */
typedef struct {
    int batches;
    int rows;
    int columns;
    int depth;
    int parts;
    int chunks;
    int levels;
    int wide;
} Extent;

/* Where row m of the result begins: rows are the pixels of a grid [images, down, right]; a matrix's are those of [rows, 1, 1].
 * The next batch's begins `batch_step` further. */
typedef struct {
    int down;
    int right;
    int image_step;
    int row_step;
    int column_step;
    int batch_step;
} Places;

FN int place_of(Places p, int m) {
    return m / p.right / p.down * p.image_step + m / p.right % p.down * p.row_step + m % p.right * p.column_step;
}

/* Where a piece of work lies. */
typedef struct {
    int batch;
    int part;
    int row;
    int column;
} Work;

template <int T>
FN int tiles(int extent) {
    return (extent + T - 1) / T;
}

template <int T>
FN int works(Extent s) {
    return s.batches * s.parts * tiles<T>(s.rows) * tiles<T>(s.columns);
}

template <int T>
FN Work work_of(Extent s, int i) {
    int down = tiles<T>(s.rows);
    int right = tiles<T>(s.columns);
    int part = i / (down * right);
    int tile = i - part * (down * right);
    int band = tile / (BAND * right);
    int height = down - band * BAND < BAND ? down - band * BAND : BAND;
    int in_band = tile - band * BAND * right;
    Work w;
    w.batch = part / s.parts;
    w.part = part - w.batch * s.parts;
    w.row = (band * BAND + in_band % height) * T;
    w.column = in_band / height * T;
    return w;
}

/* The first of a thread's rows in its tile: they are row + 0..3 and row + T/2 + 0..3; columns likewise. */
template <int T>
FN int own_row(int thread) {
    return (thread / 32 / (T / 64) * 4 + thread % 32 / 8) * 4;
}

template <int T>
FN int own_column(int thread) {
    return (thread / 32 % (T / 64) * 8 + thread % 8) * 4;
}

/* The sums of one thread, and how many subtrees are on its stack: [level][16][threads] of this block's part of scratch. */
template <int T>
struct Sums {
    float sum[8][8];
    int depth;

    __device__ __forceinline__ float4 *level(float *scratch, int levels) {
        return (float4 *)scratch
               + (((int64)GROUP_ID * levels + depth) * 16 * Block<T>::THREADS + anew(LOCAL_ID));
    }

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int r = 0; r < 8; r++) {
#pragma unroll
            for (int c = 0; c < 8; c++) {
                sum[r][c] = 0.0f;
            }
        }
    }

    /* One k: this thread's rows of a, its columns of b. */
    __device__ __forceinline__ void step(const float *a, const float *b) {
        float4 a0 = *(const float4 *)a;
        float4 a1 = *(const float4 *)(a + T / 2);
        float4 b0 = *(const float4 *)b;
        float4 b1 = *(const float4 *)(b + T / 2);
        float left[8] = {a0.x, a0.y, a0.z, a0.w, a1.x, a1.y, a1.z, a1.w};
        float right[8] = {b0.x, b0.y, b0.z, b0.w, b1.x, b1.y, b1.z, b1.w};
#pragma unroll
        for (int r = 0; r < 8; r++) {
#pragma unroll
            for (int c = 0; c < 8; c++) {
                sum[r][c] = FMA(left[r], right[c], sum[r][c]);
            }
        }
    }

    __device__ __forceinline__ void steps(const float *a, const float *b, int n) {
        if (n == STEP) {
#pragma unroll
            for (int k = 0; k < STEP; k++) {
                step(a + k * Block<T>::LINE, b + k * Block<T>::LINE);
            }
        } else {
#pragma unroll 1
            for (int k = 0; k < n; k++) {
                step(a + k * Block<T>::LINE, b + k * Block<T>::LINE);
            }
        }
    }

    __device__ __forceinline__ void pop(float *scratch, int levels) {
        depth--;
        const float4 *stack = level(scratch, levels);
#pragma unroll
        for (int q = 0; q < 16; q++) {
            float4 v = stack[q * Block<T>::THREADS];
            float *s = sum[q / 2] + q % 2 * 4;
            s[0] = v.x + s[0];
            s[1] = v.y + s[1];
            s[2] = v.z + s[2];
            s[3] = v.w + s[3];
        }
    }

    __device__ __forceinline__ void push(float *scratch, int levels) {
        float4 *stack = level(scratch, levels);
#pragma unroll
        for (int q = 0; q < 16; q++) {
            const float *s = sum[q / 2] + q % 2 * 4;
            stack[q * Block<T>::THREADS] = make_float4(s[0], s[1], s[2], s[3]);
        }
        depth++;
    }

    /* A chunk is summed, the count-th (from 1) of its part. */
    __device__ __forceinline__ void close_chunk(int count, bool last, float *scratch, int levels) {
        int merged = last ? depth : __ffs(count) - 1;
#pragma unroll 1
        for (int i = 0; i < merged; i++) {
            pop(scratch, levels);
        }
        if (!last) {
            push(scratch, levels);
            clear();
        }
    }
};

/* One piece of work, up to its sums. */
template <int T, class A, class B>
FN void contract(Sums<T> &s, A a, B b, int depth, float *shared, float *scratch, int levels) {
    const float *left = shared + own_row<T>(LOCAL_ID);
    const float *right = shared + 2 * Block<T>::FLOATS + own_column<T>(LOCAL_ID);
    int count = (depth + STEP - 1) / STEP;
    s.clear();
    s.depth = 0;
#pragma unroll 1
    for (int i = 0; i <= count; i++) {
        if (i > 0) {
            copies_wait<0>();
            BARRIER;
        }
        if (i < count) {
            int buffer = (i & 1) * Block<T>::FLOATS;
            a.load(shared + buffer, depth - i * STEP);
            b.load(shared + 2 * Block<T>::FLOATS + buffer, depth - i * STEP);
            copies_commit();
        }
        if (i > 0) {
            int buffer = ((i - 1) & 1) * Block<T>::FLOATS;
            int left_over = depth - (i - 1) * STEP;
            s.steps(left + buffer, right + buffer, left_over < STEP ? left_over : STEP);
            if (i % (CHUNK / STEP) == 0 || i == count) {
                s.close_chunk((i + CHUNK / STEP - 1) / (CHUNK / STEP), i == count, scratch, levels);
            }
        }
    }
}

/* The sums themselves, or a part of them. */
template <int T>
FN void store(const Sums<T> &s, Work w, Extent x, float *to, Places p) {
    int thread = anew(LOCAL_ID);
    int row = w.row + own_row<T>(thread);
    int column = w.column + own_column<T>(thread);
#pragma unroll
    for (int r = 0; r < 8; r++) {
        int m = row + r % 4 + r / 4 * (T / 2);
        if (m < x.rows) {
            float *line = to + place_of(p, m);
#pragma unroll
            for (int h = 0; h < 2; h++) {
                int c = column + h * (T / 2);
                const float *v = s.sum[r] + h * 4;
                if (x.wide && c < x.columns) {
                    *(float4 *)(line + c) = make_float4(v[0], v[1], v[2], v[3]);
                } else {
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        if (c + j < x.columns) {
                            line[c + j] = v[j];
                        }
                    }
                }
            }
        }
    }
}

/* The epilogue, over what this thread has stored: in a loop that is not unrolled, for an activation is long. */
template <int T>
FN void finish_tile(Work w, Extent x, float *out, Places p, Epilogue e, const float *bias,
                    const float *residual) {
    int row = w.row + own_row<T>(LOCAL_ID);
    int column = w.column + own_column<T>(LOCAL_ID);
#pragma unroll 1
    for (int i = 0; i < 64; i++) {
        int m = row + i / 8 % 4 + i / 32 * (T / 2);
        int c = column + i % 4 + i / 4 % 2 * (T / 2);
        if (m < x.rows && c < x.columns) {
            int at = place_of(p, m) + c;
            out[at] = finish(e, out[at], bias, c, residual, at);
        }
    }
}

/* All work of a block. `left` and `right` make the operands of a batch. */
template <int T, class Left, class Right>
FN void contract_all(float *out, Extent x, Places p, Epilogue e, const float *bias, const float *residual, float *parts,
                     float *scratch, float *shared, Left left, Right right) {
    Sums<T> sums;
    int all = works<T>(x);
    Places plain = {1, 1, x.columns, 0, 0, 0};
#pragma unroll 1
    for (int i = GROUP_ID; i < all; i += gridDim.x) {
        {
            Work w = work_of<T>(x, i);
            int first = w.part * x.chunks * CHUNK;
            int rest = x.depth - first;
            auto a = left(w.batch);
            auto b = right(w.batch);
            BARRIER; /* the last work's tiles have been read */
            a.begin(w.row, x.rows, first);
            b.begin(w.column, x.columns, first);
            BARRIER;
            contract<T>(sums, a, b, rest < x.chunks * CHUNK ? rest : x.chunks * CHUNK, shared, scratch, x.levels);
        }
        Work w = work_of<T>(x, anew(i));
        if (x.parts > 1) {
            store<T>(sums, w, x, parts + (w.part * x.batches + w.batch) * x.rows * x.columns, plain);
            continue;
        }
        float *to = out + w.batch * p.batch_step;
        store<T>(sums, w, x, to, p);
        if (e.has_bias || e.has_residual || e.activation != ACTIVATION_NONE) {
            finish_tile<T>(w, x, to, p, e, bias + w.batch * x.columns, residual + w.batch * p.batch_step);
        }
    }
}

#endif
