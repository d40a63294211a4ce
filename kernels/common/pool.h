/* Pooling of NHWC images over windows, and with weights; one work item to an element. */
#include "contract.h"
#include "view.h"

typedef struct {
    int height;
    int width;
    int channels;
    int out_height;
    int out_width;
    int kernel_height;
    int kernel_width;
    int stride_height;
    int stride_width;
    int pad_top;
    int pad_left;
    int pad_bottom;
    int pad_right;
    int count_pads;
} Pool;

FN int inside(Pool s, int h, int w) {
    return h >= 0 && h < s.height && w >= 0 && w < s.width;
}

FN int place_of(Pool s, int n, int h, int w, int c) {
    return ((n * s.height + h) * s.width + w) * s.channels + c;
}

/* The element of a window that is its maximum: the first NaN, else the first of the largest. */
FN int largest_in(Pool s, GLOBAL const float *x, View v, int n, int oh, int ow, int c) {
    int best = -1;
    float champion = 0.0f;
    for (int kh = 0; kh < s.kernel_height; kh++) {
        for (int kw = 0; kw < s.kernel_width; kw++) {
            int h = oh * s.stride_height - s.pad_top + kh;
            int w = ow * s.stride_width - s.pad_left + kw;
            if (inside(s, h, w)) {
                int p = place_of(s, n, h, w, c);
                float value = x[at(v, p)];
                if (best < 0 || (value != value ? champion == champion : value > champion)) {
                    best = p;
                    champion = value;
                }
            }
        }
    }
    return best;
}

/* y = what `from` has where x has the maximum of the window */
KERNEL max_pool(GLOBAL float *out, int y0, int n, Pool s, GLOBAL const float *x, View v, GLOBAL const float *from, View w) {
    int i = GLOBAL_ID;
    if (i < n) {
        int c = i % s.channels;
        int ow = i / s.channels % s.out_width;
        int oh = i / s.channels / s.out_width % s.out_height;
        int image = i / s.channels / s.out_width / s.out_height;
        out[y0 + i] = from[at(w, largest_in(s, x, v, image, oh, ow, c))];
    }
}

/* The first and one past the last of `outputs` windows that hold pixel `at_pixel` of an axis. */
FN int first_window(int at_pixel, int pad, int kernel_size, int stride) {
    int reach = at_pixel + pad - kernel_size + 1;
    return reach <= 0 ? 0 : (reach + stride - 1) / stride;
}

FN int end_window(int at_pixel, int pad, int stride, int outputs) {
    int last = (at_pixel + pad) / stride + 1;
    return last < outputs ? last : outputs;
}

KERNEL max_pool_back(GLOBAL float *dx, int y0, int n, Pool s, GLOBAL const float *x, View v, GLOBAL const float *g, View vg) {
    int i = GLOBAL_ID;
    if (i < n) {
        int c = i % s.channels;
        int w = i / s.channels % s.width;
        int h = i / s.channels / s.width % s.height;
        int image = i / s.channels / s.width / s.height;
        float sum = 0.0f;
        int end_row = end_window(h, s.pad_top, s.stride_height, s.out_height);
        int end_column = end_window(w, s.pad_left, s.stride_width, s.out_width);
        for (int oh = first_window(h, s.pad_top, s.kernel_height, s.stride_height); oh < end_row; oh++) {
            for (int ow = first_window(w, s.pad_left, s.kernel_width, s.stride_width); ow < end_column; ow++) {
                if (largest_in(s, x, v, image, oh, ow, c) == i) {
                    sum = sum + g[at(vg, ((image * s.out_height + oh) * s.out_width + ow) * s.channels + c)];
                }
            }
        }
        dx[y0 + i] = sum;
    }
}

FN int counted(int start, int kernel_size, int extent, int before, int after, int count_pads) {
    int first = count_pads ? -before : 0;
    int end = extent + (count_pads ? after : 0);
    first = start > first ? start : first;
    end = start + kernel_size < end ? start + kernel_size : end;
    return end - first;
}

/* What an average divides by in a window. */
FN float divisor_of(Pool s, int oh, int ow) {
    int rows = counted(oh * s.stride_height - s.pad_top, s.kernel_height, s.height, s.pad_top, s.pad_bottom, s.count_pads);
    int columns = counted(ow * s.stride_width - s.pad_left, s.kernel_width, s.width, s.pad_left, s.pad_right, s.count_pads);
    return (float)(rows * columns);
}

KERNEL average_pool(GLOBAL float *out, int y0, int n, Pool s, GLOBAL const float *x, View v) {
    int i = GLOBAL_ID;
    if (i < n) {
        int c = i % s.channels;
        int ow = i / s.channels % s.out_width;
        int oh = i / s.channels / s.out_width % s.out_height;
        int image = i / s.channels / s.out_width / s.out_height;
        Tree t;
        tree_clear(&t);
        float acc = 0.0f;
        int k = 0;
        for (int kh = 0; kh < s.kernel_height; kh++) {
            for (int kw = 0; kw < s.kernel_width; kw++) {
                int h = oh * s.stride_height - s.pad_top + kh;
                int w = ow * s.stride_width - s.pad_left + kw;
                acc = FMA(inside(s, h, w) ? x[at(v, place_of(s, image, h, w, c))] : 0.0f, 1.0f, acc);
                if (++k == CHUNK) {
                    tree_push(&t, acc);
                    acc = 0.0f;
                    k = 0;
                }
            }
        }
        if (k > 0) {
            tree_push(&t, acc);
        }
        out[y0 + i] = tree_sum(&t) / divisor_of(s, oh, ow);
    }
}

KERNEL average_pool_back(GLOBAL float *dx, int y0, int n, Pool s, GLOBAL const float *g, View vg) {
    int i = GLOBAL_ID;
    if (i < n) {
        int c = i % s.channels;
        int w = i / s.channels % s.width;
        int h = i / s.channels / s.width % s.height;
        int image = i / s.channels / s.width / s.height;
        float sum = 0.0f;
        int end_row = end_window(h, s.pad_top, s.stride_height, s.out_height);
        int end_column = end_window(w, s.pad_left, s.stride_width, s.out_width);
        for (int oh = first_window(h, s.pad_top, s.kernel_height, s.stride_height); oh < end_row; oh++) {
            for (int ow = first_window(w, s.pad_left, s.kernel_width, s.stride_width); ow < end_column; ow++) {
                int o = ((image * s.out_height + oh) * s.out_width + ow) * s.channels + c;
                sum = sum + g[at(vg, o)] / divisor_of(s, oh, ow);
            }
        }
        dx[y0 + i] = sum;
    }
}

/* x[n, rows * columns, channels] -> [n, channels]: the contraction with row weight times column weight, rounded once. */
KERNEL op_weighted_pool(GLOBAL float *out, int y0, int n, GLOBAL const float *x, View v, GLOBAL const float *row_weights,
                        View vr, GLOBAL const float *column_weights, View vc, int rows, int columns, int channels) {
    int i = GLOBAL_ID;
    if (i < n) {
        int pixels = rows * columns;
        int first = i / channels * pixels * channels + i % channels;
        Tree t;
        tree_clear(&t);
        float acc = 0.0f;
        for (int k = 0; k < pixels; k++) {
            float w = row_weights[at(vr, k / columns)] * column_weights[at(vc, k % columns)];
            acc = FMA(x[at(v, first + k * channels)], w, acc);
            if ((k + 1) % CHUNK == 0 || k + 1 == pixels) {
                tree_push(&t, acc);
                acc = 0.0f;
            }
        }
        out[y0 + i] = tree_sum(&t);
    }
}

/* The byte of a sum of bytes times weights of 22 fractional bits, of which the half has been added. */
FN int to_byte(int sum) {
    int value = sum >> 22;
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

FN int held(int place, int extent) {
    return place < 0 ? 0 : place < extent ? place : extent - 1;
}

/* One number of resample_bytes: first along the columns of each row, then along the rows, each pass rounded to bytes. */
KERNEL op_resample_bytes(GLOBAL float *out, int y0, int n, GLOBAL const uchar *x, View v, GLOBAL const int *row, View vr,
                         GLOBAL const int *row_weight, View wr, int row_taps, GLOBAL const int *column, View vc,
                         GLOBAL const int *column_weight, View wc, int column_taps, GLOBAL const float *table, View vt, int height,
                         int width, int channels, int out_height, int out_width, int reversed) {
    int i = GLOBAL_ID;
    if (i < n) {
        int channel = i % channels;
        int right = i / channels % out_width;
        int down = i / channels / out_width % out_height;
        int image = i / channels / out_width / out_height;
        int from = reversed ? channels - 1 - channel : channel;
        int top = row[at(vr, down)];
        int left = column[at(vc, right)];
        int sum = 1 << 21;
        for (int a = 0; a < row_taps; a++) {
            int line = (image * height + held(top + a, height)) * width;
            int inner = 1 << 21;
            for (int b = 0; b < column_taps; b++) {
                int place = (line + held(left + b, width)) * channels + from;
                inner += column_weight[at(wc, right * column_taps + b)] * (int)x[at(v, place)];
            }
            sum += row_weight[at(wr, down * row_taps + a)] * to_byte(inner);
        }
        out[y0 + i] = table[at(vt, channel * 256 + to_byte(sum))];
    }
}

/* Resizes the middle axis of x[outer, extent, inner] to `outputs`: output o contracts elements start[o], ... with weights
 * first[o] ... first[o + 1] - 1 of a list. */
KERNEL resize_axis(GLOBAL float *out, int y0, int n, GLOBAL const float *x, View v, int extent, int outputs, int inner,
                   GLOBAL const int *start, GLOBAL const int *first, GLOBAL const float *weight) {
    int i = GLOBAL_ID;
    if (i < n) {
        int o = i / inner % outputs;
        int begin = (i / inner / outputs * extent + start[o]) * inner + i % inner;
        GLOBAL const float *w = weight + first[o];
        int taps = first[o + 1] - first[o];
        Tree t;
        tree_clear(&t);
        float acc = 0.0f;
        for (int k = 0; k < taps; k++) {
            acc = FMA(x[at(v, begin + k * inner)], w[k], acc);
            if ((k + 1) % CHUNK == 0 || k + 1 == taps) {
                tree_push(&t, acc);
                acc = 0.0f;
            }
        }
        out[y0 + i] = tree_sum(&t);
    }
}
