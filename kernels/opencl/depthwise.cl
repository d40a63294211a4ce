/* Depthwise convolutions for OpenCL on GPUs: a work item has four neighbouring channels, a multiple of which there are, so that
 * neighbouring items read neighbouring vectors. Kernels have at most 256 taps: one chunk. */
#include "../common/contract.h"
#include "../common/epilogue.h"
#include "../common/window.h"

#define STRIP 4 /* pixels of a row that an item makes with the same weights */

static float4 load4(__global const float *x, int i) {
    return vload4(0, x + i);
}

/* Four channels of a pixel, zeros beyond the edge. */
static float4 pixel4(__global const float *x, int image, int h, int w, int height, int width, int channels, int c) {
    int inside = h >= 0 && h < height && w >= 0 && w < width;
    return inside ? load4(x, ((image * height + h) * width + w) * channels + c) : (float4)0.0f;
}

static void store4(__global float *y, float4 sum, Epilogue e, __global const float *bias, int c) {
    float numbers[4];
    vstore4(sum, 0, numbers);
    for (int i = 0; i < 4; i++) {
        numbers[i] = finish(e, numbers[i], bias, c + i, bias, 0);
    }
    vstore4(vload4(0, numbers), 0, y);
}

/* weight[kernel rows, kernel columns, channels] */
__kernel void depthwise_convolve(__global float *out, int y0, int n, Window s, __global const float *x_of, int x0,
                                 __global const float *weight, int w0, Epilogue e, __global const float *bias, int b0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int quads = s.channels / 4;
        int strips = (s.out_width + STRIP - 1) / STRIP;
        int c = i % quads * 4;
        int strip = i / quads;
        int line = strip / strips;
        int ow = (strip - line * strips) * STRIP;
        int image = line / s.out_height;
        int top = (line - image * s.out_height) * s.stride_height - s.pad_top;
        int left = ow * s.stride_width - s.pad_left;
        __global const float *x = x_of + x0;
        float4 sum[STRIP];
        for (int p = 0; p < STRIP; p++) {
            sum[p] = (float4)0.0f;
        }
        for (int kh = 0; kh < s.kernel_height; kh++) {
            int h = top + kh * s.dilation_height;
            for (int kw = 0; kw < s.kernel_width; kw++) {
                float4 tap = load4(weight, w0 + (kh * s.kernel_width + kw) * s.channels + c);
                int w = left + kw * s.dilation_width;
                for (int p = 0; p < STRIP; p++) {
                    float4 v = pixel4(x, image, h, w + p * s.stride_width, s.height, s.width, s.channels, c);
                    sum[p] = fma(v, tap, sum[p]);
                }
            }
        }
        for (int p = 0; p < STRIP && ow + p < s.out_width; p++) {
            store4(out + y0 + (line * s.out_width + ow + p) * s.channels + c, sum[p], e, bias + b0, c);
        }
    }
}

/* The gradient of x: k runs over the taps from the last to the first; those that the stride jumps over take no place. */
__kernel void depthwise_back(__global float *out, int y0, int n, Window s, __global const float *g, int g0,
                             __global const float *weight, int w0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int quads = s.channels / 4;
        int c = i % quads * 4;
        int at_pixel = i / quads;
        int line = at_pixel / s.width;
        int column = at_pixel - line * s.width + s.pad_left;
        int image = line / s.height;
        int row = line - image * s.height + s.pad_top;
        float4 sum = (float4)0.0f;
        for (int kh = s.kernel_height - 1; kh >= 0; kh--) {
            int h = row - kh * s.dilation_height;
            if (h % s.stride_height != 0) {
                continue;
            }
            for (int kw = s.kernel_width - 1; kw >= 0; kw--) {
                int w = column - kw * s.dilation_width;
                if (w % s.stride_width == 0) {
                    float4 v = pixel4(g + g0, image, h / s.stride_height, w / s.stride_width, s.out_height, s.out_width,
                                      s.channels, c);
                    sum = fma(v, load4(weight, w0 + (kh * s.kernel_width + kw) * s.channels + c), sum);
                }
            }
        }
        vstore4(sum, 0, out + y0 + at_pixel * s.channels + c);
    }
}

#define LEVELS 5

/* The gradient of the weight: k runs over images, output rows and output columns. An item adds one slice of up to 32 chunks of
 * one tap; slices lie slice_step behind each other. */
__kernel void depthwise_weights(__global float *out, int y0, int n, int slice_chunks, int slice_step, int pixels, Window s,
                                __global const float *x, int x0, __global const float *g, int g0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int quads = s.channels / 4;
        int taps = s.kernel_height * s.kernel_width;
        int c = i % quads * 4;
        int tap = i / quads % taps;
        int slice = i / quads / taps;
        int down = tap / s.kernel_width * s.dilation_height - s.pad_top;
        int right = tap % s.kernel_width * s.dilation_width - s.pad_left;
        int k = slice * slice_chunks * CHUNK;
        int end = pixels - k < slice_chunks * CHUNK ? pixels : k + slice_chunks * CHUNK;
        int line = k / s.out_width;
        int ow = k - line * s.out_width;
        int image = line / s.out_height;
        int oh = line - image * s.out_height;
        float4 stack[LEVELS];
        float4 sum = (float4)0.0f;
        int level = 0;
        int chunk = 0;
        while (k < end) {
            int stop = end - k < CHUNK ? end : k + CHUNK;
            sum = (float4)0.0f;
            for (; k < stop; k++) {
                float4 v = pixel4(x + x0, image, oh * s.stride_height + down, ow * s.stride_width + right, s.height, s.width,
                                  s.channels, c);
                sum = fma(load4(g, g0 + k * s.channels + c), v, sum);
                if (++ow == s.out_width) {
                    ow = 0;
                    if (++oh == s.out_height) {
                        oh = 0;
                        image++;
                    }
                }
            }
            chunk++;
            for (int b = chunk; (b & 1) == 0; b >>= 1) {
                sum = stack[--level] + sum;
            }
            if (k < end) {
                stack[level++] = sum;
            }
        }
        while (level > 0) {
            sum = stack[--level] + sum;
        }
        vstore4(sum, 0, out + y0 + slice * slice_step + tap * s.channels + c);
    }
}
