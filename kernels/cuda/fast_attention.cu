/* Attention and its gradient on 16-bit tensors, by mma: for sm_80 and later. A kernel's number is the width of a head that it
 * takes, rounded up to a multiple of 16: 40 runs as 48. */
//@device-only
#include "fast/attention.h"
#include "fast/attention_back.h"

/* KEYS and COUNT: keys and queries in a step. PART: columns of the gradients of keys and values that a block keeps. */
#define ATTENTION(dtype, T, WIDTH, KEYS, PART, COUNT)                                                                          \
    FAST_KERNEL(THREADS)                                                                                                       \
    attend_##WIDTH##_##dtype(T *out, float *sums, const T *q, const T *k, const T *v, Heads h) {                               \
        attend<T, WIDTH, KEYS>(out, sums, q, k, v, h);                                                                         \
    }                                                                                                                          \
    FAST_KERNEL(THREADS)                                                                                                       \
    key_gradients_##WIDTH##_##dtype(T *dk, T *dv, const T *q, const T *k, const T *v, const T *slope, const float *sums,       \
                                    const float *products, Heads h, Slopes g) {                                                \
        key_gradients<T, WIDTH, PART, COUNT>(dk, dv, q, k, v, slope, sums, products, h, g);                                    \
    }                                                                                                                          \
    FAST_KERNEL(THREADS)                                                                                                       \
    query_gradients_##WIDTH##_##dtype(T *dq, const T *q, const T *k, const T *v, const T *slope, const float *sums,            \
                                      const float *products, Heads h, Slopes g) {                                              \
        query_gradients<T, WIDTH, COUNT>(dq, q, k, v, slope, sums, products, h, g);                                            \
    }

#define ATTENTIONS(dtype, T)                                                                                                   \
    ATTENTION(dtype, T, 48, 64, 48, 32)                                                                                        \
    ATTENTION(dtype, T, 64, 64, 64, 64)                                                                                        \
    ATTENTION(dtype, T, 80, 64, 80, 32)                                                                                        \
    ATTENTION(dtype, T, 128, 64, 128, 32)                                                                                      \
    ATTENTION(dtype, T, 160, 32, 80, 32)                                                                                       \
    ATTENTION(dtype, T, 256, 32, 128, 16)                                                                                      \
    FAST_KERNEL(THREADS)                                                                                                       \
    slope_products_##dtype(float *products, const T *out, const T *slope, Heads h, Slopes g) {                                 \
        slope_products<T>(products, out, slope, h, g);                                                                         \
    }

ATTENTIONS(bf16, Bf16)
ATTENTIONS(f16, F16)

//@hot attend_48_bf16
//@hot attend_64_bf16
//@hot attend_80_bf16
//@hot attend_128_bf16
//@hot attend_160_bf16
//@hot attend_256_bf16
//@hot key_gradients_48_bf16
//@hot key_gradients_64_bf16
//@hot key_gradients_80_bf16
//@hot key_gradients_128_bf16
//@hot key_gradients_160_bf16
//@hot key_gradients_256_bf16
//@hot query_gradients_48_bf16
//@hot query_gradients_64_bf16
//@hot query_gradients_80_bf16
//@hot query_gradients_128_bf16
//@hot query_gradients_160_bf16
//@hot query_gradients_256_bf16
//@hot attend_48_f16
//@hot attend_64_f16
//@hot attend_80_f16
//@hot attend_128_f16
//@hot attend_160_f16
//@hot attend_256_f16
//@hot key_gradients_48_f16
//@hot key_gradients_64_f16
//@hot key_gradients_80_f16
//@hot key_gradients_128_f16
//@hot key_gradients_160_f16
//@hot key_gradients_256_f16
//@hot query_gradients_48_f16
//@hot query_gradients_64_f16
//@hot query_gradients_80_f16
//@hot query_gradients_128_f16
//@hot query_gradients_160_f16
//@hot query_gradients_256_f16
