/* The geometry of a convolution. */
#ifndef REVERIE_WINDOW_H
#define REVERIE_WINDOW_H

/* From x[n, height, width, channels] to y[n, out_height, out_width, outputs]. */
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
    int dilation_height;
    int dilation_width;
    int pad_top;
    int pad_left;
} Window;

#endif
