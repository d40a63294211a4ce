/* Attention for OpenCL on CPUs, through the keys in blocks of 64 as docs/numerics.md (rule 4) wants it. A work item, alone in
 * its group, makes ROWS queries of a head by the tiles of rows.h. Keys stand packed as [head][panel][depth][2 WIDTH], values as
 * [head][panel][key][2 WIDTH]. The depth is at most CHUNK; values have at most VALUE_PANELS panels. */
#include "../common/contract.h"
#include "../common/lanes.h"
#include "../common/look.h"
#include "../common/math.h"
#include "heads.h"
#include "rows.h"

#define VALUE_PANELS (256 / COLUMNS)

/* The largest of a block's scores; their order does not matter. */
static float largest_of(const float *score) {
    float lane[LANES];
    for (int l = 0; l < LANES; l++) {
        lane[l] = larger(score[l], score[l + LANES]);
    }
    for (int h = LANES / 2; h >= 1; h >>= 1) {
        for (int l = 0; l < h; l++) {
            lane[l] = larger(lane[l], lane[l + h]);
        }
    }
    return lane[0];
}

static float sum_of(const float *p) {
    float lane[LANES];
    for (int l = 0; l < LANES; l++) {
        lane[l] = (0.0f + p[l]) + p[l + LANES];
    }
    return fold_lanes(lane);
}

__kernel void attend_rows(__global float *out, int y0, __global const float *q_of, Strides sq,
                          __global const vec *packed_keys, int key_panels, __global const vec *packed_values,
                          int value_panels, __global const uchar *mask, View vm, Look s, int depth, int width, float scale) {
    float a[CHUNK * ROWS];
    float p[KEY_BLOCK * ROWS];
    float score[ROWS][KEY_BLOCK];
    int kept[ROWS][KEY_BLOCK];
    vec tile[TILE];
    vec sums[VALUE_PANELS][TILE];
    float top[ROWS];
    float total[ROWS];
    int any[ROWS];
    int head = GROUP_ID_Y;
    int first = GROUP_ID * ROWS;
    int rows = s.queries - first < ROWS ? s.queries - first : ROWS;
    int end = s.causal && first + rows < s.keys ? first + rows : s.keys;
    __global const float *q = q_of + head_start(sq, s.heads, head) + first * sq.row;
    __global const vec *keys = packed_keys + 2 * head * key_panels * depth;
    __global const vec *values = packed_values + 2 * head * value_panels * s.keys;
    for (int r = 0; r < ROWS; r++) {
        for (int i = 0; i < depth; i++) {
            a[i * ROWS + r] = r < rows ? q[r * sq.row + i * sq.column] : 0.0f;
        }
        top[r] = -INFINITE;
        total[r] = 0.0f;
        any[r] = 0;
    }
    for (int v = 0; v < value_panels; v++) {
        for (int i = 0; i < TILE; i++) {
            sums[v][i] = 0.0f;
        }
    }
    for (int block = 0; block < end; block += KEY_BLOCK) {
        int n = s.keys - block < KEY_BLOCK ? s.keys - block : KEY_BLOCK;
        int whole = !s.masked && !(s.causal && block + n - 1 > first);
        for (int panel = 0; panel * COLUMNS < n; panel++) {
            multiply_chunk(a, keys + 2 * (block / COLUMNS + panel) * depth, depth, tile);
            for (int r = 0; r < ROWS; r++) {
                STORE(tile[2 * r] * scale, score[r] + panel * COLUMNS);
                STORE(tile[2 * r + 1] * scale, score[r] + panel * COLUMNS + WIDTH);
            }
        }
        for (int r = 0; r < rows; r++) {
            int some = n;
            if (!whole) {
                some = 0;
                for (int j = 0; j < n; j++) {
                    kept[r][j] = may_look(s, mask, vm, head, first + r, block + j);
                    some += kept[r][j];
                    score[r][j] = kept[r][j] ? score[r][j] : -INFINITE;
                }
            }
            if (some == 0) {
                continue;
            }
            for (int j = n; j < KEY_BLOCK; j++) {
                score[r][j] = -INFINITE;
            }
            float next = larger(top[r], largest_of(score[r]));
            for (int j = 0; j < KEY_BLOCK; j++) {
                score[r][j] = exact_exp(score[r][j] - next);
            }
            for (int j = n; j < KEY_BLOCK; j++) {
                score[r][j] = 0.0f;
            }
            if (some < n) {
                for (int j = 0; j < n; j++) {
                    score[r][j] = kept[r][j] ? score[r][j] : 0.0f;
                }
            }
            float rescale = exact_exp(top[r] - next);
            total[r] = FMA(total[r], rescale, sum_of(score[r]));
            top[r] = next;
            any[r] = 1;
            for (int v = 0; v < value_panels; v++) {
                sums[v][2 * r] = sums[v][2 * r] * rescale;
                sums[v][2 * r + 1] = sums[v][2 * r + 1] * rescale;
            }
        }
        if (whole) {
            for (int j = 0; j < n; j++) {
                for (int r = 0; r < ROWS; r++) {
                    p[j * ROWS + r] = score[r][j];
                }
            }
            for (int v = 0; v < value_panels; v++) {
                multiply_further(p, values + 2 * (v * s.keys + block), n, sums[v]);
            }
            continue;
        }
        /* Keys that a query may not look at take no part in its chain, not even with a factor of zero. */
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < n; j++) {
                if (kept[r][j]) {
                    for (int v = 0; v < value_panels; v++) {
                        __global const vec *value = values + 2 * (v * s.keys + block + j);
                        sums[v][2 * r] = fma((vec)score[r][j], value[0], sums[v][2 * r]);
                        sums[v][2 * r + 1] = fma((vec)score[r][j], value[1], sums[v][2 * r + 1]);
                    }
                }
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        __global float *y = out + y0 + (head * s.queries + first + r) * width;
        for (int v = 0; v < value_panels; v++) {
            float numbers[COLUMNS];
            STORE(sums[v][2 * r], numbers);
            STORE(sums[v][2 * r + 1], numbers + WIDTH);
            int count = width - v * COLUMNS < COLUMNS ? width - v * COLUMNS : COLUMNS;
            for (int d = 0; d < count; d++) {
                y[v * COLUMNS + d] = any[r] ? numbers[d] / total[r] : 0.0f;
            }
        }
    }
}
