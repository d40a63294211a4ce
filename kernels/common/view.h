/* A strided tensor: where its elements, counted in row-major order, lie in its buffer. All numbers count elements.
 * org.reverie.device.kernels.View writes it; neighbouring axes that lie behind each other are one axis. */
#ifndef REVERIE_VIEW_H
#define REVERIE_VIEW_H

#include "dialect.h"

#define MAX_RANK 8

#ifdef __CUDACC__
/* A view that is indexed by what is not a constant would be copied to local memory. */
#define FROM_THE_LAST_AXIS(a, rank) _Pragma("unroll") for (int a = MAX_RANK - 1; a > 0; a--) if (a < (rank))
#else
#define FROM_THE_LAST_AXIS(a, rank) for (int a = (rank) - 1; a > 0; a--)
#endif

typedef struct {
    int rank;
    int offset;
    int extent[MAX_RANK];
    int stride[MAX_RANK];
} View;

/* Where element i lies. */
FN int at_any(const View v, int i) {
    if (v.rank == 1) {
        return v.offset + i * v.stride[0];
    }
    int place = v.offset;
    FROM_THE_LAST_AXIS(a, v.rank) {
        int rest = i / v.extent[a];
        place += (i - rest * v.extent[a]) * v.stride[a];
        i = rest;
    }
    return place + i * v.stride[0];
}

/* The same; but the host builds a program a second time with DENSE defined, and takes that one when all views of a launch,
 * but for those looked up by at_any, are contiguous. There vectors of neighbours are loaded whole. */
#ifdef DENSE
#define at(v, i) ((v).offset + (i))
#else
#define at(v, i) at_any(v, i)
#endif

#endif
