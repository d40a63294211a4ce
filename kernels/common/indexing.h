/* Ops that follow indices. x is seen as [outer, extent, inner] around the axis that the indices point into. */
#include "indices.h"

/* One group of CHECKERS looks at all n indices. The first that is not in 0 ... extent - 1 is written down as (number of the
 * check, position, index), unless an earlier check has already written something. */
KERNEL check_indices(GLOBAL const uchar *index, int wide, View v, int n, int64 extent, int64 number, GLOBAL int64 *fault) {
    LOCAL int first[CHECKERS];
    int l = LOCAL_ID;
    int mine = n;
    for (int i = l; i < n && mine == n; i += CHECKERS) {
        int64 value = read_index(index, wide, at(v, i));
        if (value < 0 || value >= extent) {
            mine = i;
        }
    }
    first[l] = mine;
    BARRIER;
    if (l == 0) {
        for (int i = 1; i < CHECKERS; i++) {
            mine = first[i] < mine ? first[i] : mine;
        }
        if (mine < n && fault[0] == 0) {
            fault[0] = number;
            fault[1] = mine;
            fault[2] = read_index(index, wide, at(v, mine));
        }
    }
}

KERNEL op_gather(GLOBAL const float *x, View v, GLOBAL const uchar *index, int wide, View vi, GLOBAL float *out, int y0, int n,
                 int extent, int count, int inner) {
    int i = GLOBAL_ID;
    if (i < n) {
        int rest = i / inner;
        int k = safe_index(index, wide, at(vi, rest % count), extent);
        out[y0 + i] = x[at(v, (rest / count * extent + k) * inner + i % inner)];
    }
}

/* A work item owns one column of the result, [outer, inner], and adds the sources to it in ascending order. */
KERNEL op_gather_gradient(GLOBAL const float *g, View v, GLOBAL const uchar *index, int wide, View vi, GLOBAL float *out,
                          int y0, int columns, int extent, int count, int inner) {
    int c = GLOBAL_ID;
    if (c < columns) {
        int o = c / inner;
        int j = c % inner;
        for (int k = 0; k < extent; k++) {
            out[y0 + (o * extent + k) * inner + j] = 0.0f;
        }
        for (int i = 0; i < count; i++) {
            int k = safe_index(index, wide, at(vi, i), extent);
            int place = y0 + (o * extent + k) * inner + j;
            out[place] = out[place] + g[at(v, (o * count + i) * inner + j)];
        }
    }
}

KERNEL op_one_hot(GLOBAL const uchar *index, int wide, View v, GLOBAL float *out, int y0, int n, int classes) {
    int i = GLOBAL_ID;
    if (i < n) {
        out[y0 + i] = safe_index(index, wide, at(v, i / classes), classes) == i % classes ? 1.0f : 0.0f;
    }
}
