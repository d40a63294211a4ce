/* Attention and its gradient: the exact kernels. */
#include "../common/attention.h"
#include "attend.cuh"

//@hot attend_tiles_1
//@hot attend_tiles_2
//@hot attend_tiles_3
//@hot attend_tiles_4
//@hot attention_scores
//@hot attention_probabilities
//@hot attention_slopes

/* q[batch, head, query, depth], k[batch, head, key, depth], v[batch, head, key, width], of a width of up to 64 WIDE. */
#define ATTEND(WIDE)                                                                                                   \
    KERNEL __launch_bounds__(SIDE *SIDE, 2)                                                                            \
        attend_tiles_##WIDE(float *out, int y0, const float *q, Strides sq, const float *k, Strides sk, const float *v, \
                            Strides sv, const uchar *mask, View vm, Look s, int depth, int width, float scale) {       \
        __shared__ float4 shared[ATTEND_FLOATS / 4];                                                                   \
        attend_tile<WIDE>((float *)shared, out + y0, q, sq, k, sk, v, sv, mask, vm, s, depth, width, scale);           \
    }

ATTEND(1)
ATTEND(2)
ATTEND(3)
ATTEND(4)
