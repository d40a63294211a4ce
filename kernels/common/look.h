/* Which keys a query of attention may look at. */
#ifndef REVERIE_LOOK_H
#define REVERIE_LOOK_H

#include "view.h"

#define KEY_BLOCK 64

/* The mask, if there is one, has `keys` numbers to a row; its row is that of the batch, or that of batch (or of none) and
 * query. */
typedef struct {
    int masked;
    int pairs;
    int batches;
    int heads;
    int queries;
    int keys;
    int causal;
} Look;

FN int may_look(Look s, GLOBAL const uchar *mask, View vm, int head, int query, int key) {
    if (s.causal && key > query) {
        return 0;
    }
    if (!s.masked) {
        return 1;
    }
    int batch = head / s.heads;
    int row = s.pairs ? (s.batches ? batch : 0) * s.queries + query : batch;
    return mask[at(vm, row * s.keys + key)] != 0;
}

#endif
