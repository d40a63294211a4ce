/* Attention for OpenCL on GPUs: 256 work items have a tile of 32 queries, and go through the keys in blocks of 64 as
 * docs/numerics.md (rule 4) wants it. Scores and probabilities of a block stay in local memory, accumulators in registers;
 * nothing of the size queries x keys is ever in global memory. Work item (x, y) of 16 x 16 has queries 2 y and 2 y + 1, of
 * each block keys 4 x ... 4 x + 3, and of the result columns 4 x ... 4 x + 3 of every 64. WIDE says how many times 64 columns
 * the values have at most. The depth is at most 256: one chunk. */
#include "../common/dialect.h"
#include "../common/look.h"
#include "../common/math.h"
#include "heads.h"

#define QUERIES 32
#define ITEMS 256
#define SIDE 16
#define STEP 16 /* of the depth, or keys, in local memory at a time */
#define GAP 4
#define UNROLL _Pragma("unroll")

/* Brings `n` steps, from d0 on, of `lines` rows into local memory as [step][line]; rows from the last on are zeros. */
static void bring(__local float *to, int lines, __global const float *x, int row, int column, int first, int last, int d0,
                  int n) {
    for (int i = LOCAL_ID; i < lines * STEP; i += ITEMS) {
        int d = i % STEP;
        int r = i / STEP;
        to[d * (lines + GAP) + r] = d < n && first + r < last ? x[(first + r) * row + (d0 + d) * column] : 0.0f;
    }
}

/* Rule 3 from the 16 sums of two places each on: of lanes l and l + 16 the sum is known, h is 8, 4, 2, 1. */
static float add_places(__local const float *part) {
    float lane[SIDE];
    UNROLL for (int l = 0; l < SIDE; l++) {
        lane[l] = part[l];
    }
    UNROLL for (int h = SIDE / 2; h >= 1; h >>= 1) {
        UNROLL for (int l = 0; l < h; l++) {
            lane[l] = lane[l] + lane[l + h];
        }
    }
    return lane[0];
}

__attribute__((reqd_work_group_size(ITEMS, 1, 1))) __kernel void attend_tiles(
    __global float *out, int y0, __global const float *q_of, Strides sq, __global const float *k_of, Strides sk,
    __global const float *v_of, Strides sv, __global const uchar *mask, View vm, Look s, int depth, int width, float scale) {
    __local float4 queries[STEP * (QUERIES + GAP) / 4];
    __local float4 keys[STEP * (KEY_BLOCK + GAP) / 4]; /* then values, [key][column] */
    __local float score[QUERIES][KEY_BLOCK + GAP];
    __local float part[QUERIES][SIDE];
    __local int kept[QUERIES][SIDE]; /* a bit for each key of an item that its query may look at */
    int x = LOCAL_ID % SIDE;
    int row = LOCAL_ID / SIDE * 2;
    int first = GROUP_ID * QUERIES;
    int head = GROUP_ID_Y;
    __global const float *q = q_of + head_start(sq, s.heads, head);
    __global const float *k = k_of + head_start(sk, s.heads, head);
    __global const float *v = v_of + head_start(sv, s.heads, head);
    int end = s.causal && first + QUERIES < s.keys ? first + QUERIES : s.keys;
    float4 a[2][WIDE];
    float top[2];
    float sum[2];
    int any[2];
    UNROLL for (int r = 0; r < 2; r++) {
        top[r] = -INFINITE;
        sum[r] = 0.0f;
        any[r] = 0;
        UNROLL for (int w = 0; w < WIDE; w++) {
            a[r][w] = (float4)0.0f;
        }
    }
    for (int block = 0; block < end; block += KEY_BLOCK) {
        float4 t[2];
        t[0] = (float4)0.0f;
        t[1] = (float4)0.0f;
        for (int d = 0; d < depth; d += STEP) {
            int n = depth - d < STEP ? depth - d : STEP;
            bring((__local float *)queries, QUERIES, q, sq.row, sq.column, first, s.queries, d, n);
            bring((__local float *)keys, KEY_BLOCK, k, sk.row, sk.column, block, s.keys, d, n);
            BARRIER;
            for (int i = 0; i < n; i++) {
                float4 key = keys[i * (KEY_BLOCK + GAP) / 4 + x];
                __local const float *query = (__local const float *)queries + i * (QUERIES + GAP) + row;
                t[0] = fma((float4)query[0], key, t[0]);
                t[1] = fma((float4)query[1], key, t[1]);
            }
            BARRIER;
        }
        float scores[2][4];
        int mine[2];
        UNROLL for (int r = 0; r < 2; r++) {
            int query = first + row + r;
            float best = -INFINITE;
            mine[r] = 0;
            vstore4(t[r] * scale, 0, scores[r]);
            UNROLL for (int c = 0; c < 4; c++) {
                int key = block + 4 * x + c;
                if (query < s.queries && key < s.keys && may_look(s, mask, vm, head, query, key)) {
                    mine[r] |= 1 << c;
                    best = larger(best, scores[r][c]);
                }
            }
            part[row + r][x] = best;
            kept[row + r][x] = mine[r];
        }
        BARRIER;
        float next[2];
        int some[2];
        int whole[2];
        UNROLL for (int r = 0; r < 2; r++) {
            next[r] = top[r];
            some[r] = 0;
            whole[r] = 1;
            for (int i = 0; i < SIDE; i++) {
                next[r] = larger(next[r], part[row + r][i]);
                some[r] |= kept[row + r][i];
                whole[r] &= kept[row + r][i] == 15;
            }
            UNROLL for (int c = 0; c < 4; c++) {
                score[row + r][4 * x + c] = mine[r] >> c & 1 ? exact_exp(scores[r][c] - next[r]) : 0.0f;
            }
        }
        BARRIER;
        UNROLL for (int r = 0; r < 2; r++) {
            __local const float *p = score[row + r] + x;
            part[row + r][x] = ((0.0f + p[0]) + p[32]) + ((0.0f + p[16]) + p[48]);
        }
        BARRIER;
        UNROLL for (int r = 0; r < 2; r++) {
            if (some[r]) {
                float rescale = exact_exp(top[r] - next[r]);
                sum[r] = FMA(sum[r], rescale, add_places(part[row + r]));
                top[r] = next[r];
                any[r] = 1;
                UNROLL for (int w = 0; w < WIDE; w++) {
                    a[r][w] = a[r][w] * rescale;
                }
            }
        }
        for (int j0 = 0; j0 < KEY_BLOCK && block + j0 < end; j0 += STEP) {
            UNROLL for (int w = 0; w < WIDE; w++) {
                for (int i = LOCAL_ID; i < STEP * KEY_BLOCK; i += ITEMS) {
                    int d = i % KEY_BLOCK;
                    int j = i / KEY_BLOCK;
                    int key = block + j0 + j;
                    int inside = key < s.keys && 64 * w + d < width;
                    ((__local float *)keys)[j * (KEY_BLOCK + GAP) + d] =
                        inside ? v[key * sv.row + (64 * w + d) * sv.column] : 0.0f;
                }
                BARRIER;
                for (int j = 0; j < STEP; j++) {
                    float4 value = keys[j * (KEY_BLOCK + GAP) / 4 + x];
                    UNROLL for (int r = 0; r < 2; r++) {
                        int at_key = j0 + j;
                        if (whole[r] || (kept[row + r][at_key / 4] >> at_key % 4 & 1)) {
                            a[r][w] = fma((float4)score[row + r][at_key], value, a[r][w]);
                        }
                    }
                }
                BARRIER;
            }
        }
    }
    UNROLL for (int r = 0; r < 2; r++) {
        int query = first + row + r;
        if (query < s.queries) {
            UNROLL for (int w = 0; w < WIDE; w++) {
                float numbers[4];
                vstore4(any[r] ? a[r][w] / sum[r] : (float4)0.0f, 0, numbers);
                for (int c = 0; c < 4; c++) {
                    int d = 64 * w + 4 * x + c;
                    if (d < width) {
                        out[y0 + (head * s.queries + query) * width + d] = numbers[c];
                    }
                }
            }
        }
    }
}
