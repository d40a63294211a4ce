/* Indices held in I32 (wide = 0) or I64 (wide = 1) tensors, and the check that each of them is allowed. */
#ifndef REVERIE_INDICES_H
#define REVERIE_INDICES_H

#include "view.h"

FN int64 read_index(GLOBAL const uchar *index, int wide, int i) {
    return wide ? ((GLOBAL const int64 *)index)[i] : (int64)((GLOBAL const int *)index)[i];
}

/* An index that surely lies in 0 ... extent - 1: what check_indices reports does no harm before it is read. */
FN int safe_index(GLOBAL const uchar *index, int wide, int i, int extent) {
    int64 at_index = read_index(index, wide, i);
    return at_index < 0 || at_index >= extent ? 0 : (int)at_index;
}

#define CHECKERS 64

#endif
