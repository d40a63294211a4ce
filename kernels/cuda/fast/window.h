/* The geometry of a convolution: which pixels an output reads. */
#ifndef REVERIE_FAST_WINDOW_H
#define REVERIE_FAST_WINDOW_H

#include "words.h"

/* A convolution from x[n, height, width, channels] to y[n, out_height, out_width, outputs]. */
typedef struct {
    int height;
    int width;
    int channels;
    int out_height;
    int out_width;
    int outputs;
    int kernel_height;
    int kernel_width;
    int stride_height;
    int stride_width;
    int dilation_height; /* negative where a gradient walks its taps the other way */
    int dilation_width;
    int pad_top;
    int pad_left;
} Window;

/* A row no tap of which lies in an image. */
#define FAR_OUTSIDE (-(1 << 28))

/* The pixel of output number p at the first tap: its image, row and column. */
typedef struct {
    int image;
    int row;
    int column;
} Corner;

FN Corner corner_of(const Window &s, int p, int pixels) {
    int line = p / s.out_width;
    int n = line / s.out_height;
    Corner c;
    c.image = n;
    c.row = p < pixels ? (line - n * s.out_height) * s.stride_height - s.pad_top : FAR_OUTSIDE;
    c.column = (p - line * s.out_width) * s.stride_width - s.pad_left;
    return c;
}

#endif
