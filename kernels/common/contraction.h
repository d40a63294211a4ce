/* Matrix products and convolutions, one work item to an element: the plain form, for every geometry. */
#include "contract.h"
#include "epilogue.h"
#include "view.h"
#include "window.h"

/* Batches of matrices: a[row, k] at row a_row + k a_step of its matrix, b[k, col] at k b_step + col b_col. */
KERNEL contract_matrices(GLOBAL float *out, int y0, int n, int rows, int columns, int depth, GLOBAL const float *a, View va,
                         int a_row, int a_step, GLOBAL const float *b, View vb, int b_step, int b_col, Epilogue e,
                         GLOBAL const float *bias, int b0, GLOBAL const float *residual, int r0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int column = i % columns;
        int row = i / columns % rows;
        int batch = i / columns / rows;
        GLOBAL const float *left = a + at_any(va, batch) + row * a_row;
        GLOBAL const float *right = b + at_any(vb, batch) + column * b_col;
        Tree t;
        tree_clear(&t);
        for (int start = 0; start < depth; start += CHUNK) {
            int end = depth < start + CHUNK ? depth : start + CHUNK;
            float acc = 0.0f;
            for (int k = start; k < end; k++) {
                acc = FMA(left[k * a_step], right[k * b_step], acc);
            }
            tree_push(&t, acc);
        }
        out[y0 + i] = finish(e, tree_sum(&t), bias + b0, column, residual + r0, i);
    }
}

/* A convolution. Weight (o, tap, c) lies at o w_out + tap w_tap + c w_in, so that a depthwise convolution is one with as many
 * groups as channels. */
typedef struct {
    Window window;
    int groups;
    int w_out;
    int w_tap;
    int w_in;
} Conv;

/* The first channel of pixel (h, w), or -1 outside. */
FN int pixel(int height, int width, int channels, int n, int h, int w) {
    return h < 0 || h >= height || w < 0 || w >= width ? -1 : ((n * height + h) * width + w) * channels;
}

FN int tap_pixel(Window s, int n, int oh, int ow, int kh, int kw) {
    return pixel(s.height, s.width, s.channels, n, oh * s.stride_height - s.pad_top + kh * s.dilation_height,
                 ow * s.stride_width - s.pad_left + kw * s.dilation_width);
}

KERNEL convolve(GLOBAL float *out, int y0, int elements, Conv q, GLOBAL const float *x, int x0, GLOBAL const float *weight,
                int w0, Epilogue e, GLOBAL const float *bias, int b0, GLOBAL const float *residual, int r0) {
    Window s = q.window;
    int i = GLOBAL_ID;
    if (i < elements) {
        int o = i % s.outputs;
        int ow = i / s.outputs % s.out_width;
        int oh = i / s.outputs / s.out_width % s.out_height;
        int n = i / s.outputs / s.out_width / s.out_height;
        int in_group = s.channels / q.groups;
        int first = o / (s.outputs / q.groups) * in_group;
        Tree t;
        tree_clear(&t);
        float acc = 0.0f;
        int k = 0;
        for (int kh = 0; kh < s.kernel_height; kh++) {
            for (int kw = 0; kw < s.kernel_width; kw++) {
                int p = tap_pixel(s, n, oh, ow, kh, kw);
                GLOBAL const float *w = weight + w0 + o * q.w_out + (kh * s.kernel_width + kw) * q.w_tap;
                for (int c = 0; c < in_group; c++) {
                    acc = FMA(p < 0 ? 0.0f : x[x0 + p + first + c], w[c * q.w_in], acc);
                    if (++k == CHUNK) {
                        tree_push(&t, acc);
                        acc = 0.0f;
                        k = 0;
                    }
                }
            }
        }
        if (k > 0) {
            tree_push(&t, acc);
        }
        out[y0 + i] = finish(e, tree_sum(&t), bias + b0, o, residual + r0, i);
    }
}

/* The gradient of x from that of y, and the transposed convolution: k runs over the outputs that a pixel reaches, from the
 * last tap to the first. Taps that the stride jumps over take no place; outputs beyond the edge are zeros. */
KERNEL convolve_back(GLOBAL float *out, int y0, int elements, Conv q, GLOBAL const float *g, int g0,
                     GLOBAL const float *weight, int w0, Epilogue e, GLOBAL const float *bias, int b0) {
    Window s = q.window;
    int i = GLOBAL_ID;
    if (i < elements) {
        int channel = i % s.channels;
        int column = i / s.channels % s.width;
        int row = i / s.channels / s.width % s.height;
        int n = i / s.channels / s.width / s.height;
        int in_group = s.channels / q.groups;
        int out_group = s.outputs / q.groups;
        int first = channel / in_group * out_group;
        Tree t;
        tree_clear(&t);
        float acc = 0.0f;
        int k = 0;
        for (int kh = s.kernel_height - 1; kh >= 0; kh--) {
            int h = row + s.pad_top - kh * s.dilation_height;
            for (int kw = s.kernel_width - 1; kw >= 0; kw--) {
                int w = column + s.pad_left - kw * s.dilation_width;
                if (h % s.stride_height != 0 || w % s.stride_width != 0) {
                    continue;
                }
                int p = pixel(s.out_height, s.out_width, s.outputs, n, h / s.stride_height, w / s.stride_width);
                for (int o = first; o < first + out_group; o++) {
                    float v = weight[w0 + o * q.w_out + (kh * s.kernel_width + kw) * q.w_tap + channel % in_group * q.w_in];
                    acc = FMA(p < 0 ? 0.0f : g[g0 + p + o], v, acc);
                    if (++k == CHUNK) {
                        tree_push(&t, acc);
                        acc = 0.0f;
                        k = 0;
                    }
                }
            }
        }
        if (k > 0) {
            tree_push(&t, acc);
        }
        out[y0 + i] = finish(e, tree_sum(&t), bias + b0, channel, bias, 0);
    }
}

/* The gradient of the weight: k runs over images, output rows and output columns. `pixels` is how many those are. */
KERNEL convolve_weights(GLOBAL float *out, int y0, int elements, Conv q, GLOBAL const float *x, int x0,
                        GLOBAL const float *g, int g0, int pixels) {
    Window s = q.window;
    int i = GLOBAL_ID;
    if (i < elements) {
        int in_group = s.channels / q.groups;
        int c = i % in_group;
        int tap = i / in_group % (s.kernel_height * s.kernel_width);
        int o = i / in_group / (s.kernel_height * s.kernel_width);
        int channel = o / (s.outputs / q.groups) * in_group + c;
        int kh = tap / s.kernel_width;
        int kw = tap % s.kernel_width;
        Tree t;
        tree_clear(&t);
        float acc = 0.0f;
        for (int k = 0; k < pixels; k++) {
            int ow = k % s.out_width;
            int oh = k / s.out_width % s.out_height;
            int p = tap_pixel(s, k / s.out_width / s.out_height, oh, ow, kh, kw);
            acc = FMA(g[g0 + k * s.outputs + o], p < 0 ? 0.0f : x[x0 + p + channel], acc);
            if ((k + 1) % CHUNK == 0 || k + 1 == pixels) {
                tree_push(&t, acc);
                acc = 0.0f;
            }
        }
        out[y0 + o * q.w_out + tap * q.w_tap + c * q.w_in] = tree_sum(&t);
    }
}
