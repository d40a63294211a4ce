/* The part of CUDA's header that the kernels use. */
#ifndef REVERIE_HOST_FP16_H
#define REVERIE_HOST_FP16_H

typedef _Float16 __half;

static inline float __half2float(__half x) { return (float)x; }
static inline __half __float2half_rn(float x) { return (__half)x; }

#endif
