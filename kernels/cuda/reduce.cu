/* Reductions, softmax and losses: the exact kernels. Beside those that every device has: sums down the columns of a matrix,
 * where neighbouring threads have neighbouring columns and so read neighbouring numbers. */
#include "../common/reduce.h"

//@hot sum_elements
//@hot sum_squares
//@hot sum_products
//@hot sum_exponentials
//@hot extreme_value
//@hot softmax_finish
//@hot column_elements
//@hot column_squares
//@hot column_products

#define COLUMNS 32
#define ROWS 8

/* Column c of rows 0 ... n - 1 begins at first + c, its elements lie `row` apart. A block takes 32 columns of one segment; a
 * thread has four lanes of a column. TERM may use p, where the element lies, and column. */
#define COLUMN_SUM(name, parameters, prepare, term)                                                                    \
    KERNEL GROUP_SIZE(COLUMNS *ROWS) name(float *out, int y0, int n, int segments, int divide, float divisor,          \
                                          int columns, int first, int row, parameters) {                               \
        __shared__ float lane[LANES][COLUMNS];                                                                         \
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

COLUMN_SUM(column_elements, const float *x, , x[p])
COLUMN_SUM(column_squares, const float *x COMMA const float *mean COMMA int m0, float m = mean[m0 + column],
           squared(x[p] - m))
COLUMN_SUM(column_products, const float *a COMMA const float *b, , a[p] * b[p])
