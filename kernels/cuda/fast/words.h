/* What the fast kernels build on: the words of the common dialect, and 16-bit numbers. A test compiles these files with a
 * host's C++ compiler, where REVERIE_EMULATED stands for a GPU (src/test/native/hostcuda). */
#ifndef REVERIE_FAST_WORDS_H
#define REVERIE_FAST_WORDS_H

#include "../../common/dialect.h"

/* A fast kernel for one block of n threads on a multiprocessor at least. */
#define FAST_KERNEL(n) extern "C" __global__ __launch_bounds__(n) void

#define UNROLL _Pragma("unroll")
#define WARP 32
#define ALL_LANES 0xffffffffu
#define LANE ((int)threadIdx.x & 31)
#define LOG2_E 1.4426950408889634f

#ifdef REVERIE_EMULATED
#define DYNAMIC_SHARED(name) char *name = simt::shared_memory()
#else
#define DYNAMIC_SHARED(name) extern __shared__ __align__(1024) char name[]
#endif

/* The address in the block's window of shared memory, as the matrix and copy instructions take it. */
FN uint shared_address(const void *p) {
#ifdef REVERIE_EMULATED
    return simt::shared_offset(p);
#else
    return (uint)__cvta_generic_to_shared(p);
#endif
}

/* 2^x, off by 2 units in the last place at most. */
FN float power_of_two(float x) {
#ifdef REVERIE_EMULATED
    return exp2_approximately(x);
#else
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#endif
}

FN float logarithm_of_two(float x) {
#ifdef REVERIE_EMULATED
    return std::log2(x);
#else
    float y;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
#endif
}

/* bfloat16: the upper half of a binary32. Pairs lie in one word, the first in its lower half. */
struct Bf16 {
    ushort bits;

    static __device__ __forceinline__ uint pair(float first, float second) {
#ifdef REVERIE_EMULATED
        return rounded(first) | rounded(second) << 16;
#else
        uint pair;
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
        return pair;
#endif
    }

    static __device__ __forceinline__ float first(uint pair) {
        return __uint_as_float(pair << 16);
    }

    static __device__ __forceinline__ float second(uint pair) {
        return __uint_as_float(pair & 0xffff0000u);
    }

#ifdef REVERIE_EMULATED
    static uint rounded(float x) {
        uint b = __float_as_uint(x);
        return x != x ? 0x7fffu : (b + 0x7fffu + (b >> 16 & 1)) >> 16;
    }
#endif
};

/* IEEE binary16. */
struct F16 {
    ushort bits;

    static __device__ __forceinline__ uint pair(float first, float second) {
#ifdef REVERIE_EMULATED
        return (uint)same_bits<ushort>((_Float16)first) | (uint)same_bits<ushort>((_Float16)second) << 16;
#else
        uint pair;
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
        return pair;
#endif
    }

    static __device__ __forceinline__ float first(uint pair) {
#ifdef REVERIE_EMULATED
        return (float)same_bits<_Float16>((ushort)pair);
#else
        float x;
        asm("{.reg .b16 a, b; mov.b32 {a, b}, %1; cvt.f32.f16 %0, a;}" : "=f"(x) : "r"(pair));
        return x;
#endif
    }

    static __device__ __forceinline__ float second(uint pair) {
        return first(pair >> 16);
    }
};

template <class T> FN float number(T x) {
    return T::first(x.bits);
}

template <class T> FN T rounded(float x) {
    T t;
    t.bits = (ushort)T::pair(x, 0.0f);
    return t;
}

/* Eight numbers of 16 bits, loaded and stored at once. */
template <class T> struct Eight {
    float v[8];

    static __device__ __forceinline__ Eight of(uint4 w) {
        const uint words[4] = {w.x, w.y, w.z, w.w};
        Eight e;
        UNROLL for (int i = 0; i < 4; i++) {
            e.v[2 * i] = T::first(words[i]);
            e.v[2 * i + 1] = T::second(words[i]);
        }
        return e;
    }

    static __device__ __forceinline__ Eight all(float x) {
        Eight e;
        UNROLL for (int i = 0; i < 8; i++) e.v[i] = x;
        return e;
    }

    static __device__ __forceinline__ Eight zero() {
        return all(0.0f);
    }

    static __device__ __forceinline__ Eight of_floats(const float *p) {
        float4 low = ((const float4 *)p)[0];
        float4 high = ((const float4 *)p)[1];
        Eight e = {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
        return e;
    }

    __device__ __forceinline__ void to_floats(float *p) const {
        ((float4 *)p)[0] = make_float4(v[0], v[1], v[2], v[3]);
        ((float4 *)p)[1] = make_float4(v[4], v[5], v[6], v[7]);
    }

    static __device__ __forceinline__ Eight at(const T *p) {
        return of(*(const uint4 *)p);
    }

    __device__ __forceinline__ uint4 packed() const {
        return make_uint4(T::pair(v[0], v[1]), T::pair(v[2], v[3]), T::pair(v[4], v[5]), T::pair(v[6], v[7]));
    }

    __device__ __forceinline__ void to(T *p) const {
        *(uint4 *)p = packed();
    }
};

#endif
