/* Sums of 32 lanes (docs/numerics.md, rule 3): lane l adds elements l, l + 32, l + 64, ...; then the lanes by halving. A
 * group of 32 work items is one sum. Longer sums are made of segments of 4096, whose results are summed the same way. */
#ifndef REVERIE_LANES_H
#define REVERIE_LANES_H

#include "dialect.h"

#define LANES 32
#define SEGMENT 4096

/* The sum of all lanes, valid in lane 0. Every work item of the group comes here. */
FN float add_lanes(LOCAL_POINTER float *lane, int l, float mine) {
    lane[l] = mine;
    BARRIER;
    for (int h = LANES / 2; h >= 1; h >>= 1) {
        if (l < h) {
            lane[l] = lane[l] + lane[l + h];
        }
        BARRIER;
    }
    return lane[0];
}

/* The same for one work item that has all lanes in an array. */
FN float fold_lanes(float *lane) {
    for (int h = LANES / 2; h >= 1; h >>= 1) {
        for (int l = 0; l < h; l++) {
            lane[l] = lane[l] + lane[l + h];
        }
    }
    return lane[0];
}

#endif
