/* The last step of a contraction whose k was cut into slices: the sums of the slices, each an aligned power of two of chunks
 * but for the last, are put together by the pairwise tree that put together the chunks, and the epilogue follows. */
#include "../common/contract.h"
#include "../common/epilogue.h"
#include "place.h"

/* partial[slices][n], of rows with `columns` numbers */
KERNEL fold_slices(GLOBAL float *out, int y0, int n, int slices, int columns, Place place, GLOBAL const float *partial,
                   Epilogue e, GLOBAL const float *bias, int b0, GLOBAL const float *residual, int r0) {
    int i = GLOBAL_ID;
    if (i < n) {
        int m = i / columns;
        int c = i - m * columns;
        Tree t;
        tree_clear(&t);
        for (int s = 0; s < slices; s++) {
            tree_push(&t, partial[s * n + i]);
        }
        out[y0 + row_place(place, m) * columns + c] = finish(e, tree_sum(&t), bias + b0, c, residual + r0, i);
    }
}
