/* Convolutions of narrow groups, and their gradients. A thread makes four outputs of four neighbouring pixels: for four channels
 * of a tap it reads four quads of the image and four of the weight, and multiplies each by each. Channels and outputs of a group
 * are multiples of 4, tensors begin at multiples of 16 bytes; taps times channels are at most a chunk, so a sum is one chain. */
#ifndef REVERIE_GROUPS_CUH
#define REVERIE_GROUPS_CUH

#include "../common/contract.h"
#include "../common/epilogue.h"
#include "operands.cuh"

#define PIXELS 4

/* What a Window does not tell: rows of taps, what a group of the result has, and what the whole result has. */
typedef struct {
    int tap_rows;
    int own;
    int all;
} Groups;

FN float4 quad_at(const float *image, Window s, int n, int h, int w, int channel) {
    if ((unsigned)h < (unsigned)s.height && (unsigned)w < (unsigned)s.width) {
        return *(const float4 *)(image + ((n * s.height + h) * s.width + w) * s.pixel + channel);
    }
    return make_float4(0.0f, 0.0f, 0.0f, 0.0f);
}

FN void store_quad(float *out, int at, float4 v, Epilogue e, const float *bias, int c, const float *residual) {
    *(float4 *)(out + at) = make_float4(finish(e, v.x, bias, c, residual, at), finish(e, v.y, bias, c + 1, residual, at + 1),
                                        finish(e, v.z, bias, c + 2, residual, at + 2),
                                        finish(e, v.w, bias, c + 3, residual, at + 3));
}

FN float dot(float4 a, float4 b, float sum) {
    return FMA(a.w, b.w, FMA(a.z, b.z, FMA(a.y, b.y, FMA(a.x, b.x, sum))));
}

FN float4 add_scaled(float a, float4 b, float4 sum) {
    return make_float4(FMA(a, b.x, sum.x), FMA(a, b.y, sum.y), FMA(a, b.z, sum.z), FMA(a, b.w, sum.w));
}

/* weight[outputs, taps, channels of a group]. */
FN void convolve_groups(float *out, int n, Window s, Groups g, const float *x, const float *weight, Epilogue e,
                        const float *bias, const float *residual) {
    int i = GLOBAL_ID;
    if (i >= n) {
        return;
    }
    int quads = g.all / 4;
    int columns = (s.right + PIXELS - 1) / PIXELS;
    int o = i % quads * 4;
    int ow = i / quads % columns * PIXELS;
    int oh = i / quads / columns % s.down;
    int image = i / quads / columns / s.down;
    int first = o / g.own * s.channels;
    int filter = g.tap_rows * s.tap_columns * s.channels;
    float4 sum[PIXELS];
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
        sum[p] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
    const float *w = weight + o * filter;
#pragma unroll 1
    for (int kh = 0; kh < g.tap_rows; kh++) {
        int h = oh * s.stride_height + s.origin_height + kh * s.move_height;
#pragma unroll 1
        for (int kw = 0; kw < s.tap_columns; kw++) {
            int left = ow * s.stride_width + s.origin_width + kw * s.move_width;
#pragma unroll 1
            for (int c = 0; c < s.channels; c += 4) {
                float4 w0 = *(const float4 *)w;
                float4 w1 = *(const float4 *)(w + filter);
                float4 w2 = *(const float4 *)(w + 2 * filter);
                float4 w3 = *(const float4 *)(w + 3 * filter);
#pragma unroll
                for (int p = 0; p < PIXELS; p++) {
                    float4 v = quad_at(x, s, image, h, left + p * s.stride_width, first + c);
                    sum[p] = make_float4(dot(v, w0, sum[p].x), dot(v, w1, sum[p].y), dot(v, w2, sum[p].z),
                                         dot(v, w3, sum[p].w));
                }
                w += 4;
            }
        }
    }
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
        if (ow + p < s.right) {
            store_quad(out, ((image * s.down + oh) * s.right + ow + p) * g.all + o, sum[p], e, bias, o, residual);
        }
    }
}

/* The input gradient: the window's image is that of the slopes, its grid that of x, its origin the pads. The pixels of a thread
 * are a stride apart, so that the same taps reach all of them: from the last to the first, but for those jumped over. */
FN void convolve_groups_back(float *out, int n, Window s, Groups g, const float *slopes, const float *weight, Epilogue e,
                             const float *bias) {
    int i = GLOBAL_ID;
    if (i >= n) {
        return;
    }
    int quads = g.all / 4;
    int strips = ((s.right + s.stride_width - 1) / s.stride_width + PIXELS - 1) / PIXELS * s.stride_width;
    int c = i % quads * 4;
    int strip = i / quads % strips;
    int row = i / quads / strips % s.down;
    int image = i / quads / strips / s.down;
    int column = strip / s.stride_width * PIXELS * s.stride_width + strip % s.stride_width;
    int first = c / g.own * s.channels;
    int filter = g.tap_rows * s.tap_columns * g.own;
    float4 sum[PIXELS];
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
        sum[p] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
#pragma unroll 1
    for (int kh = g.tap_rows - 1; kh >= 0; kh--) {
        int down = row + s.origin_height - kh * s.move_height;
#pragma unroll 1
        for (int kw = s.tap_columns - 1; kw >= 0; kw--) {
            int right = column + s.origin_width - kw * s.move_width;
            if (down % s.stride_height != 0 || right % s.stride_width != 0) {
                continue;
            }
            const float *w = weight + first * filter + (kh * s.tap_columns + kw) * g.own + c % g.own;
#pragma unroll 1
            for (int o = 0; o < s.channels; o += 4) {
                float4 w0 = *(const float4 *)w;
                float4 w1 = *(const float4 *)(w + filter);
                float4 w2 = *(const float4 *)(w + 2 * filter);
                float4 w3 = *(const float4 *)(w + 3 * filter);
#pragma unroll
                for (int p = 0; p < PIXELS; p++) {
                    float4 v = quad_at(slopes, s, image, down / s.stride_height, right / s.stride_width + p, first + o);
                    sum[p] = add_scaled(v.x, w0, sum[p]);
                    sum[p] = add_scaled(v.y, w1, sum[p]);
                    sum[p] = add_scaled(v.z, w2, sum[p]);
                    sum[p] = add_scaled(v.w, w3, sum[p]);
                }
                w += 4 * filter;
            }
        }
    }
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
        int to = column + p * s.stride_width;
        if (to < s.right) {
            store_quad(out, ((image * s.down + row) * s.right + to) * g.all + c, sum[p], e, bias, c, bias);
        }
    }
}

#endif
