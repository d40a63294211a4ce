/* Contractions for OpenCL on CPUs. A work item, alone in its group, makes a tile of ROWS rows and PANELS panels of two
 * vectors of columns. For each chunk of k it packs the left operand's rows into private memory, [k][ROWS], and multiplies
 * them with each panel of the right operand, which stands packed as [panel][k][2 WIDTH]. A chunk's tile goes on the stack of
 * the pairwise tree; all panels share its depth. WIDTH and ROWS come from the host: 16 and 12 fill the 32 registers of
 * AVX-512, 8 and 6 the 16 of AVX2. */
#include "../common/contract.h"
#include "../common/view.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, WIDTH) vec;
#define STORE JOIN(vstore, WIDTH)

#define PANELS 4
#define COLUMNS (2 * WIDTH)
#define DEPTH 16
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
#define MULTIPLY_ROW(r)                                                                                                \
    left##r = fma((vec)a[r], b0, left##r);                                                                             \
    right##r = fma((vec)a[r], b1, right##r);
#define KEEP_ROW(r)                                                                                                    \
    tile[2 * r] = left##r;                                                                                             \
    tile[2 * r + 1] = right##r;

/* n steps of k: [n][ROWS] times [n][2 WIDTH]. */
static void multiply_chunk(const float *a, __global const vec *b, int n, vec *tile) {
    EACH_ROW(CLEAR_ROW)
    for (int k = 0; k < n; k++) {
        vec b0 = b[0];
        vec b1 = b[1];
        EACH_ROW(MULTIPLY_ROW)
        a += ROWS;
        b += 2;
    }
    EACH_ROW(KEEP_ROW)
}

static void add_tiles(vec *left, const vec *right) {
    for (int i = 0; i < TILE; i++) {
        left[i] = left[i] + right[i];
    }
}

/* What a kernel does between PACK, which fills `a` with n steps from k on, and its own way to store. */
#define CONTRACT(depth_k, packed, all_panels, pack)                                                                    \
    float a[CHUNK * ROWS];                                                                                             \
    vec stack[PANELS][DEPTH][TILE];                                                                                    \
    int first_panel = GROUP_ID_Y * PANELS;                                                                             \
    int panels = all_panels - first_panel < PANELS ? all_panels - first_panel : PANELS;                                \
    int depth = 0;                                                                                                     \
    int chunk = 0;                                                                                                     \
    for (int k = 0; k < depth_k; k += CHUNK) {                                                                         \
        int n = depth_k - k < CHUNK ? depth_k - k : CHUNK;                                                             \
        pack;                                                                                                          \
        for (int p = 0; p < panels; p++) {                                                                             \
            multiply_chunk(a, packed + 2 * ((first_panel + p) * depth_k + k), n, stack[p][depth]);                     \
        }                                                                                                              \
        depth++;                                                                                                       \
        chunk++;                                                                                                       \
        for (int c = chunk; (c & 1) == 0; c >>= 1) {                                                                   \
            depth--;                                                                                                   \
            for (int p = 0; p < panels; p++) {                                                                         \
                add_tiles(stack[p][depth - 1], stack[p][depth]);                                                       \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    for (; depth > 1; depth--) {                                                                                       \
        for (int p = 0; p < panels; p++) {                                                                             \
            add_tiles(stack[p][depth - 2], stack[p][depth - 1]);                                                       \
        }                                                                                                              \
    }

/* + bias, + residual; an activation is a pass of its own. */
typedef struct {
    int has_bias;
    int has_residual;
} Addends;

/* Stores one row of a panel: `columns` of its numbers at y, one behind the other. */
static void store_row(__global float *y, const vec *row, int columns, int column, Addends e, __global const float *bias,
                      __global const float *residual) {
    float numbers[COLUMNS];
    STORE(row[0], 0, numbers);
    STORE(row[1], 0, numbers + WIDTH);
    if (e.has_bias) {
        for (int j = 0; j < columns; j++) {
            numbers[j] = numbers[j] + bias[column + j];
        }
    }
    if (e.has_residual) {
        for (int j = 0; j < columns; j++) {
            numbers[j] = numbers[j] + residual[j];
        }
    }
    for (int j = 0; j < columns; j++) {
        y[j] = numbers[j];
    }
}

/* The tile's rows lie one behind the other at row_place, which may use m. */
#define STORE_TILE(rows, columns, row_place, residual_place)                                                           \
    for (int r = 0; r < ROWS && m0 + r < rows; r++) {                                                                  \
        int m = m0 + r;                                                                                                \
        int place = row_place;                                                                                         \
        int residual_at = residual_place;                                                                              \
        for (int p = 0; p < panels; p++) {                                                                             \
            int column = (first_panel + p) * COLUMNS;                                                                  \
            int count = columns - column < COLUMNS ? columns - column : COLUMNS;                                       \
            store_row(out + place + column, stack[p][0] + 2 * r, count, column, e, bias, residual + residual_at + column); \
        }                                                                                                              \
    }

/* Element (k, column) of matrix `batch` goes to [batch][panel][k][2 WIDTH]; columns beyond the last are zeros. */
__kernel void pack_columns(__global float *packed, int n, __global const float *b, View vb, int b_step, int b_col, int depth,
                           int columns, int panels) {
    int i = GLOBAL_ID;
    if (i < n) {
        int j = i % COLUMNS;
        int k = i / COLUMNS % depth;
        int panel = i / COLUMNS / depth % panels;
        int column = panel * COLUMNS + j;
        packed[i] = column < columns ? b[at(vb, i / COLUMNS / depth / panels) + k * b_step + column * b_col] : 0.0f;
    }
}

static void pack_rows(float *a, __global const float *x, int rows, int row, int step, int n) {
    for (int r = 0; r < ROWS; r++) {
        if (r < rows) {
            for (int k = 0; k < n; k++) {
                a[k * ROWS + r] = x[r * row + k * step];
            }
        } else {
            for (int k = 0; k < n; k++) {
                a[k * ROWS + r] = 0.0f;
            }
        }
    }
}

__kernel void gemm_matrices(__global float *out, int y0, int rows, int columns, int depth_k, __global const float *left,
                            View va, int a_row, int a_step, __global const vec *packed, int panels_of_b, int batch_panels,
                            Addends e, __global const float *bias_of, int b0, __global const float *residual_of, int r0) {
    int m0 = GROUP_ID * ROWS;
    int batch = GROUP_ID_Z;
    __global const float *x = left + at(va, batch) + m0 * a_row;
    __global const vec *b = packed + 2 * batch * batch_panels * depth_k;
    __global const float *bias = bias_of + b0;
    __global const float *residual = residual_of + r0;
    CONTRACT(depth_k, b, panels_of_b, pack_rows(a, x + k * a_step, rows - m0, a_row, a_step, n))
    STORE_TILE(rows, columns, y0 + (batch * rows + m) * columns, (batch * rows + m) * columns)
}
