/* The gradient of attention. One kernel has the keys of a block fast and walks over the queries, another the other way round;
 * both compute the scores again, and none adds to what another block has written: the same bits in every run. */
#ifndef REVERIE_FAST_ATTENTION_BACK_H
#define REVERIE_FAST_ATTENTION_BACK_H

#include "attention.h"

/* The gradients' rows and what the forward left: of every query [batch, head, query] the logarithm of its sum and the product
 * of its output with the output's gradient. */
typedef struct {
    Rows slope;
    Rows dq;
    Rows dk;
    Rows dv;
    float scale; /* not multiplied with anything */
} Slopes;

#define KEYS_OF_BLOCK (WARPS * 16)

/* products[batch, head, query] = out . slope; one warp to a query. */
template <class T>
FN void slope_products(float *products, const T *out, const T *slope, const Heads &h, const Slopes &g) {
    int query = GROUP_ID * WARPS + (int)threadIdx.x / WARP;
    if (query >= h.queries) {
        return;
    }
    const T *o = head_of(out, h.out, h) + (int64)query * h.out.row;
    const T *s = head_of(slope, g.slope, h) + (int64)query * g.slope.row;
    float sum = 0.0f;
    if (LANE * 8 < h.width) {
        Eight<T> a = Eight<T>::at(o + LANE * 8);
        Eight<T> b = Eight<T>::at(s + LANE * 8);
        UNROLL for (int i = 0; i < 8; i++) sum = FMA(a.v[i], b.v[i], sum);
    }
    UNROLL for (int by = 16; by > 0; by >>= 1) sum += __shfl_xor_sync(ALL_LANES, sum, by);
    if (LANE == 0) {
        products[(int64)GROUP_ID_Y * h.queries + query] = sum;
    }
}

/* Shared memory of key_gradients: keys and values, then twice such a stage: queries, slopes, and of each query the sum's
 * logarithm and the product. */
template <int WIDTH, int COUNT> __device__ constexpr int stage_of_queries() {
    return 2 * row_bytes<WIDTH>(COUNT) + 2 * COUNT * 4;
}

template <class T, int WIDTH, int COUNT>
FN void copy_queries(char *stage, const T *q, const T *slope, const float *sums, const float *products, int first, const Heads &h,
                     const Slopes &g) {
    uint to = shared_address(stage);
    copy_rows<T, WIDTH, COUNT>(to, q, h.q.row, first, h.queries, h.width);
    copy_rows<T, WIDTH, COUNT>(to + row_bytes<WIDTH>(COUNT), slope, g.slope.row, first, h.queries, h.width);
    commit_copies();
    float *numbers = (float *)(stage + 2 * row_bytes<WIDTH>(COUNT));
    for (int i = (int)threadIdx.x; i < COUNT; i += THREADS) {
        bool there = first + i < h.queries;
        numbers[i] = there ? sums[first + i] : INFINITE; /* of a query that is not there every probability is 0 */
        numbers[COUNT + i] = there ? products[first + i] : 0.0f;
    }
}

/* dk and dv of KEYS_OF_BLOCK keys (blocks along x) of a head (along y), PART of the columns (along z). */
template <class T, int WIDTH, int PART, int COUNT>
FN void key_gradients(T *dk, T *dv, const T *q, const T *k, const T *v, const T *slope, const float *sums, const float *products,
                      const Heads &h, const Slopes &g) {
    DYNAMIC_SHARED(memory);
    constexpr int STAGE = stage_of_queries<WIDTH, COUNT>();
    uint keys = shared_address(memory);
    uint values = keys + row_bytes<WIDTH>(KEYS_OF_BLOCK);
    char *ring = memory + 2 * row_bytes<WIDTH>(KEYS_OF_BLOCK);
    int key0 = GROUP_ID * KEYS_OF_BLOCK;
    int row = (int)threadIdx.x / WARP * 16;
    int part = GROUP_ID_Z * PART;
    q = head_of(q, h.q, h);
    slope = head_of(slope, g.slope, h);
    sums += (int64)GROUP_ID_Y * h.queries;
    products += (int64)GROUP_ID_Y * h.queries;
    int first = h.causal ? key0 / COUNT * COUNT : 0;
    copy_rows<T, WIDTH, KEYS_OF_BLOCK>(keys, head_of(k, h.k, h), h.k.row, key0, h.keys, h.width);
    copy_rows<T, WIDTH, KEYS_OF_BLOCK>(values, head_of(v, h.v, h), h.v.row, key0, h.keys, h.width);
    copy_queries<T, WIDTH, COUNT>(ring, q, slope, sums, products, first, h, g);

    float to_keys[PART / 8][4];
    float to_values[PART / 8][4];
    clear(to_keys);
    clear(to_values);
    int stage = 0;
    for (int query0 = first; query0 < h.queries; query0 += COUNT) {
        char *tile = ring + stage * STAGE;
        stage ^= 1;
        wait_for_copies<0>();
        __syncthreads();
        if (query0 + COUNT < h.queries) {
            copy_queries<T, WIDTH, COUNT>(ring + stage * STAGE, q, slope, sums, products, query0 + COUNT, h, g);
        }
        uint queries = shared_address(tile);
        uint slopes = queries + row_bytes<WIDTH>(COUNT);
        const float *numbers = (const float *)(tile + 2 * row_bytes<WIDTH>(COUNT));
        float p[COUNT / 8][4];
        float ds[COUNT / 8][4];
        scores<T, WIDTH, COUNT>(p, keys, row, queries);
        scores<T, WIDTH, COUNT>(ds, values, row, slopes);
        UNROLL for (int j = 0; j < COUNT / 8; j++) {
            UNROLL for (int e = 0; e < 4; e++) {
                int at = 8 * j + 2 * (LANE & 3) + (e & 1);
                int key = key0 + row + (LANE >> 2) + 8 * (e >> 1);
                float x = power_of_two(FMA(p[j][e], h.scale, -numbers[at]));
                p[j][e] = h.causal && key > query0 + at ? 0.0f : x;
                ds[j][e] = p[j][e] * (ds[j][e] - numbers[COUNT + at]);
            }
        }
        add_weighted<T, WIDTH, COUNT, PART>(to_values, p, slopes, part / 16);
        add_weighted<T, WIDTH, COUNT, PART>(to_keys, ds, queries, part / 16);
    }
    wait_for_copies<0>(); /* where there was no query */
    __syncthreads();
    int left = h.width - part;
    store_rows<T, WIDTH, PART>(memory, row, to_keys, g.scale, g.scale, head_of(dk, g.dk, h) + part, g.dk.row, key0, h.keys, left);
    store_rows<T, WIDTH, PART>(memory, row, to_values, 1.0f, 1.0f, head_of(dv, g.dv, h) + part, g.dv.row, key0, h.keys, left);
}

/* dq of QUERIES queries (blocks along x) of a head (along y). Shared memory: queries and slopes, then twice keys and values. */
template <class T, int WIDTH, int KEYS>
FN void query_gradients(T *dq, const T *q, const T *k, const T *v, const T *slope, const float *sums, const float *products,
                        const Heads &h, const Slopes &g) {
    DYNAMIC_SHARED(memory);
    constexpr int STAGE = 2 * row_bytes<WIDTH>(KEYS);
    uint queries = shared_address(memory);
    uint slopes = queries + row_bytes<WIDTH>(QUERIES);
    uint ring = slopes + row_bytes<WIDTH>(QUERIES);
    int query0 = GROUP_ID * QUERIES;
    int row = (int)threadIdx.x / WARP * 16;
    k = head_of(k, h.k, h);
    v = head_of(v, h.v, h);
    int end = h.causal ? min(h.keys, query0 + QUERIES) : h.keys;
    copy_rows<T, WIDTH, QUERIES>(queries, head_of(q, h.q, h), h.q.row, query0, h.queries, h.width);
    copy_rows<T, WIDTH, QUERIES>(slopes, head_of(slope, g.slope, h), g.slope.row, query0, h.queries, h.width);
    copy_rows<T, WIDTH, KEYS>(ring, k, h.k.row, 0, h.keys, h.width);
    copy_rows<T, WIDTH, KEYS>(ring + STAGE / 2, v, h.v.row, 0, h.keys, h.width);
    commit_copies();
    float sum[2];
    float product[2];
    UNROLL for (int half = 0; half < 2; half++) {
        int query = query0 + row + (LANE >> 2) + 8 * half;
        int64 at = (int64)GROUP_ID_Y * h.queries + query;
        sum[half] = query < h.queries ? sums[at] : INFINITE;
        product[half] = query < h.queries ? products[at] : 0.0f;
    }

    float to_queries[WIDTH / 8][4];
    clear(to_queries);
    int stage = 0;
    for (int key0 = 0; key0 < end; key0 += KEYS) {
        uint tile = ring + stage * STAGE;
        stage ^= 1;
        wait_for_copies<0>();
        __syncthreads();
        if (key0 + KEYS < end) {
            uint next = ring + stage * STAGE;
            copy_rows<T, WIDTH, KEYS>(next, k, h.k.row, key0 + KEYS, h.keys, h.width);
            copy_rows<T, WIDTH, KEYS>(next + STAGE / 2, v, h.v.row, key0 + KEYS, h.keys, h.width);
            commit_copies();
        }
        float p[KEYS / 8][4];
        float ds[KEYS / 8][4];
        scores<T, WIDTH, KEYS>(p, queries, row, tile);
        scores<T, WIDTH, KEYS>(ds, slopes, row, tile + STAGE / 2);
        UNROLL for (int j = 0; j < KEYS / 8; j++) {
            UNROLL for (int e = 0; e < 4; e++) {
                int key = key0 + 8 * j + 2 * (LANE & 3) + (e & 1);
                int query = query0 + row + (LANE >> 2) + 8 * (e >> 1);
                bool seen = key < h.keys && !(h.causal && key > query);
                float x = seen ? power_of_two(FMA(p[j][e], h.scale, -sum[e >> 1])) : 0.0f;
                ds[j][e] = x * (ds[j][e] - product[e >> 1]);
            }
        }
        add_weighted<T, WIDTH, KEYS, WIDTH>(to_queries, ds, tile, 0);
    }
    wait_for_copies<0>();
    __syncthreads();
    store_rows<T, WIDTH, WIDTH>(memory, row, to_queries, g.scale, g.scale, head_of(dq, g.dq, h), g.dq.row, query0, h.queries,
                                h.width);
}

#endif
