/* Depthwise convolutions K x K of stride S: a thread makes four channels of COLUMNS neighbouring pixels, so that it reads each
 * input once for all taps that look at it along the row. Channels are a multiple of 4, tensors begin at multiples of 16 bytes,
 * taps have no gaps. K K is less than a chunk, so a sum is one chain. */
#ifndef REVERIE_DEPTHWISE_CUH
#define REVERIE_DEPTHWISE_CUH

#include "../common/epilogue.h"
#include "operands.cuh"

#define COLUMNS 4

FN float4 multiply_add(float4 a, float4 b, float4 c) {
    return make_float4(FMA(a.x, b.x, c.x), FMA(a.y, b.y, c.y), FMA(a.z, b.z, c.z), FMA(a.w, b.w, c.w));
}

template <int K, int S>
FN void depthwise(float *out, int n, Window s, const float *x, const float *weight, Epilogue e, const float *bias) {
    int i = GLOBAL_ID;
    if (i >= n) {
        return;
    }
    int quads = s.channels / 4;
    int columns = (s.right + COLUMNS - 1) / COLUMNS;
    int c = i % quads * 4;
    int ow = i / quads % columns * COLUMNS;
    int oh = i / quads / columns % s.down;
    int image = i / quads / columns / s.down;
    int left = ow * S + s.origin_width;
    float4 sum[COLUMNS];
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
        sum[j] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
#pragma unroll 1
    for (int kh = 0; kh < K; kh++) {
        int h = oh * S + s.origin_height + kh;
        bool row = (unsigned)h < (unsigned)s.height;
        float4 w[K];
#pragma unroll
        for (int kw = 0; kw < K; kw++) {
            w[kw] = *(const float4 *)(weight + (kh * K + kw) * s.channels + c);
        }
#pragma unroll
        for (int p = 0; p < (COLUMNS - 1) * S + K; p++) {
            int column = left + p;
            float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
            if (row && (unsigned)column < (unsigned)s.width) {
                v = *(const float4 *)(x + ((image * s.height + h) * s.width + column) * s.channels + c);
            }
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) {
                int kw = p - j * S;
                if (kw >= 0 && kw < K) {
                    sum[j] = multiply_add(v, w[kw], sum[j]);
                }
            }
        }
    }
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
        if (ow + j < s.right) {
            int at = ((image * s.down + oh) * s.right + ow + j) * s.channels + c;
            float4 y = make_float4(finish(e, sum[j].x, bias, c, bias, 0), finish(e, sum[j].y, bias, c + 1, bias, 0),
                                   finish(e, sum[j].z, bias, c + 2, bias, 0), finish(e, sum[j].w, bias, c + 3, bias, 0));
            *(float4 *)(out + at) = y;
        }
    }
}

/* The input gradient: window's image is that of the output's slopes, its grid that of x, its origin the pads. Taps run from the
 * last to the first, but for those that the stride jumps over; the columns of a thread begin where the first has tap 0. */
template <int K, int S>
FN void depthwise_back(float *out, int n, Window s, const float *g, const float *weight) {
    int i = GLOBAL_ID;
    if (i >= n) {
        return;
    }
    int quads = s.channels / 4;
    int shift = s.origin_width % S;
    int columns = (s.right + shift + COLUMNS - 1) / COLUMNS;
    int c = i % quads * 4;
    int left = i / quads % columns * COLUMNS - shift;
    int row = i / quads / columns % s.down;
    int image = i / quads / columns / s.down;
    int from = (left + s.origin_width) / S;
    float4 sum[COLUMNS];
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
        sum[j] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    }
#pragma unroll 1
    for (int kh = K - 1; kh >= 0; kh--) {
        int top = row + s.origin_height - kh;
        if (top % S != 0) {
            continue;
        }
        int h = top / S;
        float4 w[K];
#pragma unroll
        for (int kw = 0; kw < K; kw++) {
            w[kw] = *(const float4 *)(weight + (kh * K + kw) * s.channels + c);
        }
#pragma unroll
        for (int p = -((K - 1) / S); p <= (COLUMNS - 1) / S; p++) {
            int column = from + p;
            float4 v = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
            if ((unsigned)h < (unsigned)s.height && (unsigned)column < (unsigned)s.width) {
                v = *(const float4 *)(g + ((image * s.height + h) * s.width + column) * s.channels + c);
            }
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) {
                int kw = j - S * p;
                if (kw >= 0 && kw < K) {
                    sum[j] = multiply_add(v, w[kw], sum[j]);
                }
            }
        }
    }
#pragma unroll
    for (int j = 0; j < COLUMNS; j++) {
        if ((unsigned)(left + j) < (unsigned)s.right) {
            *(float4 *)(out + ((image * s.down + row) * s.right + left + j) * s.channels + c) = sum[j];
        }
    }
}

#endif
