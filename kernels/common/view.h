/* A strided tensor: where its elements, counted in row-major order, lie in its buffer. All numbers count elements.
 * org.reverie.device.opencl.View writes it; neighbouring axes that lie behind each other are one axis. */
#ifndef REVERIE_VIEW_H
#define REVERIE_VIEW_H

#include "dialect.h"

#define MAX_RANK 8

typedef struct {
    int rank;
    int offset;
    int extent[MAX_RANK];
    int stride[MAX_RANK];
} View;

FN int at(const View v, int i) {
    if (v.rank == 1) {
        return v.offset + i * v.stride[0];
    }
    int place = v.offset;
    for (int a = v.rank - 1; a > 0; a--) {
        int rest = i / v.extent[a];
        place += (i - rest * v.extent[a]) * v.stride[a];
        i = rest;
    }
    return place + i * v.stride[0];
}

#endif
