/* What nvcc gives to kernels, for g++: with this included first, the sources of kernels/cuda compile for the host. The
 * instructions that g++ lacks are emulated in the headers beside this one. */
#ifndef REVERIE_HOST_DEVICE_H
#define REVERIE_HOST_DEVICE_H

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernel.h"
#include "threads.h"

#define REVERIE_EMULATED
#define __CUDACC__ 1
#define __global__
#define __device__
#define __host__
#define __constant__
#define __shared__ static __attribute__((section("shared_memory")))
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __grid_constant__

#define threadIdx (simt::current->index)
#define blockIdx (simt::block_index())
#define blockDim (simt::block_size)
#define gridDim (simt::grid_size)

struct alignas(8) int2 {
    int x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
static inline int4 make_int4(int x, int y, int z, int w) {
    return {x, y, z, w};
}
static inline uint2 make_uint2(unsigned x, unsigned y) {
    return {x, y};
}
static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) {
    return {x, y, z, w};
}
static inline float2 make_float2(float x, float y) {
    return {x, y};
}
static inline float4 make_float4(float x, float y, float z, float w) {
    return {x, y, z, w};
}

static inline void __syncthreads() {
    simt::block_barrier();
}
static inline void __syncwarp(unsigned = 0xffffffffu) {
    simt::warp_barrier();
}
template <class V> V __shfl_sync(unsigned mask, V v, int from) {
    return simt::exchange(v, from, mask);
}
template <class V> V __shfl_xor_sync(unsigned mask, V v, int bits) {
    return simt::exchange(v, simt::current->lane ^ bits, mask);
}
template <class V> V __shfl_down_sync(unsigned mask, V v, int by) {
    int from = simt::current->lane + by;
    return simt::exchange(v, from < 32 ? from : simt::current->lane, mask);
}

template <class To, class From> static inline To same_bits(From from) {
    To to;
    static_assert(sizeof to == sizeof from, "sizes differ");
    std::memcpy(&to, &from, sizeof to);
    return to;
}
static inline float __fmaf_rn(float a, float b, float c) {
    return fmaf(a, b, c);
}
static inline float __fsqrt_rn(float x) {
    return sqrtf(x);
}
static inline float __fdividef(float a, float b) {
    return a / b;
}
static inline float exp2_approximately(float x) {
    return std::exp2(x);
}
static inline int __float_as_int(float x) {
    return same_bits<int>(x);
}
static inline float __int_as_float(int x) {
    return same_bits<float>(x);
}
static inline unsigned __float_as_uint(float x) {
    return same_bits<unsigned>(x);
}
static inline float __uint_as_float(unsigned x) {
    return same_bits<float>(x);
}
static inline unsigned __umulhi(unsigned a, unsigned b) {
    return (unsigned)((uint64_t)a * b >> 32);
}
static inline int __ffs(int x) {
    return __builtin_ffs(x);
}
static inline int __clzll(long long x) {
    return x == 0 ? 64 : __builtin_clzll((unsigned long long)x);
}
template <class V> static inline V __ldg(const V *p) {
    return *p;
}
template <class V> static inline V min(V a, V b) {
    return b < a ? b : a;
}
template <class V> static inline V max(V a, V b) {
    return a < b ? b : a;
}

#endif
