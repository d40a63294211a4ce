/* Contractions (docs/numerics.md, rule 2): chains of fma over chunks of 256, chunk sums added by the pairwise tree of a
 * binary counter. A stack of 24 holds the sums of up to 2^24 chunks. */
#ifndef REVERIE_CONTRACT_H
#define REVERIE_CONTRACT_H

#include "dialect.h"

#define CHUNK 256
#define TREE_DEPTH 24

typedef struct {
    float stack[TREE_DEPTH];
    int depth;
    int count;
} Tree;

FN void tree_clear(Tree *t) {
    t->depth = 0;
    t->count = 0;
}

FN void tree_push(Tree *t, float chunk) {
    t->count++;
    for (int c = t->count; (c & 1) == 0; c >>= 1) {
        chunk = t->stack[--t->depth] + chunk;
    }
    t->stack[t->depth++] = chunk;
}

FN float tree_sum(const Tree *t) {
    if (t->depth == 0) {
        return 0.0f;
    }
    float s = t->stack[t->depth - 1];
    for (int i = t->depth - 2; i >= 0; i--) {
        s = t->stack[i] + s;
    }
    return s;
}

#endif
