/* The geometry of a convolution of one group, and of one phase of its input gradient. */
#ifndef REVERIE_WINDOW_H
#define REVERIE_WINDOW_H

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

/* The pixels of an image that have one phase of the stride: every (stride)th row from row0 on, and columns likewise. Their
 * taps are first_row - i * step_row, down to 0, and so for columns; tap (i, j) looks at output pixel
 * (row + origin_row + i * move_row, ...) for the row-th such pixel. */
typedef struct {
    int row0;
    int column0;
    int rows;
    int columns;
    int tap_rows;
    int tap_columns;
    int origin_row;
    int origin_column;
    int move_row;
    int move_column;
} Phase;

#endif
