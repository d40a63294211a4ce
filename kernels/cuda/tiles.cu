/* Exact matrix products and convolutions. By tiles of 128 x 128 and 64 x 64: 256 threads, two blocks to a multiprocessor, and
 * 64 threads, six blocks. */
#include "../common/view.h"
#include "depthwise.cuh"
#include "groups.cuh"
#include "tile.cuh"

//@hot tile_matrices_128
//@hot tile_matrices_64
//@hot tile_windows_128
//@hot tile_windows_64
//@hot tile_weights_128
//@hot tile_weights_64
//@hot join_parts
//@hot depthwise_3_1
//@hot depthwise_3_2
//@hot depthwise_5_1
//@hot depthwise_5_2
//@hot depthwise_back_3_1
//@hot depthwise_back_3_2
//@hot depthwise_back_5_1
//@hot depthwise_back_5_2
//@hot group_windows
//@hot group_back

#define RESULT                                                                                                         \
    float *out, int y0, Extent x, Places p, Epilogue e, const float *bias, int b0, const float *residual, int r0,      \
        float *parts, float *scratch
#define CONTRACT(T, left, right)                                                                                       \
    contract_all<T>(out + y0, x, p, e, bias + b0, residual + r0, parts, scratch, (float *)shared, left, right)

#define TILES(T, BLOCKS)                                                                                               \
    /* Batches of matrices. */                                                                                         \
    KERNEL __launch_bounds__(T *T / 64, BLOCKS)                                                                        \
        tile_matrices_##T(RESULT, const float *a, View va, Matrix ma, const float *b, View vb, Matrix mb) {            \
        __shared__ float4 shared[4 * Block<T>::FLOATS / 4];                                                            \
        CONTRACT(                                                                                                      \
            T, ([&](int batch) { return MatrixTile<T>{ma, a, at(va, batch), 0}; }),                                   \
            ([&](int batch) { return MatrixTile<T>{mb, b, at(vb, batch), 0}; }));                                     \
    }                                                                                                                  \
    /* Pixels of an image by a matrix [taps and channels, outputs]; a batch is a group of channels. */                 \
    KERNEL __launch_bounds__(T *T / 64, BLOCKS)                                                                        \
        tile_windows_##T(RESULT, const float *image, int i0, Window s, const float *b, int w0, Matrix mb) {            \
        __shared__ float4 shared[4 * Block<T>::FLOATS / 4];                                                            \
        __shared__ int4 pixel[T];                                                                                      \
        CONTRACT(                                                                                                      \
            T, ([&](int group) { return WindowTile<T>{s, image, i0, group * s.channels, pixel, 0, 0, 0}; }),            \
            ([&](int group) { return MatrixTile<T>{mb, b, w0 + group * x.columns * x.depth, 0}; }));                   \
    }                                                                                                                  \
    /* The gradient of the weight: [outputs, pixels] by the image, seen as [pixels, taps and channels]. */             \
    KERNEL __launch_bounds__(T *T / 64, BLOCKS)                                                                        \
        tile_weights_##T(RESULT, const float *g, int g0, Matrix ma, const float *image, int i0, Window s) {            \
        __shared__ float4 shared[4 * Block<T>::FLOATS / 4];                                                            \
        CONTRACT(T, ([&](int group) { return MatrixTile<T>{ma, g, g0 + group * x.rows, 0}; }),                         \
                 ([&](int group) { return TapTile<T>{s, image, i0 + group * s.channels, 0, 0, 0, 0}; }));              \
    }

TILES(128, 2)
TILES(64, 6)

#define MOST_PARTS 32

/* Adds the parts of a sum, [parts, batches, rows, columns], by the pairwise tree. */
KERNEL join_parts(float *out, int y0, int n, Extent x, Places p, Epilogue e, const float *bias, int b0, const float *residual,
                  int r0, const float *parts) {
    int i = GLOBAL_ID;
    if (i < n) {
        float v[MOST_PARTS];
#pragma unroll
        for (int j = 0; j < MOST_PARTS; j++) {
            v[j] = j < x.parts ? parts[j * n + i] : 0.0f;
        }
#pragma unroll
        for (int h = 1; h < MOST_PARTS; h *= 2) {
#pragma unroll
            for (int j = 0; j + h < MOST_PARTS; j += 2 * h) {
                if (j + h < x.parts) {
                    v[j] = v[j] + v[j + h];
                }
            }
        }
        int c = i % x.columns;
        int m = i / x.columns % x.rows;
        int batch = i / x.columns / x.rows;
        int at = batch * p.batch_step + place_of(p, m) + c;
        out[y0 + at] = finish(e, v[0], bias + b0, batch * x.columns + c, residual + r0, at);
    }
}

#define DEPTHWISE(K, S)                                                                                                \
    KERNEL __launch_bounds__(256, 2)                                                                                   \
        depthwise_##K##_##S(float *out, int y0, int n, Window s, const float *x, int x0,                               \
                            const float *weight, int w0, Epilogue e, const float *bias, int b0) {                      \
        depthwise<K, S>(out + y0, n, s, x + x0, weight + w0, e, bias + b0);                                            \
    }

#define DEPTHWISE_BACK(K, S)                                                                                           \
    KERNEL __launch_bounds__(256, 2)                                                                                   \
        depthwise_back_##K##_##S(float *out, int y0, int n, Window s, const float *g, int g0, const float *weight, int w0) { \
        depthwise_back<K, S>(out + y0, n, s, g + g0, weight + w0);                                                     \
    }

DEPTHWISE_BACK(3, 1)
DEPTHWISE_BACK(3, 2)
DEPTHWISE_BACK(5, 1)
DEPTHWISE_BACK(5, 2)
DEPTHWISE(3, 1)
DEPTHWISE(3, 2)
DEPTHWISE(5, 1)
DEPTHWISE(5, 2)

KERNEL __launch_bounds__(256, 2)
    group_windows(float *out, int y0, int n, Window s, Groups g, const float *x, int x0, const float *weight, int w0,
                  Epilogue e, const float *bias, int b0, const float *residual, int r0) {
    convolve_groups(out + y0, n, s, g, x + x0, weight + w0, e, bias + b0, residual + r0);
}

KERNEL __launch_bounds__(256, 2)
    group_back(float *out, int y0, int n, Window s, Groups g, const float *slopes, int g0, const float *weight, int w0,
               Epilogue e, const float *bias, int b0) {
    convolve_groups_back(out + y0, n, s, g, slopes + g0, weight + w0, e, bias + b0);
}

/* The gradient of the weight of narrow groups, in parts as above: an output's tap lies at output `output_step` + tap `tap_step`. */
KERNEL group_weight_parts(float *parts, int n, Window s, Groups g, int output_step, int tap_step, int pixels, int chunks,
                          const float *image, int i0, const float *slopes, int g0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int taps = g.tap_rows * s.tap_columns;
        int c = i % s.channels;
        int o = i / s.channels % g.all;
        int tap = i / s.channels / g.all % taps;
        int part = i / s.channels / g.all / taps;
        int channel = o / g.own * s.channels + c;
        int first = part * chunks * CHUNK;
        int end = pixels - first < chunks * CHUNK ? pixels : first + chunks * CHUNK;
        int top = tap / s.tap_columns * s.move_height + s.origin_height;
        int left = tap % s.tap_columns * s.move_width + s.origin_width;
        Tree t;
        tree_clear(&t);
        float sum = 0.0f;
        for (int k = first; k < end; k++) {
            int h = k / s.right % s.down * s.stride_height + top;
            int w = k % s.right * s.stride_width + left;
            float v = 0.0f;
            if ((unsigned)h < (unsigned)s.height && (unsigned)w < (unsigned)s.width) {
                v = image[i0 + ((k / s.right / s.down * s.height + h) * s.width + w) * s.pixel + channel];
            }
            sum = FMA(slopes[g0 + k * g.all + o], v, sum);
            if ((k + 1) % CHUNK == 0 || k + 1 == end) {
                tree_push(&t, sum);
                sum = 0.0f;
            }
        }
        parts[part * taps * g.all * s.channels + o * output_step + tap * tap_step + c] = tree_sum(&t);
    }
}
