/* ROWS rows times a panel of two vectors of columns, in registers; ROWS comes from the host. */
#ifndef REVERIE_ROWS_H
#define REVERIE_ROWS_H

#include "vectors.h"

#define COLUMNS (2 * WIDTH)
#define TILE (2 * ROWS)

#if ROWS == 12
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
#elif ROWS == 8
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#else
#define EACH_ROW(X) X(0) X(1) X(2) X(3) X(4) X(5)
#endif

#define CLEAR_ROW(r)                                                                                                   \
    vec left##r = 0.0f;                                                                                                \
    vec right##r = 0.0f;
#define LOAD_ROW(r)                                                                                                    \
    vec left##r = tile[2 * r];                                                                                         \
    vec right##r = tile[2 * r + 1];
#define MULTIPLY_ROW(r)                                                                                                \
    left##r = fma((vec)a[r], b0, left##r);                                                                             \
    right##r = fma((vec)a[r], b1, right##r);
#define KEEP_ROW(r)                                                                                                    \
    tile[2 * r] = left##r;                                                                                             \
    tile[2 * r + 1] = right##r;

#define MULTIPLY_STEPS(a, b, n)                                                                                        \
    for (int k = 0; k < n; k++) {                                                                                      \
        vec b0 = b[0];                                                                                                 \
        vec b1 = b[1];                                                                                                 \
        EACH_ROW(MULTIPLY_ROW)                                                                                         \
        a += ROWS;                                                                                                     \
        b += 2;                                                                                                        \
    }

/* n steps of k: [n][ROWS] times [n][2 WIDTH]. */
static void multiply_chunk(const float *a, __global const vec *b, int n, vec *tile) {
    EACH_ROW(CLEAR_ROW)
    MULTIPLY_STEPS(a, b, n)
    EACH_ROW(KEEP_ROW)
}

/* The same, added to what the tile has. */
static void multiply_further(const float *a, __global const vec *b, int n, vec *tile) {
    EACH_ROW(LOAD_ROW)
    MULTIPLY_STEPS(a, b, n)
    EACH_ROW(KEEP_ROW)
}

#endif
