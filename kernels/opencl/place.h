/* Where the rows of a product lie in the result. */
#ifndef REVERIE_PLACE_H
#define REVERIE_PLACE_H

/* The rows of one phase of an input gradient lie at every (stride)th pixel of an image; columns is 0 where row follows row. */
typedef struct {
    int rows;
    int columns;
    int height;
    int width;
    int row0;
    int column0;
    int stride_height;
    int stride_width;
} Place;

static int row_place(Place p, int m) {
    if (p.columns == 0) {
        return m;
    }
    int line = m / p.columns;
    int image = line / p.rows;
    return (image * p.height + p.row0 + (line - image * p.rows) * p.stride_height) * p.width + p.column0
           + (m - line * p.columns) * p.stride_width;
}

#endif
