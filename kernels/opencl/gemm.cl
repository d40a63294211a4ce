/* Contractions for OpenCL on CPUs. A work item, alone in its group, makes a tile of ROWS rows and PANELS panels of two
 * vectors of columns. For each chunk of k it packs the left operand's rows into private memory, [k][ROWS], and multiplies
 * them with each panel of the right operand, which stands packed as [panel][k][2 WIDTH]. A chunk's tile goes on the stack of
 * the pairwise tree; all panels share its depth. WIDTH, ROWS and PANELS come from the host: 16 and 12 fill the 32
 * registers of AVX-512, 8 and 6 the 16 of AVX2. */
#include "../common/contract.h"
#include "../common/view.h"
#include "../common/window.h"
#include "phase.h"
#include "place.h"
#include "rows.h"

static void add_tiles(vec *left, const vec *right) {
    for (int i = 0; i < TILE; i++) {
        left[i] = left[i] + right[i];
    }
}

/* What a kernel does between PACK, which fills `a` with n steps from k on, and its own way to store. */
#define CONTRACT(depth_k, packed, all_panels, pack)                                                                    \
    float a[CHUNK * ROWS];                                                                                             \
    vec stack[PANELS][TREE_DEPTH][TILE];                                                                                    \
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
    STORE(row[0], numbers);
    STORE(row[1], numbers + WIDTH);
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

/* The tile's rows lie one behind the other at row_start, which may use m. */
#define STORE_TILE(rows, columns, row_start, residual_place)                                                           \
    for (int r = 0; r < ROWS && m0 + r < rows; r++) {                                                                  \
        int m = m0 + r;                                                                                                \
        int place = row_start;                                                                                         \
        int residual_at = residual_place;                                                                              \
        for (int p = 0; p < panels; p++) {                                                                             \
            int column = (first_panel + p) * COLUMNS;                                                                  \
            int count = columns - column < COLUMNS ? columns - column : COLUMNS;                                       \
            store_row(out + place + column, stack[p][0] + 2 * r, count, column, e, bias, residual + residual_at + column); \
        }                                                                                                              \
    }

/* Element (k, column) of matrix `batch` goes to [batch][panel][k][2 WIDTH]; columns beyond the last are zeros. A work item
 * moves one row of a panel. */
__kernel void pack_columns(__global float *packed, int n, __global const float *b, View vb, View vk, int b_col, int depth,
                           int columns, int panels) {
    int i = GLOBAL_ID;
    if (i < n) {
        int panel_row = i / depth;
        int k = i - panel_row * depth;
        int first = panel_row % panels * COLUMNS;
        __global const float *from = b + at_any(vb, panel_row / panels) + at_any(vk, k) + first * b_col;
        __global float *to = packed + i * COLUMNS;
        int count = columns - first < COLUMNS ? columns - first : COLUMNS;
        for (int j = 0; j < count; j++) {
            to[j] = from[j * b_col];
        }
        for (int j = count; j < COLUMNS; j++) {
            to[j] = 0.0f;
        }
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
    __global const float *x = left + at_any(va, batch) + m0 * a_row;
    __global const vec *b = packed + 2 * batch * batch_panels * depth_k;
    __global const float *bias = bias_of + b0;
    __global const float *residual = residual_of + r0;
    CONTRACT(depth_k, b, panels_of_b, pack_rows(a, x + k * a_step, rows - m0, a_row, a_step, n))
    STORE_TILE(rows, columns, y0 + (batch * rows + m) * columns, (batch * rows + m) * columns)
}

/* --- convolutions: the left operand's rows are gathered from images, tap by tap --- */

static void clear_column(float *a, int r, int n) {
    for (int k = 0; k < n; k++) {
        a[k * ROWS + r] = 0.0f;
    }
}

/* Rows are output pixels, k runs (kernel row, kernel column, channel). */
static void pack_pixels(float *a, Window s, __global const float *x, int m0, int rows, int k, int n) {
    for (int r = 0; r < ROWS; r++) {
        int m = m0 + r;
        if (m >= rows) {
            clear_column(a, r, n);
            continue;
        }
        int left = m % s.out_width * s.stride_width - s.pad_left;
        int top = m / s.out_width % s.out_height * s.stride_height - s.pad_top;
        int image = m / s.out_width / s.out_height;
        int tap = k / s.channels;
        int c = k - tap * s.channels;
        for (int i = 0; i < n;) {
            int run = s.channels - c < n - i ? s.channels - c : n - i;
            int h = top + tap / s.kernel_width * s.dilation_height;
            int w = left + tap % s.kernel_width * s.dilation_width;
            float *to = a + i * ROWS + r;
            if (h < 0 || h >= s.height || w < 0 || w >= s.width) {
                clear_column(to, 0, run);
            } else {
                __global const float *from = x + ((image * s.height + h) * s.width + w) * s.channels + c;
                for (int j = 0; j < run; j++) {
                    to[j * ROWS] = from[j];
                }
            }
            i += run;
            c = 0;
            tap++;
        }
    }
}

__kernel void gemm_convolve(__global float *out, int y0, int rows, Window s, __global const float *x, int x0,
                            __global const vec *packed, int panels_of_b, int depth_k, Addends e,
                            __global const float *bias_of, int b0, __global const float *residual_of, int r0) {
    int m0 = GROUP_ID * ROWS;
    __global const float *bias = bias_of + b0;
    __global const float *residual = residual_of + r0;
    CONTRACT(depth_k, packed, panels_of_b, pack_pixels(a, s, x + x0, m0, rows, k, n))
    STORE_TILE(rows, s.outputs, y0 + m * s.outputs, m * s.outputs)
}

/* Rows are pixels of the image of one phase, k runs over the taps from the last to the first and the outputs. */
static void pack_outputs(float *a, Window s, Phase f, __global const float *g, int m0, int count, int k, int n) {
    for (int r = 0; r < ROWS; r++) {
        int m = m0 + r;
        if (m >= count) {
            clear_column(a, r, n);
            continue;
        }
        int left = m % f.columns + f.origin_column;
        int top = m / f.columns % f.rows + f.origin_row;
        int image = m / f.columns / f.rows;
        int tap = k / s.outputs;
        int o = k - tap * s.outputs;
        for (int i = 0; i < n;) {
            int run = s.outputs - o < n - i ? s.outputs - o : n - i;
            int h = top + tap / f.tap_columns * f.move_row;
            int w = left + tap % f.tap_columns * f.move_column;
            float *to = a + i * ROWS + r;
            if (h < 0 || h >= s.out_height || w < 0 || w >= s.out_width) {
                clear_column(to, 0, run);
            } else {
                __global const float *from = g + ((image * s.out_height + h) * s.out_width + w) * s.outputs + o;
                for (int j = 0; j < run; j++) {
                    to[j * ROWS] = from[j];
                }
            }
            i += run;
            o = 0;
            tap++;
        }
    }
}

__kernel void gemm_convolve_back(__global float *out, int y0, int count, Window s, Phase f, __global const float *g, int g0,
                                 __global const vec *packed, int panels_of_b, int depth_k, Addends e,
                                 __global const float *bias_of, int b0) {
    int m0 = GROUP_ID * ROWS;
    __global const float *bias = bias_of + b0;
    __global const float *residual = bias_of;
    Place place_of = {f.rows, f.columns, s.height, s.width, f.row0, f.column0, s.stride_height, s.stride_width};
    CONTRACT(depth_k, packed, panels_of_b, pack_outputs(a, s, f, g + g0, m0, count, k, n))
    STORE_TILE(count, s.channels, y0 + row_place(place_of, m) * s.channels, 0)
}

/* Rows are (tap, channel), k runs over images, output rows and output columns. */
static void pack_taps(float *a, Window s, __global const float *x, int m0, int rows, int k, int n) {
    for (int r = 0; r < ROWS; r++) {
        int m = m0 + r;
        if (m >= rows) {
            clear_column(a, r, n);
            continue;
        }
        int c = m % s.channels;
        int tap = m / s.channels;
        int down = tap / s.kernel_width * s.dilation_height - s.pad_top;
        int right = tap % s.kernel_width * s.dilation_width - s.pad_left;
        int ow = k % s.out_width;
        int oh = k / s.out_width % s.out_height;
        int image = k / s.out_width / s.out_height;
        for (int i = 0; i < n; i++) {
            int h = oh * s.stride_height + down;
            int w = ow * s.stride_width + right;
            int outside = h < 0 || h >= s.height || w < 0 || w >= s.width;
            a[i * ROWS + r] = outside ? 0.0f : x[((image * s.height + h) * s.width + w) * s.channels + c];
            if (++ow == s.out_width) {
                ow = 0;
                if (++oh == s.out_height) {
                    oh = 0;
                    image++;
                }
            }
        }
    }
}

/* dweight[o][tap][channel]: the tile's columns are outputs, so it is stored turned around. */
__kernel void gemm_convolve_weights(__global float *out, int y0, int rows, Window s, __global const float *x, int x0,
                                    __global const vec *packed, int panels_of_b, int depth_k) {
    int m0 = GROUP_ID * ROWS;
    CONTRACT(depth_k, packed, panels_of_b, pack_taps(a, s, x + x0, m0, rows, k, n))
    for (int p = 0; p < panels; p++) {
        for (int r = 0; r < ROWS && m0 + r < rows; r++) {
            float numbers[COLUMNS];
            STORE(stack[p][0][2 * r], numbers);
            STORE(stack[p][0][2 * r + 1], numbers + WIDTH);
            for (int j = 0; j < COLUMNS; j++) {
                int o = (first_panel + p) * COLUMNS + j;
                if (o < s.outputs) {
                    out[y0 + o * rows + m0 + r] = numbers[j];
                }
            }
        }
    }
}
