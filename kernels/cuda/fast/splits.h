/* The end of a contraction whose depth was cut among blocks: partial sums are added from the first to the last. */
#ifndef REVERIE_FAST_SPLITS_H
#define REVERIE_FAST_SPLITS_H

#include "finish.h"

/* Eight neighbouring sums, of parts that lie `apart` numbers apart. */
template <class T> FN Eight<T> sum_of_parts(const float *from, int splits, int64 apart) {
    Eight<T> x = Eight<T>::zero();
    for (int s = 0; s < splits; s++) {
        Eight<T> part = Eight<T>::of_floats(from);
        UNROLL for (int j = 0; j < 8; j++) x.v[j] += part.v[j];
        from += apart;
    }
    return x;
}

/* parts: [splits][rows][columns] in binary32; one thread to eight neighbouring elements. */
template <class T>
FN void add_splits(void *out, const void *residual, const void *bias, int64 stride, const float *parts, int splits, int rows,
                   int columns, Finish f) {
    int i = GLOBAL_ID;
    int each = columns / 8;
    int row = i / each;
    if (row >= rows) {
        return;
    }
    int column = i % each * 8;
    Eight<T> x = sum_of_parts<T>(parts + (int64)row * columns + column, splits, (int64)rows * columns);
    Target t = {out, residual, bias, stride, rows, columns};
    finish_eight(x, f, t, row, column);
    store_eight(x, f, t, row, column);
}

#endif
