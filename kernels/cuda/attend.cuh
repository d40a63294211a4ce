/* Exact attention (docs/numerics.md, rule 4) by tiles: 256 threads have 64 queries and go through the keys in blocks of 64.
 * Scores stay in registers, the probabilities of a block in shared memory, accumulators in registers; nothing of the size
 * queries x keys is ever in global memory. Thread (x, y) of 16 x 16 has queries 4 y ... 4 y + 3, of each block keys
 * 4 x ... 4 x + 3, and of the result columns 4 x ... 4 x + 3 of every 64, of which there are WIDE. While 16 of the depth, or
 * values of 16 keys, are multiplied, the next ones are copied. The depth is at most 256: one chunk. */
#ifndef REVERIE_ATTEND_CUH
#define REVERIE_ATTEND_CUH

#include "../common/look.h"
#include "../common/math.h"
#include "async.cuh"

#define TILE 64
#define SIDE 16
#define STEP 16
#define LINE (TILE + 4)
#define EVERY 0xffffffffu

/* Element (batch, head, row, column) of a tensor of rank 4. */
typedef struct {
    int offset;
    int batch;
    int head;
    int row;
    int column;
} Strides;

FN int head_start(Strides t, int heads, int head) {
    int batch = head / heads;
    return t.offset + batch * t.batch + (head - batch * heads) * t.head;
}

/* Columns d0 ... d0 + 15 of 64 rows as [column][row]. */
FN void bring_turned(float *to, const float *from, Strides t, int row, int rows, int d0, int depth) {
    int l = anew(LOCAL_ID);
#pragma unroll
    for (int half = 0; half < STEP; half += 8) {
        int d = half + l % 8;
#pragma unroll
        for (int j = 0; j < TILE; j += SIDE * SIDE / 8) {
            int i = l / 8 + j;
            bool there = row + i < rows && d0 + d < depth;
            copy_async(to + d * LINE + i, from + (there ? (row + i) * t.row + (d0 + d) * t.column : 0), there);
        }
    }
}

/* 64 columns of 16 rows as [row][column]. */
FN void bring(float *to, const float *from, Strides t, int row, int rows, int column, int columns) {
    int l = anew(LOCAL_ID);
    int d = l % TILE;
#pragma unroll
    for (int j = 0; j < STEP; j += SIDE * SIDE / TILE) {
        int i = l / TILE + j;
        bool there = row + i < rows && column + d < columns;
        copy_async(to + i * LINE + d, from + (there ? (row + i) * t.row + (column + d) * t.column : 0), there);
    }
}

/* Of a block key 4 x + c lies in line x + 16 c, so that the threads that store meet no bank twice. */
FN int line_of(int key) {
    return key / 4 + key % 4 * SIDE;
}

FN void add_outer(float (&d)[4][4], float4 a, float4 b) {
    float left[4] = {a.x, a.y, a.z, a.w};
    float right[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (int r = 0; r < 4; r++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
            d[r][c] = FMA(left[r], right[c], d[r][c]);
        }
    }
}

FN float pick(bool second, float a, float b) {
    return second ? b : a;
}

FN float from_lane(float v, int lane) {
    return __shfl_sync(EVERY, v, lane);
}

/* The largest of each query's numbers in a row of 16 threads: thread x gets that of query x / 4. */
FN float largest(const float (&v)[4], int x) {
    bool high = x & 8;
    float a = larger(pick(high, v[0], v[2]), __shfl_xor_sync(EVERY, pick(high, v[2], v[0]), 8));
    float b = larger(pick(high, v[1], v[3]), __shfl_xor_sync(EVERY, pick(high, v[3], v[1]), 8));
    bool odd = x & 4;
    a = larger(pick(odd, a, b), __shfl_xor_sync(EVERY, pick(odd, b, a), 4));
    a = larger(a, __shfl_xor_sync(EVERY, a, 2));
    return larger(a, __shfl_xor_sync(EVERY, a, 1));
}

/* The sum of each query's 64 numbers by rule 3, likewise: lanes l and l + 32 first, then by halving. Each step leaves half of
 * the sums to the thread on the other side, so that none is made twice. */
FN float total(const float (&p)[4][4], int x) {
    float two[2][4];
    bool high = x & 8;
#pragma unroll
    for (int r = 0; r < 2; r++) {
#pragma unroll
        for (int c = 0; c < 4; c++) {
            two[r][c] = pick(high, p[r][c], p[r + 2][c]) + __shfl_xor_sync(EVERY, pick(high, p[r + 2][c], p[r][c]), 8);
        }
    }
    float one[4];
    bool odd = x & 4;
#pragma unroll
    for (int c = 0; c < 4; c++) {
        one[c] = pick(odd, two[0][c], two[1][c]) + __shfl_xor_sync(EVERY, pick(odd, two[1][c], two[0][c]), 4);
    }
    bool right = x & 2;
    float a = pick(right, one[0], one[2]) + __shfl_xor_sync(EVERY, pick(right, one[2], one[0]), 2);
    float b = pick(right, one[1], one[3]) + __shfl_xor_sync(EVERY, pick(right, one[3], one[1]), 2);
    bool last = x & 1;
    float s = pick(last, a, b) + __shfl_xor_sync(EVERY, pick(last, b, a), 1);
    s = s + __shfl_xor_sync(EVERY, s, 2);
    return s + __shfl_xor_sync(EVERY, s, 1);
}

/* Adds 16 keys' values, weighted. `theirs(i)`: which of keys 4 i ... 4 i + 3 of the block this thread's queries may look at. */
template <class Theirs>
FN void add_values(float (&a)[4][4], const float *score, const float *values, int first, bool whole, Theirs theirs) {
    if (whole) {
#pragma unroll
        for (int j = 0; j < STEP; j++) {
            add_outer(a, *(const float4 *)(score + (first / 4 + line_of(j)) * LINE), *(const float4 *)(values + j * LINE));
        }
        return;
    }
#pragma unroll 1
    for (int j = 0; j < STEP; j++) {
        uint kept = theirs((first + j) / 4) >> j % 4;
        float4 p = *(const float4 *)(score + (first / 4 + line_of(j)) * LINE);
        float4 v = *(const float4 *)(values + j * LINE);
        float left[4] = {p.x, p.y, p.z, p.w};
        float right[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
        for (int r = 0; r < 4; r++) {
            if (kept >> 4 * r & 1) {
#pragma unroll
                for (int c = 0; c < 4; c++) {
                    a[r][c] = FMA(left[r], right[c], a[r][c]);
                }
            }
        }
    }
}

/* Shared memory, in floats: two stages of queries and of keys or values, and the probabilities. */
#define ATTEND_FLOATS (4 * STEP * LINE + TILE * LINE)

template <int WIDE>
FN void attend_tile(float *shared, float *out, const float *q, Strides sq, const float *k, Strides sk, const float *v,
                    Strides sv, const uchar *mask, View vm, Look s, int depth, int width, float scale) {
    int x = LOCAL_ID % SIDE;
    int y = LOCAL_ID / SIDE;
    int row = LOCAL_ID & 16; /* the lane with which this thread's row of 16 begins */
    int first = GROUP_ID * TILE;
    int head = GROUP_ID_Y;
    q += head_start(sq, s.heads, head);
    k += head_start(sk, s.heads, head);
    v += head_start(sv, s.heads, head);
    float *queries = shared;
    float *keys = shared + 2 * STEP * LINE;
    float *score = shared + 4 * STEP * LINE;
    int end = s.causal && first + TILE < s.keys ? first + TILE : s.keys;
    float a[WIDE][4][4];
#pragma unroll
    for (int i = 0; i < WIDE * 16; i++) {
        a[i / 16][i / 4 % 4][i % 4] = 0.0f;
    }
    float top = -INFINITE; /* of query 4 y + x / 4, and so are sum and any */
    float sum = 0.0f;
    int any = 0;
    int stage = 0;
    if (end > 0) {
        bring_turned(queries, q, sq, first, s.queries, 0, depth);
        bring_turned(keys, k, sk, 0, s.keys, 0, depth);
        copies_commit();
    }
#pragma unroll 1
    for (int block = 0; block < end; block += KEY_BLOCK) {
        float t[4][4];
#pragma unroll
        for (int i = 0; i < 16; i++) {
            t[i / 4][i % 4] = 0.0f;
        }
#pragma unroll 1
        for (int d = 0; d < depth; d += STEP) {
            copies_wait<0>();
            BARRIER;
            int other = (stage ^ 1) * STEP * LINE;
            if (d + STEP < depth) {
                bring_turned(queries + other, q, sq, first, s.queries, d + STEP, depth);
                bring_turned(keys + other, k, sk, block, s.keys, d + STEP, depth);
            } else {
                bring(keys + other, v, sv, block, s.keys, 0, width);
            }
            copies_commit();
            const float *left = queries + stage * STEP * LINE + 4 * y;
            const float *right = keys + stage * STEP * LINE + 4 * x;
            if (d + STEP <= depth) {
#pragma unroll
                for (int i = 0; i < STEP; i++) {
                    add_outer(t, *(const float4 *)(left + i * LINE), *(const float4 *)(right + i * LINE));
                }
            } else {
#pragma unroll 1
                for (int i = 0; i < depth - d; i++) {
                    add_outer(t, *(const float4 *)(left + i * LINE), *(const float4 *)(right + i * LINE));
                }
            }
            stage ^= 1;
        }
        uint mine = 0; /* bit 4 r + c: query 4 y + r may look at key 4 x + c; one beyond the last may, and is not stored */
        float best[4];
#pragma unroll
        for (int r = 0; r < 4; r++) {
            int query = first + 4 * y + r;
            best[r] = -INFINITE;
#pragma unroll
            for (int c = 0; c < 4; c++) {
                int key = block + 4 * x + c;
                t[r][c] = t[r][c] * scale;
                if (key < s.keys && (query >= s.queries || may_look(s, mask, vm, head, query, key))) {
                    mine |= 1u << (4 * r + c);
                    best[r] = larger(best[r], t[r][c]);
                }
            }
        }
        uint some = mine;          /* which a query of this row may look at, by bits of four */
        uint missing = mine ^ 0xffff; /* which a query of the warp may not */
#pragma unroll
        for (int h = 8; h >= 1; h /= 2) {
            uint both = __shfl_xor_sync(EVERY, some | missing << 16, h);
            some |= both & 0xffff;
            missing |= both >> 16;
        }
        bool whole = (missing | __shfl_xor_sync(EVERY, missing, 16)) == 0;
        float next = larger(top, largest(best, x));
#pragma unroll
        for (int r = 0; r < 4; r++) {
            float most = from_lane(next, row | 4 * r);
#pragma unroll
            for (int c = 0; c < 4; c++) {
                t[r][c] = mine >> (4 * r + c) & 1 ? exact_exp(t[r][c] - most) : 0.0f;
            }
        }
#pragma unroll
        for (int c = 0; c < 4; c++) {
            *(float4 *)(score + (x + c * SIDE) * LINE + 4 * y) = make_float4(t[0][c], t[1][c], t[2][c], t[3][c]);
        }
        float p = total(t, x);
        float rescale = 1.0f; /* which changes nothing where the query may look at no key of the block */
        if (some >> (x & 12) & 15) {
            rescale = exact_exp(top - next);
            sum = FMA(sum, rescale, p);
            top = next;
            any = 1;
        }
#pragma unroll
        for (int r = 0; r < 4; r++) {
            float factor = from_lane(rescale, row | 4 * r);
#pragma unroll
            for (int i = 0; i < WIDE * 4; i++) {
                a[i / 4][r][i % 4] = a[i / 4][r][i % 4] * factor;
            }
        }
        int there = end - block < KEY_BLOCK ? end - block : KEY_BLOCK;
#pragma unroll 1
        for (int j = 0; j < there; j += STEP) {
#pragma unroll
            for (int w = 0; w < WIDE; w++) {
                copies_wait<0>();
                BARRIER;
                int other = (stage ^ 1) * STEP * LINE;
                if (w + 1 < WIDE) {
                    bring(keys + other, v, sv, block + j, s.keys, (w + 1) * TILE, width);
                } else if (j + STEP < there) {
                    bring(keys + other, v, sv, block + j + STEP, s.keys, 0, width);
                } else if (block + KEY_BLOCK < end) {
                    bring_turned(queries + other, q, sq, first, s.queries, 0, depth);
                    bring_turned(keys + other, k, sk, block + KEY_BLOCK, s.keys, 0, depth);
                }
                copies_commit();
                add_values(a[w], score + 4 * y, keys + stage * STEP * LINE + 4 * x, j, whole,
                           [&](int i) { return __shfl_sync(EVERY, mine, row | i); });
                stage ^= 1;
            }
        }
    }
#pragma unroll
    for (int r = 0; r < 4; r++) {
        int query = first + 4 * y + r;
        float divisor = from_lane(sum, row | 4 * r);
        int looked = __shfl_sync(EVERY, any, row | 4 * r);
        float *to = out + (head * s.queries + query) * width;
#pragma unroll
        for (int i = 0; i < WIDE * 4; i++) {
            int column = i / 4 * TILE + 4 * x + i % 4;
            if (query < s.queries && column < width) {
                to[column] = looked ? a[i / 4][r][i % 4] / divisor : 0.0f;
            }
        }
    }
}

#endif
