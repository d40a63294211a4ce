/* Which pixels an output of a convolution reads. Dilations are negative where a gradient walks its taps the other way. */
#ifndef REVERIE_FAST_WINDOW_H
#define REVERIE_FAST_WINDOW_H

#include "../../common/window.h"
#include "words.h"

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
