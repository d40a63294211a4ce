/* Contractions for OpenCL on GPUs. A group makes a tile of TILE_M rows and TILE_N columns of the result, for one slice of k.
 * Each work item has ITEM_M x ITEM_N of its numbers in registers. TILE_K steps of both operands at a time stand in local
 * memory, [k][line]; while the group multiplies them, its items fetch the next ones from global memory, so there are two
 * pairs of such tiles and one barrier to a step. A convolution is the same product, whose left operand is gathered from the
 * image, tap by tap.
 *
 * k is added in chains of 256; a chunk's sums go on the pairwise tree, whose stack lies in private memory. A slice is an
 * aligned power of two of chunks, 32 at most; slices are put together by slices.cl. The host defines the TILE_ and
 * ITEM_ numbers. */
#include "../common/contract.h"
#include "../common/epilogue.h"
#include "../common/view.h"
#include "../common/window.h"
#include "phase.h"
#include "place.h"

#define LEVELS 5 /* chunks that wait on the stack before the last of a slice: one for each bit of 31 */

#define ITEMS_N (TILE_N / ITEM_N)
#define ITEMS (TILE_M / ITEM_M * ITEMS_N)
#define QUADS_N (ITEM_N / 4)
#define QUADS_M (ITEM_M / 4)
#define NEXT_M (TILE_M * TILE_K / ITEMS)
#define NEXT_N (TILE_N * TILE_K / ITEMS)
#define GAP 4 /* between the lines of a tile, so that neighbours in k lie in different banks */

#define GROUP __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#define UNROLL _Pragma("unroll")

/* A coordinate that is outside of every image, also with another one added. */
#define OUTSIDE (-(1 << 28))

/* An item brings `tile * TILE_K / ITEMS` numbers of an operand's tile. They lie along k where k's neighbours are neighbours in
 * memory: number e is step LOCAL_ID % TILE_K of line LOCAL_ID / TILE_K + e (ITEMS / TILE_K). Else they lie along the lines:
 * number e is step LOCAL_ID / tile + e (ITEMS / tile) of line LOCAL_ID % tile. */
static void put(LOCAL float *to, const float *next, int tile, int along_k) {
    if (along_k) {
        to += LOCAL_ID % TILE_K * (tile + GAP) + LOCAL_ID / TILE_K;
        UNROLL for (int e = 0; e < tile * TILE_K / ITEMS; e++) {
            to[e * (ITEMS / TILE_K)] = next[e];
        }
    } else {
        to += LOCAL_ID / tile * (tile + GAP) + LOCAL_ID % tile;
        UNROLL for (int e = 0; e < tile * TILE_K / ITEMS; e++) {
            to[e * (ITEMS / tile) * (tile + GAP)] = next[e];
        }
    }
}

/* From a matrix whose line l has step k at l line_step + k k_step. */
static void fetch(float *next, int tile, int along_k, __global const float *x, int first_line, int lines, int line_step,
                  int k0, int end, int k_step) {
    if (along_k) {
        int k = k0 + LOCAL_ID % TILE_K;
        int line = first_line + LOCAL_ID / TILE_K;
        UNROLL for (int e = 0; e < tile * TILE_K / ITEMS; e++) {
            int l = line + e * (ITEMS / TILE_K);
            next[e] = k < end && l < lines ? x[l * line_step + k * k_step] : 0.0f;
        }
    } else {
        int line = first_line + LOCAL_ID % tile;
        int step = k0 + LOCAL_ID / tile;
        UNROLL for (int e = 0; e < tile * TILE_K / ITEMS; e++) {
            int k = step + e * (ITEMS / tile);
            next[e] = k < end && line < lines ? x[line * line_step + k * k_step] : 0.0f;
        }
    }
}

/* An item's rows come in quads, TILE_M / QUADS_M apart; its columns likewise. */
static int item_row(int i) {
    return 4 * (LOCAL_ID / ITEMS_N + i / 4 * (TILE_M / ITEM_M)) + i % 4;
}

static int item_column(int j) {
    return 4 * (LOCAL_ID % ITEMS_N + j * ITEMS_N);
}

/* One step of k: the item's rows times its columns. */
static void multiply_step(__local const float4 *left, __local const float4 *right, float4 (*sum)[QUADS_N]) {
    float4 b[QUADS_N];
    UNROLL for (int j = 0; j < QUADS_N; j++) {
        b[j] = right[LOCAL_ID % ITEMS_N + j * ITEMS_N];
    }
    UNROLL for (int q = 0; q < QUADS_M; q++) {
        float4 a = left[LOCAL_ID / ITEMS_N + q * (TILE_M / ITEM_M)];
        UNROLL for (int j = 0; j < QUADS_N; j++) {
            sum[4 * q][j] = fma((float4)a.s0, b[j], sum[4 * q][j]);
            sum[4 * q + 1][j] = fma((float4)a.s1, b[j], sum[4 * q + 1][j]);
            sum[4 * q + 2][j] = fma((float4)a.s2, b[j], sum[4 * q + 2][j]);
            sum[4 * q + 3][j] = fma((float4)a.s3, b[j], sum[4 * q + 3][j]);
        }
    }
}

static void multiply(__local const float4 *left, __local const float4 *right, int n, float4 (*sum)[QUADS_N]) {
    if (n >= TILE_K) {
        UNROLL for (int k = 0; k < TILE_K; k++) {
            multiply_step(left + k * (TILE_M + GAP) / 4, right + k * (TILE_N + GAP) / 4, sum);
        }
    } else {
        for (int k = 0; k < n; k++) {
            multiply_step(left + k * (TILE_M + GAP) / 4, right + k * (TILE_N + GAP) / 4, sum);
        }
    }
}

/* sum = the top of the stack + sum */
static void add_top(float4 (*sum)[QUADS_N], const float4 *top) {
    UNROLL for (int i = 0; i < ITEM_M; i++) {
        UNROLL for (int j = 0; j < QUADS_N; j++) {
            sum[i][j] = top[i * QUADS_N + j] + sum[i][j];
        }
    }
}

static void clear(float4 (*sum)[QUADS_N]) {
    UNROLL for (int i = 0; i < ITEM_M; i++) {
        UNROLL for (int j = 0; j < QUADS_N; j++) {
            sum[i][j] = (float4)0.0f;
        }
    }
}

static void keep(float4 (*sum)[QUADS_N], float4 *to) {
    UNROLL for (int i = 0; i < ITEM_M; i++) {
        UNROLL for (int j = 0; j < QUADS_N; j++) {
            to[i * QUADS_N + j] = sum[i][j];
        }
    }
}

/* What all kernels do between their own preparations and their own place for the result. fetch_left and fetch_right fill
 * left_next and right_next with the steps from k on; prepare comes before them, with a barrier between. Each is told which of
 * the two tiles is meant. At the end the item's sums stand in stack[0]. */
#define CONTRACT_SLICE(slice, slice_chunks, depth, left_along_k, right_along_k, prepare, fetch_left, fetch_right)      \
    __local float4 left[2][TILE_K * (TILE_M + GAP) / 4];                                                               \
    __local float4 right[2][TILE_K * (TILE_N + GAP) / 4];                                                              \
    float left_next[NEXT_M];                                                                                           \
    float right_next[NEXT_N];                                                                                          \
    float4 stack[LEVELS][ITEM_M * QUADS_N];                                                                            \
    float4 sum[ITEM_M][QUADS_N];                                                                                       \
    int k = (slice) * (slice_chunks) * CHUNK;                                                                          \
    int end = (depth) - k < (slice_chunks) * CHUNK ? (depth) : k + (slice_chunks) * CHUNK;                             \
    int turn = 0;                                                                                                      \
    int level = 0;                                                                                                     \
    int chunk = 0;                                                                                                     \
    clear(sum);                                                                                                        \
    prepare(k, 0);                                                                                                     \
    prepare(k + TILE_K, 1);                                                                                            \
    BARRIER;                                                                                                           \
    fetch_left(k, 0);                                                                                                  \
    fetch_right(k, 0);                                                                                                 \
    put((__local float *)left[0], left_next, TILE_M, left_along_k);                                                    \
    put((__local float *)right[0], right_next, TILE_N, right_along_k);                                                 \
    BARRIER;                                                                                                           \
    for (; k < end; k += TILE_K) {                                                                                     \
        int more = k + TILE_K < end;                                                                                   \
        if (more) {                                                                                                    \
            fetch_left(k + TILE_K, turn ^ 1);                                                                          \
            fetch_right(k + TILE_K, turn ^ 1);                                                                         \
        }                                                                                                              \
        multiply(left[turn], right[turn], end - k, sum);                                                               \
        if (more) {                                                                                                    \
            put((__local float *)left[turn ^ 1], left_next, TILE_M, left_along_k);                                     \
            put((__local float *)right[turn ^ 1], right_next, TILE_N, right_along_k);                                  \
            prepare(k + 2 * TILE_K, turn);                                                                             \
        }                                                                                                              \
        BARRIER;                                                                                                       \
        turn ^= 1;                                                                                                     \
        if (!more || (k + TILE_K) % CHUNK == 0) {                                                                      \
            chunk++;                                                                                                   \
            for (int c = chunk; (c & 1) == 0; c >>= 1) {                                                               \
                add_top(sum, stack[--level]);                                                                          \
            }                                                                                                          \
            if (more) {                                                                                                \
                keep(sum, stack[level++]);                                                                             \
                clear(sum);                                                                                            \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    while (level > 0) {                                                                                                \
        add_top(sum, stack[--level]);                                                                                  \
    }                                                                                                                  \
    keep(sum, stack[0])

#define NOTHING(k, turn)

/* Stores the tile: row m of the result at `out + row_at(m) * columns`, its residual at row `first_row + m`. */
static void store(const float4 *sum, __global float *out, Place place, int first_row, int m0, int rows, int n0, int columns,
                  Epilogue e, __global const float *bias, __global const float *residual) {
    for (int i = 0; i < ITEM_M; i++) {
        int m = m0 + item_row(i);
        if (m < rows) {
            __global float *y = out + row_place(place, first_row + m) * columns;
            for (int j = 0; j < QUADS_N; j++) {
                float numbers[4];
                vstore4(sum[i * QUADS_N + j], 0, numbers);
                for (int c = 0; c < 4; c++) {
                    int n = n0 + item_column(j) + c;
                    if (n < columns) {
                        y[n] = finish(e, numbers[c], bias, n, residual, (first_row + m) * columns + n);
                    }
                }
            }
        }
    }
}

/* Which part of the work a group does: the tile (x, y) of the result's rows and columns, and a slice of a matrix of the batch.
 * A slice's sums lie slice_step behind those of the slice before. */
typedef struct {
    int rows;
    int columns;
    int depth;
    int slices;
    int slice_chunks;
    int slice_step;
} Work;

#define FETCH_LEFT(k, turn) fetch(left_next, TILE_M, along_left, x, m0, w.rows, a_row, k, end, a_step)
#define FETCH_RIGHT(k, turn) fetch(right_next, TILE_N, along_right, b, n0, w.columns, b_col, k, end, b_step)

/* Batches of matrices: a[row, k] at row a_row + k a_step of its matrix, b[k, col] at k b_step + col b_col. */
GROUP __kernel void tile_matrices(__global float *out, int y0, Work w, __global const float *a, View va, int a_row, int a_step,
                                  __global const float *b_of, View vb, int b_step, int b_col, Epilogue e,
                                  __global const float *bias, int bias0, __global const float *residual, int r0) {
    int m0 = GROUP_ID * TILE_M;
    int n0 = GROUP_ID_Y * TILE_N;
    int batch = GROUP_ID_Z / w.slices;
    int slice = GROUP_ID_Z % w.slices;
    __global const float *x = a + at_any(va, batch);
    __global const float *b = b_of + at_any(vb, batch);
    int along_left = a_step == 1;
    int along_right = b_step == 1;
    Place place = {0, 0, 0, 0, 0, 0, 0, 0};
    CONTRACT_SLICE(slice, w.slice_chunks, w.depth, along_left, along_right, NOTHING, FETCH_LEFT, FETCH_RIGHT);
    store(stack[0], out + y0 + slice * w.slice_step, place, batch * w.rows, m0, w.rows, n0, w.columns, e, bias + bias0,
          residual + r0);
}

/* --- convolutions: an operand is gathered from images --- */

/* Where the lines of a left operand's tile lie, which are pixels: row and column of the first tap, and the rows of the images
 * before. An item's lines stay the same from step to step. */
typedef struct {
    int top[NEXT_M];
    int left[NEXT_M];
    int above[NEXT_M];
} Lines;

/* The lines are output pixels, k runs (kernel row, kernel column, channel). */
static void find_windows(Lines *l, Window s, int m0, int rows) {
    UNROLL for (int e = 0; e < NEXT_M; e++) {
        int m = m0 + LOCAL_ID / TILE_K + e * (ITEMS / TILE_K);
        int line = m / s.out_width;
        int image = line / s.out_height;
        l->top[e] = m < rows ? (line - image * s.out_height) * s.stride_height - s.pad_top : OUTSIDE;
        l->left[e] = (m - line * s.out_width) * s.stride_width - s.pad_left;
        l->above[e] = image * s.height;
    }
}

/* The lines are pixels of one phase, k runs over the taps from the last to the first and the outputs. */
static void find_outputs(Lines *l, Window s, Phase f, int m0, int rows) {
    UNROLL for (int e = 0; e < NEXT_M; e++) {
        int m = m0 + LOCAL_ID / TILE_K + e * (ITEMS / TILE_K);
        int line = m / f.columns;
        int image = line / f.rows;
        l->top[e] = m < rows ? line - image * f.rows + f.origin_row : OUTSIDE;
        l->left[e] = m - line * f.columns + f.origin_column;
        l->above[e] = image * s.out_height;
    }
}

/* Channel c of the pixels that lie (down, right) from the lines' first taps; zeros beyond the edge. */
static void gather(float *next, const Lines *l, __global const float *x, int down, int right, int height, int width,
                   int channels, int c) {
    UNROLL for (int e = 0; e < NEXT_M; e++) {
        int h = l->top[e] + down;
        int w = l->left[e] + right;
        int inside = h >= 0 && h < height && w >= 0 && w < width;
        next[e] = inside ? x[((l->above[e] + h) * width + w) * channels + c] : 0.0f;
    }
}

static void gather_windows(float *next, const Lines *l, Window s, __global const float *x, int k0, int end) {
    int k = k0 + LOCAL_ID % TILE_K;
    int tap = k / s.channels;
    int row = tap / s.kernel_width;
    int down = k < end ? row * s.dilation_height : OUTSIDE;
    int right = (tap - row * s.kernel_width) * s.dilation_width;
    gather(next, l, x, down, right, s.height, s.width, s.channels, k - tap * s.channels);
}

#define GATHER_WINDOWS(k, turn) gather_windows(left_next, &lines, s, x, k, end)

GROUP __kernel void tile_windows(__global float *out, int y0, Work w, Window s, __global const float *x_of, int x0,
                                  __global const float *weight, int w0, Epilogue e, __global const float *bias, int bias0,
                                  __global const float *residual, int r0) {
    int m0 = GROUP_ID * TILE_M;
    int n0 = GROUP_ID_Y * TILE_N;
    int slice = GROUP_ID_Z;
    __global const float *x = x_of + x0;
    __global const float *b = weight + w0;
    int b_col = w.depth;
    int b_step = 1;
    int along_right = 1;
    Place place = {0, 0, 0, 0, 0, 0, 0, 0};
    Lines lines;
    find_windows(&lines, s, m0, w.rows);
    CONTRACT_SLICE(slice, w.slice_chunks, w.depth, 1, along_right, NOTHING, GATHER_WINDOWS, FETCH_RIGHT);
    store(stack[0], out + y0 + slice * w.slice_step, place, 0, m0, w.rows, n0, w.columns, e, bias + bias0, residual + r0);
}

static void gather_outputs(float *next, const Lines *l, Window s, Phase f, __global const float *g, int k0, int end) {
    int k = k0 + LOCAL_ID % TILE_K;
    int tap = k / s.outputs;
    int row = tap / f.tap_columns;
    int down = k < end ? row * f.move_row : OUTSIDE;
    int right = (tap - row * f.tap_columns) * f.move_column;
    gather(next, l, g, down, right, s.out_height, s.out_width, s.outputs, k - tap * s.outputs);
}

/* Where the weights of a phase's taps lie: tap (i, j) of output o at first + i row + j column + o each. */
typedef struct {
    int first;
    int row;
    int column;
    int each;
} Taps;

static void fetch_taps(float *next, Window s, Phase f, Taps t, __global const float *weight, int n0, int k0, int end) {
    int n = n0 + LOCAL_ID % TILE_N;
    UNROLL for (int e = 0; e < NEXT_N; e++) {
        int k = k0 + LOCAL_ID / TILE_N + e * (ITEMS / TILE_N);
        int tap = k / s.outputs;
        int row = tap / f.tap_columns;
        int place = t.first + row * t.row + (tap - row * f.tap_columns) * t.column + (k - tap * s.outputs) * t.each;
        next[e] = k < end && n < s.channels ? weight[place + n] : 0.0f;
    }
}

#define GATHER_OUTPUTS(k, turn) gather_outputs(left_next, &lines, s, f, g, k, end)
#define FETCH_TAPS(k, turn) fetch_taps(right_next, s, f, t, b, n0, k, end)

/* One phase of the input gradient; `place` says where its pixels lie, if they are not partial sums. */
GROUP __kernel void tile_back(__global float *out, int y0, Work w, Window s, Phase f, Taps t, Place place,
                                       __global const float *g_of, int g0, __global const float *weight, int w0, Epilogue e,
                                       __global const float *bias, int bias0) {
    int m0 = GROUP_ID * TILE_M;
    int n0 = GROUP_ID_Y * TILE_N;
    int slice = GROUP_ID_Z;
    __global const float *g = g_of + g0;
    __global const float *b = weight + w0;
    Lines lines;
    find_outputs(&lines, s, f, m0, w.rows);
    CONTRACT_SLICE(slice, w.slice_chunks, w.depth, 1, 0, NOTHING, GATHER_OUTPUTS, FETCH_TAPS);
    store(stack[0], out + y0 + slice * w.slice_step, place, 0, m0, w.rows, n0, w.columns, e, bias + bias0, bias);
}

/* Where TILE_K output pixels have their windows: row and column of the first tap, and the rows of the images before. A few
 * items find that out for the whole group, a step ahead. */
typedef struct {
    int top[TILE_K];
    int left[TILE_K];
    int above[TILE_K];
} Steps;

static void find_steps(__local Steps *t, Window s, int k0, int end) {
    if (LOCAL_ID < TILE_K) {
        int k = k0 + LOCAL_ID;
        int line = k / s.out_width;
        int image = line / s.out_height;
        t->top[LOCAL_ID] = k < end ? (line - image * s.out_height) * s.stride_height - s.pad_top : OUTSIDE;
        t->left[LOCAL_ID] = (k - line * s.out_width) * s.stride_width - s.pad_left;
        t->above[LOCAL_ID] = image * s.height;
    }
}

/* down and right of the tap, and the channel, that an item's column of the result is */
static void gather_steps(float *next, __local const Steps *t, Window s, __global const float *x, int down, int right, int c) {
    UNROLL for (int e = 0; e < NEXT_N; e++) {
        int i = LOCAL_ID / TILE_N + e * (ITEMS / TILE_N);
        int h = t->top[i] + down;
        int w = t->left[i] + right;
        int inside = h >= 0 && h < s.height && w >= 0 && w < s.width;
        next[e] = inside ? x[((t->above[i] + h) * s.width + w) * s.channels + c] : 0.0f;
    }
}

#define FIND_STEPS(k, turn) find_steps(&steps[turn], s, k, end)
#define FETCH_GRADIENT(k, turn) fetch(left_next, TILE_M, 0, g, m0, w.rows, 1, k, end, s.outputs)
#define GATHER_STEPS(k, turn) gather_steps(right_next, &steps[turn], s, x, down, right_of, c)

/* dweight[output][tap][channel]: rows are outputs, columns are (tap, channel), k runs over images, output rows and columns. */
GROUP __kernel void tile_weights(__global float *out, int y0, Work w, Window s, __global const float *x_of, int x0,
                                          __global const float *g_of, int g0) {
    __local Steps steps[2];
    int m0 = GROUP_ID * TILE_M;
    int n0 = GROUP_ID_Y * TILE_N;
    int slice = GROUP_ID_Z;
    __global const float *x = x_of + x0;
    __global const float *g = g_of + g0;
    int n = n0 + LOCAL_ID % TILE_N;
    int tap = n / s.channels;
    int row = tap / s.kernel_width;
    int c = n - tap * s.channels;
    int down = n < w.columns ? row * s.dilation_height : OUTSIDE;
    int right_of = (tap - row * s.kernel_width) * s.dilation_width;
    Place place = {0, 0, 0, 0, 0, 0, 0, 0};
    Epilogue e = {0, 0, ACTIVATION_NONE};
    CONTRACT_SLICE(slice, w.slice_chunks, w.depth, 0, 0, FIND_STEPS, FETCH_GRADIENT, GATHER_STEPS);
    store(stack[0], out + y0 + slice * w.slice_step, place, 0, m0, w.rows, n0, w.columns, e, x, x);
}
