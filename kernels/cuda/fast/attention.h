/* Attention of 16-bit tensors without matrices of scores in memory (online softmax), by mma, and its gradient, in which
 * probabilities are computed again from the logarithms of the forward's sums. */
#ifndef REVERIE_FAST_ATTENTION_H
#define REVERIE_FAST_ATTENTION_H

#include "mma.h"

#define WARPS 4
#define THREADS (WARPS * WARP)
#define QUERIES (WARPS * 16)

/* Where rows of q, k, v or an output lie, in elements; the numbers of a row lie together. */
typedef struct {
    int batch;
    int head;
    int row;
} Rows;

/* org.reverie.device.cuda.FastAttention writes it. */
typedef struct {
    int heads;
    int queries;
    int keys;
    int width; /* of a head: a multiple of 8, at most the kernel's WIDTH */
    int causal;
    float scale; /* times the logarithm of e to the base 2 */
    Rows q;
    Rows k;
    Rows v;
    Rows out;
} Heads;

template <class T> FN T *head_of(T *base, const Rows &r, const Heads &h) {
    return base + (int64)(GROUP_ID_Y / h.heads) * r.batch + (int64)(GROUP_ID_Y % h.heads) * r.head;
}

/* Rows of WIDTH numbers in shared memory, 16 bytes apart: eight rows at one place lie in different banks. */
template <int WIDTH> FN uint place_in_row(int row, int chunk) {
    return row * (2 * WIDTH + 16) + chunk * 16;
}

template <int WIDTH> __device__ constexpr int row_bytes(int rows) {
    return rows * (2 * WIDTH + 16);
}

/* Starts the copy of COUNT rows; what is beyond the last row or the head's width is zero. */
template <class T, int WIDTH, int COUNT> FN void copy_rows(uint to, const T *from, int stride, int first, int rows, int width) {
    constexpr int CHUNKS = WIDTH / 8;
    UNROLL for (int i = (int)threadIdx.x; i < COUNT * CHUNKS; i += THREADS) {
        int row = i / CHUNKS;
        int chunk = i % CHUNKS;
        bool there = first + row < rows && chunk * 8 < width;
        copy16(to + place_in_row<WIDTH>(row, chunk), there ? from + (int64)(first + row) * stride + chunk * 8 : from, there);
    }
}

/* 16 rows by 16 of a left operand. */
template <int WIDTH> FN void left_rows(uint (&a)[4], uint tile, int row, int k) {
    load_matrices(a, tile + place_in_row<WIDTH>(row + (LANE & 15), k * 2 + (LANE >> 4)));
}

/* 16 rows by 16 of a right operand that is taken turned: a row is a column of the product. */
template <int WIDTH> FN void right_rows(uint (&b)[4], uint tile, int row, int k) {
    load_matrices(b, tile + place_in_row<WIDTH>(row + (LANE & 7) + (LANE >> 4) * 8, k * 2 + (LANE >> 3 & 1)));
}

/* 16 rows by 16 columns of a right operand as it lies. */
template <int WIDTH> FN void right_columns(uint (&b)[4], uint tile, int row, int column) {
    load_turned(b, tile + place_in_row<WIDTH>(row + (LANE & 15), column * 2 + (LANE >> 4)));
}

template <int N> FN void clear(float (&x)[N][4]) {
    UNROLL for (int j = 0; j < N; j++) {
        UNROLL for (int e = 0; e < 4; e++) x[j][e] = 0.0f;
    }
}

/* s = left right^T for this warp's 16 rows of the left tile and COUNT rows of the right one. */
template <class T, int WIDTH, int COUNT> FN void scores(float (&s)[COUNT / 8][4], uint left, int row, uint right) {
    clear(s);
    UNROLL for (int k = 0; k < WIDTH / 16; k++) {
        uint a[4];
        left_rows<WIDTH>(a, left, row, k);
        UNROLL for (int j = 0; j < COUNT / 16; j++) {
            uint b[4];
            right_rows<WIDTH>(b, right, j * 16, k);
            multiply_add<T>(s[2 * j], a, b[0], b[1]);
            multiply_add<T>(s[2 * j + 1], a, b[2], b[3]);
        }
    }
}

/* sum += p right, with p in the accumulators' places, COUNT columns; the right tile's columns from `column` (in 16s) on. */
template <class T, int WIDTH, int COUNT, int PART>
FN void add_weighted(float (&sum)[PART / 8][4], const float (&p)[COUNT / 8][4], uint right, int column) {
    UNROLL for (int k = 0; k < COUNT / 16; k++) {
        const uint a[4] = {T::pair(p[2 * k][0], p[2 * k][1]), T::pair(p[2 * k][2], p[2 * k][3]),
                           T::pair(p[2 * k + 1][0], p[2 * k + 1][1]), T::pair(p[2 * k + 1][2], p[2 * k + 1][3])};
        UNROLL for (int j = 0; j < PART / 16; j++) {
            uint b[4];
            right_columns<WIDTH>(b, right, k * 16, column + j);
            multiply_add<T>(sum[2 * j], a, b[0], b[1]);
            multiply_add<T>(sum[2 * j + 1], a, b[2], b[3]);
        }
    }
}

/* A warp's 16 rows of PART columns through its own rows of a tile in shared memory to memory, 16 bytes a lane. */
template <class T, int WIDTH, int PART>
FN void store_rows(char *tile, int row, const float (&x)[PART / 8][4], float upper, float lower, T *to, int stride, int first,
                   int rows, int width) {
    UNROLL for (int j = 0; j < PART / 8; j++) {
        char *at = tile + place_in_row<WIDTH>(row + (LANE >> 2), j) + 4 * (LANE & 3);
        *(uint *)at = T::pair(upper * x[j][0], upper * x[j][1]);
        *(uint *)(at + place_in_row<WIDTH>(8, 0)) = T::pair(lower * x[j][2], lower * x[j][3]);
    }
    __syncwarp();
    UNROLL for (int i = LANE; i < 16 * (PART / 8); i += WARP) {
        int r = i / (PART / 8);
        int chunk = i % (PART / 8);
        if (first + row + r < rows && chunk * 8 < width) {
            *(uint4 *)(to + (int64)(first + row + r) * stride + chunk * 8) =
                *(const uint4 *)(tile + place_in_row<WIDTH>(row + r, chunk));
        }
    }
    __syncwarp();
}

FN float over_row(float x, float y) {
    return x > y ? x : y;
}

/* The largest and the sum over the four lanes that share a row. */
FN float row_maximum(float x) {
    x = over_row(x, __shfl_xor_sync(ALL_LANES, x, 1));
    return over_row(x, __shfl_xor_sync(ALL_LANES, x, 2));
}

FN float row_sum(float x) {
    x += __shfl_xor_sync(ALL_LANES, x, 1);
    return x + __shfl_xor_sync(ALL_LANES, x, 2);
}

/* out = softmax(scale q k^T) v. Blocks: QUERIES queries along x, heads of the batch along y. `sums`, if asked for, gets of
 * every query [batch, head, query] the logarithm, to the base 2, of the sum of its exponentials. Shared memory: queries, then
 * twice keys and values. */
template <class T, int WIDTH, int KEYS>
FN void attend(T *out, float *sums, const T *q, const T *k, const T *v, const Heads &h) {
    DYNAMIC_SHARED(memory);
    uint queries = shared_address(memory);
    uint ring = queries + row_bytes<WIDTH>(QUERIES);
    constexpr int STAGE = 2 * row_bytes<WIDTH>(KEYS);
    int query0 = GROUP_ID * QUERIES;
    int row = (int)threadIdx.x / WARP * 16;
    const T *keys = head_of(k, h.k, h);
    const T *values = head_of(v, h.v, h);
    int end = h.causal ? min(h.keys, query0 + QUERIES) : h.keys;
    copy_rows<T, WIDTH, QUERIES>(queries, head_of(q, h.q, h), h.q.row, query0, h.queries, h.width);
    copy_rows<T, WIDTH, KEYS>(ring, keys, h.k.row, 0, h.keys, h.width);
    copy_rows<T, WIDTH, KEYS>(ring + STAGE / 2, values, h.v.row, 0, h.keys, h.width);
    commit_copies();

    float o[WIDTH / 8][4];
    clear(o);
    float top[2] = {-INFINITE, -INFINITE};
    float sum[2] = {0.0f, 0.0f};
    int stage = 0;
    for (int key0 = 0; key0 < end; key0 += KEYS) {
        uint tile = ring + stage * STAGE;
        stage ^= 1;
        wait_for_copies<0>();
        __syncthreads();
        if (key0 + KEYS < end) {
            uint next = ring + stage * STAGE;
            copy_rows<T, WIDTH, KEYS>(next, keys, h.k.row, key0 + KEYS, h.keys, h.width);
            copy_rows<T, WIDTH, KEYS>(next + STAGE / 2, values, h.v.row, key0 + KEYS, h.keys, h.width);
            commit_copies();
        }
        float s[KEYS / 8][4];
        scores<T, WIDTH, KEYS>(s, queries, row, tile);
        if (key0 + KEYS > h.keys || h.causal && key0 + KEYS > query0 + row) {
            UNROLL for (int j = 0; j < KEYS / 8; j++) {
                UNROLL for (int e = 0; e < 4; e++) {
                    int key = key0 + 8 * j + 2 * (LANE & 3) + (e & 1);
                    int query = query0 + row + (LANE >> 2) + 8 * (e >> 1);
                    if (key >= h.keys || h.causal && key > query) {
                        s[j][e] = -INFINITE;
                    }
                }
            }
        }
        UNROLL for (int half = 0; half < 2; half++) {
            float largest = top[half];
            UNROLL for (int j = 0; j < KEYS / 8; j++) {
                largest = over_row(largest, over_row(s[j][2 * half], s[j][2 * half + 1]));
            }
            largest = row_maximum(largest);
            float base = largest == -INFINITE ? 0.0f : largest * h.scale;
            float shrink = power_of_two(top[half] * h.scale - base);
            top[half] = largest;
            float added = 0.0f;
            UNROLL for (int j = 0; j < KEYS / 8; j++) {
                UNROLL for (int e = 2 * half; e < 2 * half + 2; e++) {
                    s[j][e] = power_of_two(FMA(s[j][e], h.scale, -base));
                    added += s[j][e];
                }
            }
            sum[half] = FMA(sum[half], shrink, added);
            UNROLL for (int j = 0; j < WIDTH / 8; j++) {
                o[j][2 * half] *= shrink;
                o[j][2 * half + 1] *= shrink;
            }
        }
        add_weighted<T, WIDTH, KEYS, WIDTH>(o, s, tile + STAGE / 2, 0);
    }
    sum[0] = row_sum(sum[0]);
    sum[1] = row_sum(sum[1]);
    if (sums != nullptr && (LANE & 3) == 0) {
        UNROLL for (int half = 0; half < 2; half++) {
            int query = query0 + row + (LANE >> 2) + 8 * half;
            if (query < h.queries) {
                sums[(int64)GROUP_ID_Y * h.queries + query] = FMA(top[half], h.scale, logarithm_of_two(sum[half]));
            }
        }
    }
    /* The warp's own queries have been read by none but the warp, and are not needed any more. */
    store_rows<T, WIDTH, WIDTH>(memory, row, o, 1.0f / sum[0], 1.0f / sum[1], head_of(out, h.out, h), h.out.row, query0,
                                h.queries, h.width);
}

#endif
