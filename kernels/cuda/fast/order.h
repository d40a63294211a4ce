/* In which order the tiles of a product are computed. */
#ifndef REVERIE_FAST_ORDER_H
#define REVERIE_FAST_ORDER_H

#include "words.h"

typedef struct {
    int row;
    int column;
} Place;

/* Tile number i of down x across: strips of HEIGHT rows, each column by column, so that tiles computed at the same time read
 * few rows and columns of the operands, which the L2 cache then holds. */
template <int HEIGHT> FN Place place_of(int i, int down, int across) {
    int strip = i / (HEIGHT * across);
    int first = strip * HEIGHT;
    int height = min(HEIGHT, down - first);
    int in = i - first * across;
    Place p = {first + in % height, in / height};
    return p;
}

/* The part of a depth, in steps, that one of several sums over. */
FN int first_step(int split, int splits, int steps) {
    return (int)((int64)steps * split / splits);
}

#endif
