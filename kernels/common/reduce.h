/* Reductions. A group makes one sum, or one segment of it; it has 32 work items, or a single one with an array of lanes where
 * SERIAL_LANES is defined (CPUs, whose vectors run along the array). The sums of a pass lie one behind the other as
 * [results, segments], and a pass over those follows until there is one segment. `kept` says where the elements of result r
 * begin (looked up by at_any), `along` where element j lies from there. */
#include "indices.h"
#include "lanes.h"
#include "math.h"

/* The term may use r, j and what `prepare` declares. */
#ifdef SERIAL_LANES
#define SUM(name, parameters, prepare, term)                                                                           \
    KERNEL name(GLOBAL float *out, int y0, int n, int segments, int divide, float divisor, parameters) {               \
        int r = GROUP_ID / segments;                                                                                   \
        int first = (GROUP_ID - r * segments) * SEGMENT;                                                               \
        int end = n < first + SEGMENT ? n : first + SEGMENT;                                                           \
        prepare;                                                                                                       \
        float lane[LANES];                                                                                             \
        for (int l = 0; l < LANES; l++) {                                                                              \
            lane[l] = 0.0f;                                                                                            \
        }                                                                                                              \
        int row = first;                                                                                               \
        for (; row + LANES <= end; row += LANES) {                                                                     \
            for (int l = 0; l < LANES; l++) {                                                                          \
                int j = row + l;                                                                                       \
                lane[l] = lane[l] + (term);                                                                            \
            }                                                                                                          \
        }                                                                                                              \
        for (int j = row; j < end; j++) {                                                                              \
            lane[j - row] = lane[j - row] + (term);                                                                    \
        }                                                                                                              \
        float sum = fold_lanes(lane);                                                                                  \
        out[y0 + GROUP_ID] = divide ? sum / divisor : sum;                                                             \
    }
#else
#define SUM(name, parameters, prepare, term)                                                                           \
    KERNEL name(GLOBAL float *out, int y0, int n, int segments, int divide, float divisor, parameters) {               \
        LOCAL float lane[LANES];                                                                                       \
        int l = LOCAL_ID;                                                                                              \
        int r = GROUP_ID / segments;                                                                                   \
        int first = (GROUP_ID - r * segments) * SEGMENT;                                                               \
        int end = n < first + SEGMENT ? n : first + SEGMENT;                                                           \
        prepare;                                                                                                       \
        float mine = 0.0f;                                                                                             \
        for (int j = first + l; j < end; j += LANES) {                                                                 \
            mine = mine + (term);                                                                                      \
        }                                                                                                              \
        float sum = add_lanes(lane, l, mine);                                                                          \
        if (l == 0) {                                                                                                  \
            out[y0 + GROUP_ID] = divide ? sum / divisor : sum;                                                         \
        }                                                                                                              \
    }
#endif

#define COMMA ,

SUM(sum_elements, GLOBAL const float *x COMMA View kept COMMA View along, int base = at_any(kept, r), x[base + at(along, j)])

FN float squared(float d) {
    return d * d;
}

SUM(sum_squares, GLOBAL const float *x COMMA View kept COMMA View along COMMA GLOBAL const float *mean COMMA int m0,
    int base = at_any(kept, r);
    float m = mean[m0 + r], squared(x[base + at(along, j)] - m))

SUM(sum_exponentials, GLOBAL const float *x COMMA View kept COMMA View along COMMA GLOBAL const float *top COMMA int t0,
    int base = at_any(kept, r);
    float m = top[t0 + r], exact_exp(x[base + at(along, j)] - m))

SUM(sum_shifted, GLOBAL const float *x COMMA View kept COMMA View along COMMA GLOBAL const float *top COMMA int t0,
    int base = at_any(kept, r);
    float m = top[t0 + r], x[base + at(along, j)] - m)

SUM(sum_square_errors, GLOBAL const float *a COMMA View v COMMA GLOBAL const float *b COMMA View w, ,
    squared(a[at(v, j)] - b[at(w, j)]))

SUM(sum_products, GLOBAL const float *a COMMA GLOBAL const float *b COMMA View kept COMMA View along, int base = at_any(kept, r),
    a[base + at(along, j)] * b[base + at(along, j)])

FN float cross_entropy_term(float x, float z) {
    return (larger(x, 0.0f) - x * z) + exact_log1p(exact_exp(-MAGNITUDE(x)));
}

SUM(sum_cross_entropies, GLOBAL const float *a COMMA View v COMMA GLOBAL const float *b COMMA View w, ,
    cross_entropy_term(a[at(v, j)], b[at(w, j)]))

/* Sums down columns. Column c of rows 0 ... n - 1 begins at first + c, its elements lie `row` apart. A group takes 32 columns
 * of one segment: a work item has four lanes of a column, or with SERIAL_LANES all lanes of all of them, and vectors run
 * across. The term may use p, where the element lies, column, and what `prepare` declares. */
#define COLUMNS 32
#define ROWS 8

#ifdef SERIAL_LANES
#define COLUMN_SUM(name, parameters, prepare, term)                                                                    \
    KERNEL name(GLOBAL float *out, int y0, int n, int segments, int divide, float divisor, int columns, int first,     \
                int row, parameters) {                                                                                 \
        float lane[LANES][COLUMNS];                                                                                    \
        int begin = GROUP_ID_Y * SEGMENT;                                                                              \
        int end = n < begin + SEGMENT ? n : begin + SEGMENT;                                                           \
        int left = GROUP_ID * COLUMNS;                                                                                 \
        int count = columns - left < COLUMNS ? columns - left : COLUMNS;                                               \
        for (int l = 0; l < LANES; l++) {                                                                              \
            for (int c = 0; c < COLUMNS; c++) {                                                                        \
                lane[l][c] = 0.0f;                                                                                     \
            }                                                                                                          \
        }                                                                                                              \
        for (int j = begin; j < end; j++) {                                                                            \
            for (int c = 0; c < count; c++) {                                                                          \
                int column = left + c;                                                                                 \
                int p = first + j * row + column;                                                                      \
                prepare;                                                                                               \
                lane[j % LANES][c] = lane[j % LANES][c] + (term);                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (int h = LANES / 2; h >= 1; h >>= 1) {                                                                     \
            for (int l = 0; l < h; l++) {                                                                              \
                for (int c = 0; c < COLUMNS; c++) {                                                                    \
                    lane[l][c] = lane[l][c] + lane[l + h][c];                                                          \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (int c = 0; c < count; c++) {                                                                              \
            out[y0 + (left + c) * segments + GROUP_ID_Y] = divide ? lane[0][c] / divisor : lane[0][c];                 \
        }                                                                                                              \
    }
#else
#define COLUMN_SUM(name, parameters, prepare, term)                                                                    \
    KERNEL GROUP_SIZE(COLUMNS *ROWS)                                                                                   \
        name(GLOBAL float *out, int y0, int n, int segments, int divide, float divisor, int columns, int first, int row,\
             parameters) {                                                                                             \
        LOCAL float lane[LANES][COLUMNS];                                                                              \
        int c = LOCAL_ID % COLUMNS;                                                                                    \
        int l = LOCAL_ID / COLUMNS;                                                                                    \
        int column = GROUP_ID * COLUMNS + c;                                                                           \
        int begin = GROUP_ID_Y * SEGMENT;                                                                              \
        int end = n < begin + SEGMENT ? n : begin + SEGMENT;                                                           \
        float mine[LANES / ROWS] = {0.0f, 0.0f, 0.0f, 0.0f};                                                           \
        if (column < columns) {                                                                                        \
            prepare;                                                                                                   \
            for (int j = begin + l; j < end; j += LANES) {                                                             \
                _Pragma("unroll") for (int q = 0; q < LANES / ROWS; q++) {                                             \
                    if (j + q * ROWS < end) {                                                                          \
                        int p = first + (j + q * ROWS) * row + column;                                                 \
                        mine[q] = mine[q] + (term);                                                                    \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("unroll") for (int q = 0; q < LANES / ROWS; q++) {                                                     \
            lane[l + q * ROWS][c] = mine[q];                                                                           \
        }                                                                                                              \
        BARRIER;                                                                                                       \
        for (int h = LANES / 2; h >= 1; h >>= 1) {                                                                     \
            for (int r = l; r < h; r += ROWS) {                                                                        \
                lane[r][c] = lane[r][c] + lane[r + h][c];                                                              \
            }                                                                                                          \
            BARRIER;                                                                                                   \
        }                                                                                                              \
        if (l == 0 && column < columns) {                                                                              \
            out[y0 + column * segments + GROUP_ID_Y] = divide ? lane[0][c] / divisor : lane[0][c];                     \
        }                                                                                                              \
    }
#endif

COLUMN_SUM(column_elements, GLOBAL const float *x, , x[p])
COLUMN_SUM(column_squares, GLOBAL const float *x COMMA GLOBAL const float *mean COMMA int m0, float m = mean[m0 + column],
           squared(x[p] - m))
COLUMN_SUM(column_products, GLOBAL const float *a COMMA GLOBAL const float *b, , a[p] * b[p])

/* The largest (or, if least, the smallest) of each group: order-free. n is at least 1. */
KERNEL extreme_value(GLOBAL float *out, int y0, int n, int least, GLOBAL const float *x, View kept, View along) {
    LOCAL float lane[LANES];
    int l = LOCAL_ID;
    int base = at_any(kept, GROUP_ID);
    float mine = x[base + at(along, l < n ? l : 0)];
    for (int j = l + LANES; j < n; j += LANES) {
        float other = x[base + at(along, j)];
        mine = least ? smaller(mine, other) : larger(mine, other);
    }
    lane[l] = mine;
    BARRIER;
    for (int h = LANES / 2; h >= 1; h >>= 1) {
        if (l < h) {
            lane[l] = least ? smaller(lane[l], lane[l + h]) : larger(lane[l], lane[l + h]);
        }
        BARRIER;
    }
    if (l == 0) {
        out[y0 + GROUP_ID] = lane[0];
    }
}

/* Whether (b, at j) is chosen before (a, at i): the first NaN, else the extreme with the lowest index; zeros are equal. */
FN int comes_first(float b, int j, float a, int i, int least) {
    int a_nan = a != a;
    int b_nan = b != b;
    if (a_nan || b_nan) {
        return b_nan && (!a_nan || j < i);
    }
    return a == b ? j < i : least ? b < a : b > a;
}

/* The place of the extreme of a group, valid in every lane. */
FN int extreme_place(LOCAL_POINTER float *value, LOCAL_POINTER int *place, int n, int least, GLOBAL const float *x, int base,
                     View along) {
    int l = LOCAL_ID;
    int best = l < n ? l : 0;
    float champion = x[base + at(along, best)];
    for (int j = l + LANES; j < n; j += LANES) {
        float other = x[base + at(along, j)];
        if (comes_first(other, j, champion, best, least)) {
            champion = other;
            best = j;
        }
    }
    value[l] = champion;
    place[l] = best;
    BARRIER;
    for (int h = LANES / 2; h >= 1; h >>= 1) {
        if (l < h && comes_first(value[l + h], place[l + h], value[l], place[l], least)) {
            value[l] = value[l + h];
            place[l] = place[l + h];
        }
        BARRIER;
    }
    return place[0];
}

KERNEL extreme_index(GLOBAL int *out, int y0, int n, int least, GLOBAL const float *x, View kept, View along) {
    LOCAL float value[LANES];
    LOCAL int place[LANES];
    int best = extreme_place(value, place, n, least, x, at_any(kept, GROUP_ID), along);
    if (LOCAL_ID == 0) {
        out[y0 + GROUP_ID] = best;
    }
}

/* Puts g of each group at the place of its extreme; dx, which has views of its own, is zero before. */
KERNEL extreme_gradient(GLOBAL float *dx, View kept_dx, View along_dx, int n, int least, GLOBAL const float *x, View kept,
                        View along, GLOBAL const float *g, View w) {
    LOCAL float value[LANES];
    LOCAL int place[LANES];
    int best = extreme_place(value, place, n, least, x, at_any(kept, GROUP_ID), along);
    if (LOCAL_ID == 0) {
        dx[at_any(kept_dx, GROUP_ID) + at(along_dx, best)] = g[at(w, GROUP_ID)];
    }
}

/* Rows of `columns` elements, with their largest and the sum of their exponentials. */
KERNEL softmax_finish(GLOBAL float *out, int y0, int n, int columns, GLOBAL const float *x, View v, GLOBAL const float *top,
                      int t0, GLOBAL const float *sum, int s0, int logarithm) {
    int i = GLOBAL_ID;
    if (i < n) {
        int r = i / columns;
        float shifted = x[at(v, i)] - top[t0 + r];
        out[y0 + i] = logarithm ? shifted - exact_log(sum[s0 + r]) : exact_exp(shifted) / sum[s0 + r];
    }
}

/* What one row adds to a cross-entropy; `all` is the sum of shifted logits, read only if smooth. */
KERNEL cross_entropy_rows(GLOBAL float *out, int y0, int rows, int classes, GLOBAL const float *x, View v,
                          GLOBAL const uchar *labels, int wide, View vl, GLOBAL const float *top, int t0,
                          GLOBAL const float *sum, int s0, GLOBAL const float *all, int a0, int smooth, float sharp,
                          float share) {
    int r = GLOBAL_ID;
    if (r < rows) {
        int label = safe_index(labels, wide, at(vl, r), classes);
        float target = x[at(v, r * classes + label)] - top[t0 + r];
        if (smooth) {
            target = sharp * target + share * all[a0 + r];
        }
        out[y0 + r] = exact_log(sum[s0 + r]) - target;
    }
}

KERNEL cross_entropy_slopes(GLOBAL float *out, int y0, int n, int rows, int classes, GLOBAL const float *x, View v,
                            GLOBAL const uchar *labels, int wide, View vl, GLOBAL const float *g, View w,
                            GLOBAL const float *top, int t0, GLOBAL const float *sum, int s0, float at_label, float share) {
    int i = GLOBAL_ID;
    if (i < n) {
        int r = i / classes;
        float weight = g[at(w, 0)] / (float)rows;
        float p = exact_exp(x[at(v, i)] - top[t0 + r]) / sum[s0 + r];
        int label = safe_index(labels, wide, at(vl, r), classes);
        out[y0 + i] = weight * (p - (i % classes == label ? at_label : share));
    }
}

/* (factor g / n) times the difference of two tensors, or of sigmoid(a) and b. */
KERNEL pair_slopes(GLOBAL float *out, int y0, int n, GLOBAL const float *a, View v, GLOBAL const float *b, View w,
                   GLOBAL const float *g, View vg, float factor, int logits) {
    int i = GLOBAL_ID;
    if (i < n) {
        float weight = (factor * g[at(vg, 0)]) / (float)n;
        float x = a[at(v, i)];
        out[y0 + i] = weight * ((logits ? exact_sigmoid(x) : x) - b[at(w, i)]);
    }
}
