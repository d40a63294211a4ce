/* One phase of a convolution's input gradient. */
#ifndef REVERIE_PHASE_H
#define REVERIE_PHASE_H

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
