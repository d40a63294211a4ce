/* Depthwise convolutions for OpenCL on CPUs, by vectors of WIDTH channels; an image has at least so many. The last vector of
 * a pixel ends with its last channel, so it may lie over the one before. Kernels have at most CHUNK taps. */
#include "../common/contract.h"
#include "../common/window.h"
#include "vectors.h"

/* Columns of the result that are made together. */
#define COLUMNS 4

/* COLUMNS pixels of a row whose taps lie inside of the image, but for rows above and below it. */
static void whole_columns(__global float *out, Window s, __global const float *x, int top, int left,
                          __global const float *weight, int has_bias, __global const float *bias) {
    for (int next = 0; next < s.channels; next += WIDTH) {
        int c = min(next, s.channels - WIDTH);
        vec sum[COLUMNS];
        for (int j = 0; j < COLUMNS; j++) {
            sum[j] = 0.0f;
        }
        __global const float *w = weight + c;
        for (int kh = 0; kh < s.kernel_height; kh++) {
            int h = top + kh * s.dilation_height;
            int outside = h < 0 || h >= s.height;
            __global const float *from = x + (outside ? 0 : h * s.width + left) * s.channels + c;
            for (int kw = 0; kw < s.kernel_width; kw++) {
                vec factor = LOAD(w);
                for (int j = 0; j < COLUMNS; j++) {
                    vec pixel = outside ? (vec)0.0f : LOAD(from + j * s.stride_width * s.channels);
                    sum[j] = fma(pixel, factor, sum[j]);
                }
                from += outside ? 0 : s.dilation_width * s.channels;
                w += s.channels;
            }
        }
        for (int j = 0; j < COLUMNS; j++) {
            STORE(has_bias ? sum[j] + LOAD(bias + c) : sum[j], out + j * s.channels + c);
        }
    }
}

static void column(__global float *out, Window s, __global const float *x, int top, int left,
                   __global const float *weight, int has_bias, __global const float *bias) {
    for (int next = 0; next < s.channels; next += WIDTH) {
        int c = min(next, s.channels - WIDTH);
        vec sum = 0.0f;
        __global const float *w = weight + c;
        for (int kh = 0; kh < s.kernel_height; kh++) {
            int h = top + kh * s.dilation_height;
            for (int kw = 0; kw < s.kernel_width; kw++) {
                int v = left + kw * s.dilation_width;
                int outside = h < 0 || h >= s.height || v < 0 || v >= s.width;
                vec pixel = outside ? (vec)0.0f : LOAD(x + (h * s.width + v) * s.channels + c);
                sum = fma(pixel, LOAD(w), sum);
                w += s.channels;
            }
        }
        STORE(has_bias ? sum + LOAD(bias + c) : sum, out + c);
    }
}

/* A work item makes a row of the result. */
__kernel void strip_depthwise(__global float *out, int y0, Window s, __global const float *x, int x0,
                        __global const float *weight, int w0, int has_bias, __global const float *bias, int b0) {
    int image = GROUP_ID / s.out_height;
    int oh = GROUP_ID - image * s.out_height;
    int top = oh * s.stride_height - s.pad_top;
    int reach = (COLUMNS - 1) * s.stride_width + (s.kernel_width - 1) * s.dilation_width;
    __global float *y = out + y0 + GROUP_ID * s.out_width * s.channels;
    __global const float *from = x + x0 + image * s.height * s.width * s.channels;
    for (int ow = 0; ow < s.out_width;) {
        int left = ow * s.stride_width - s.pad_left;
        int whole = ow + COLUMNS <= s.out_width && left >= 0 && left + reach < s.width;
        if (whole) {
            whole_columns(y + ow * s.channels, s, from, top, left, weight + w0, has_bias, bias + b0);
        } else {
            column(y + ow * s.channels, s, from, top, left, weight + w0, has_bias, bias + b0);
        }
        ow += whole ? COLUMNS : 1;
    }
}

/* The gradient of x from that of y, a row of it: taps from the last to the first, but for those that the stride jumps over. */
__kernel void strip_depthwise_back(__global float *out, int y0, Window s, __global const float *g, int g0,
                             __global const float *weight, int w0) {
    int image = GROUP_ID / s.height;
    int row = GROUP_ID - image * s.height;
    __global const float *from = g + g0 + image * s.out_height * s.out_width * s.channels;
    for (int i = 0; i < s.width; i++) {
        __global float *dx = out + y0 + (GROUP_ID * s.width + i) * s.channels;
        for (int next = 0; next < s.channels; next += WIDTH) {
            int c = min(next, s.channels - WIDTH);
            vec sum = 0.0f;
            for (int kh = s.kernel_height - 1; kh >= 0; kh--) {
                int h = row + s.pad_top - kh * s.dilation_height;
                if (h % s.stride_height != 0) {
                    continue;
                }
                h = h / s.stride_height;
                for (int kw = s.kernel_width - 1; kw >= 0; kw--) {
                    int v = i + s.pad_left - kw * s.dilation_width;
                    if (v % s.stride_width != 0) {
                        continue;
                    }
                    v = v / s.stride_width;
                    int outside = h < 0 || h >= s.out_height || v < 0 || v >= s.out_width;
                    vec slope = outside ? (vec)0.0f : LOAD(from + (h * s.out_width + v) * s.channels + c);
                    sum = fma(slope, LOAD(weight + w0 + (kh * s.kernel_width + kw) * s.channels + c), sum);
                }
            }
            STORE(sum, dx + c);
        }
    }
}

/* The gradient of the weight; a work item has one vector of channels of TAPS taps. k runs over images, output rows and output
 * columns in chunks, whose sums go on the stack of the pairwise tree. */
#define TAPS 4

__kernel void strip_depthwise_weights(__global float *out, int y0, Window s, __global const float *x, int x0,
                                __global const float *g, int g0, int pixels) {
    vec stack[TREE_DEPTH][TAPS];
    int all = s.kernel_height * s.kernel_width;
    int first = GROUP_ID * TAPS;
    int new_channels = GROUP_ID_Y * WIDTH;
    int c = min(new_channels, s.channels - WIDTH);
    int down[TAPS];
    int right[TAPS];
    for (int t = 0; t < TAPS; t++) {
        int tap = min(first + t, all - 1);
        down[t] = tap / s.kernel_width * s.dilation_height - s.pad_top;
        right[t] = tap % s.kernel_width * s.dilation_width - s.pad_left;
    }
    int depth = 0;
    int chunks = 0;
    int ow = 0;
    int oh = 0;
    int image = 0;
    for (int k = 0; k < pixels; k += CHUNK) {
        int end = pixels - k < CHUNK ? pixels : k + CHUNK;
        vec sum[TAPS];
        for (int t = 0; t < TAPS; t++) {
            sum[t] = 0.0f;
        }
        for (int i = k; i < end; i++) {
            vec slope = LOAD(g + g0 + i * s.channels + c);
            for (int t = 0; t < TAPS; t++) {
                int h = oh * s.stride_height + down[t];
                int v = ow * s.stride_width + right[t];
                int outside = h < 0 || h >= s.height || v < 0 || v >= s.width;
                vec pixel = outside ? (vec)0.0f : LOAD(x + x0 + ((image * s.height + h) * s.width + v) * s.channels + c);
                sum[t] = fma(slope, pixel, sum[t]);
            }
            if (++ow == s.out_width) {
                ow = 0;
                if (++oh == s.out_height) {
                    oh = 0;
                    image++;
                }
            }
        }
        chunks++;
        for (int n = chunks; (n & 1) == 0; n >>= 1) {
            depth--;
            for (int t = 0; t < TAPS; t++) {
                sum[t] = stack[depth][t] + sum[t];
            }
        }
        for (int t = 0; t < TAPS; t++) {
            stack[depth][t] = sum[t];
        }
        depth++;
    }
    for (; depth > 1; depth--) {
        for (int t = 0; t < TAPS; t++) {
            stack[depth - 2][t] = stack[depth - 2][t] + stack[depth - 1][t];
        }
    }
    for (int t = 0; t < TAPS && first + t < all; t++) {
        float numbers[WIDTH];
        STORE(stack[0][t], numbers);
        for (int j = new_channels - c; j < WIDTH; j++) {
            out[y0 + (first + t) * s.channels + c + j] = numbers[j];
        }
    }
}
